"""Documents and databases that cannot be read now are named, passed by, and read when they can."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.properties.lab import Lab, write

AT = "2026-11-20T09:01:00.000Z"


def gemini(home: Path, *outputs: int) -> Path:
    messages = [
        {"id": f"g{n}", "type": "gemini", "timestamp": AT, "model": "gemini-3-pro",
         "tokens": {"input": 9, "output": output, "total": 9 + output}}
        for n, output in enumerate(outputs)
    ]  # fmt: skip
    path = home / ".gemini/tmp/w/chats/session-1.json"
    write(path, json.dumps({"sessionId": "s1", "messages": messages}).encode())
    return path


def opencode(home: Path) -> Path:
    path = home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    db.execute("create table session (id text primary key, parent_id text, directory text)")
    db.execute("create table message (id text primary key, session_id text, time_created integer,"
               " time_updated integer, data text)")  # fmt: skip
    for nth in range(200):
        at = 1_795_165_200_000 + nth
        said = {"role": "assistant", "modelID": "g-5", "providerID": "x",
                "time": {"created": at, "completed": at + 9}, "padding": "p" * 500,
                "tokens": {"input": 5, "output": 7}}  # fmt: skip
        row = (f"msg_{nth}", at, at, json.dumps(said))
        db.execute("insert into message values (?, 's1', ?, ?, ?)", row)
    db.commit()
    db.close()
    return path


def told(lab: Lab) -> tuple[int, list[str]]:
    """How many calls there are, and why a log was not read."""
    result = lab.sync()
    (calls,) = lab.db.execute("select count(*) from calls").fetchone()
    return calls, [why for _, why in result.problems]


def test_a_document_in_the_middle_of_a_rewrite_keeps_its_calls_until_it_is_whole(
    home: Path,
) -> None:
    path, lab = gemini(home, 3, 4), Lab(home)
    assert told(lab) == (2, [])
    whole = gemini(home, 3, 4, 5).read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        write(path, whole[:cut])
        calls, problems = told(lab)
        assert calls == 2
        assert len(problems) == 1
    write(path, whole)
    assert told(lab) == (3, [])


def test_half_a_copy_of_a_database_is_named_and_read_when_it_is_whole(home: Path) -> None:
    path, lab = opencode(home), Lab(home)
    whole = path.read_bytes()
    for cut in (50, 4096, len(whole) // 2):
        path.write_bytes(whole[:cut])
        calls, problems = told(lab)
        assert calls == 0
        assert len(problems) == 1
    path.write_bytes(whole)
    assert told(lab) == (200, [])


def test_a_corrupt_page_is_named_and_nothing_is_taken_for_zero(home: Path) -> None:
    path, lab = opencode(home), Lab(home)
    assert told(lab) == (200, [])
    data = bytearray(path.read_bytes())
    data[8192:20480] = b"\xff" * 12288
    path.write_bytes(data)
    calls, problems = told(lab)
    assert calls == 200
    assert len(problems) == 1


def test_a_database_that_its_program_locks_is_read_as_it_was_committed(home: Path) -> None:
    path, lab = opencode(home), Lab(home)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("begin exclusive")
    db.execute("delete from message where id <> 'msg_1'")
    assert told(lab) == (200, [])
    db.execute("rollback")
    db.close()
    assert told(lab) == (200, [])
