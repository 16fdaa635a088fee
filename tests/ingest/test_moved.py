"""An entry that tells of another call than before takes the old one's place."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.properties.lab import Lab, write
from toktui.ingest import moved

MS = 1_795_165_200_000


def message(home: Path, name: str, *, output: int, created: int = MS) -> None:
    """OpenCode makes a call's key of its times and counts."""
    said: dict[str, Any] = {
        "id": name, "sessionID": "s1", "role": "assistant", "modelID": "g-5", "providerID": "x",
        "time": {"created": created, "completed": created + 9}, "path": {"cwd": "/w"},
        "tokens": {"input": 5, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}},
    }  # fmt: skip
    path = home / f".local/share/opencode/storage/message/s1/{name}.json"
    write(path, json.dumps(said).encode())


def outputs(lab: Lab) -> list[int]:
    return sorted(n for (n,) in lab.db.execute("select output from calls"))


def test_a_message_whose_key_changes_is_one_call(home: Path) -> None:
    message(home, "msg_1", output=10)
    message(home, "msg_2", output=7, created=MS + 60_000)
    lab = Lab(home)
    lab.sync()
    assert outputs(lab) == [7, 10]
    message(home, "msg_1", output=2_500)
    lab.sync()
    assert outputs(lab) == [7, 2_500]
    assert lab.db.execute("select sum(output), sum(calls) from quarter").fetchone() == (2_507, 2)


def test_a_row_whose_key_changes_is_one_call(home: Path) -> None:
    path = home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    db.execute("create table session (id text primary key, parent_id text, directory text)")
    db.execute("create table message (id text primary key, session_id text, time_created integer,"
               " time_updated integer, data text)")  # fmt: skip
    db.execute("insert into session values ('s1', null, '/w')")
    lab = Lab(home)
    for output in (10, 2_500):
        said = {"role": "assistant", "modelID": "g-5", "providerID": "x",
                "time": {"created": MS, "completed": MS + 9},
                "tokens": {"input": 5, "output": output}}  # fmt: skip
        db.execute("insert or replace into message values ('msg_1', 's1', ?, ?, ?)",
                   (MS, MS + output, json.dumps(said)))  # fmt: skip
        db.commit()
        lab.sync()
    db.close()
    assert outputs(lab) == [2_500]


def test_what_an_agent_tidied_up_stays(home: Path) -> None:
    message(home, "msg_1", output=10)
    lab = Lab(home)
    lab.sync()
    (home / ".local/share/opencode/storage/message/s1/msg_1.json").unlink()
    message(home, "msg_2", output=7, created=MS + 60_000)
    lab.sync()
    assert outputs(lab) == [7, 10]


def test_nothing_is_compared_while_no_key_is_new(home: Path, monkeypatch: Any) -> None:
    message(home, "msg_1", output=10)
    lab = Lab(home)
    lab.sync()

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(moved, "told_otherwise", refuse)
    monkeypatch.setattr("toktui.ingest.settle.told_otherwise", refuse)
    path = next(home.rglob("msg_1.json"))
    write(path, path.read_bytes() + b"\n")
    lab.sync()
    assert outputs(lab) == [10]
