"""What lies where logs should be: nothing of it stops the program or costs another log."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.lab import NOW_MS, Lab, stopwatch, write, wrong_sums
from tests.properties.worlds import FUTURE_MINUTES, claude_row, lines, stamp
from toktui.ingest.backlog import job, known_logs
from toktui.ingest.index import read_job
from toktui.ingest.tail import LONGEST_LINE, blocks, open_log
from toktui.text import clean


def row(n: int, at: float = 1, **more: object) -> bytes:
    return lines([claude_row(f"msg_01{n:022d}", "s1", stamp(at), output=n, **more)])


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    (home / ".claude/projects/-w").mkdir(parents=True)
    lab = Lab(home)
    yield lab
    assert wrong_sums(lab.db) == ""
    lab.close()


@pytest.fixture
def folder(lab: Lab) -> Path:
    return lab.home / ".claude/projects/-w"


def outputs(lab: Lab) -> list[int]:
    return [n for (n,) in lab.db.execute("select output from call order by output")]


def misread(lab: Lab) -> list[str]:
    return [shape for (shape,) in lab.db.execute("select shape from misread order by offset")]


def test_pipes_links_loops_and_folders_are_passed_by(lab: Lab, folder: Path) -> None:
    write(folder / "good.jsonl", row(1))
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    write(folder / "folder.jsonl/inside.jsonl", row(2))
    (folder / "loop").symlink_to(folder)
    (folder / "self.jsonl").symlink_to(folder / "self.jsonl")
    outside = lab.home / "outside.jsonl"
    write(outside, row(3))
    (folder / "link.jsonl").symlink_to(outside)
    began = stopwatch()
    lab.sync()
    lab.look(list(folder.iterdir()))
    assert stopwatch() - began < 2
    assert outputs(lab) == [1, 2]


def test_a_log_whose_path_is_no_text_is_named_and_costs_no_other(lab: Lab, folder: Path) -> None:
    odd = os.fsencode(folder) + b"/\xff\xfe.jsonl"
    inside = os.fsencode(folder) + b"/\xff/s1.jsonl"
    os.mkdir(os.path.dirname(inside))
    for path in (odd, inside):
        with open(path, "wb") as log:
            log.write(row(7))
    write(folder / "good \n\x1b[31m \u00e9.jsonl", row(1))
    problems = {"its path is not UTF-8"}
    assert {why for _, why in lab.sync().problems} == problems
    assert outputs(lab) == [1]
    lab.look([Path(os.fsdecode(odd))], everything=False)
    lab.look(everything=True)
    assert outputs(lab) == [1]


def test_an_empty_log_and_a_missing_home_are_no_problem(lab: Lab, folder: Path) -> None:
    write(folder / "empty.jsonl", b"")
    assert lab.sync().problems == ()
    (folder / "empty.jsonl").unlink()
    for place in (folder, folder.parent, folder.parent.parent):
        place.rmdir()
    assert lab.sync().logs_seen == 0


def test_a_log_that_vanishes_before_it_is_read_is_said_to_be_missing(
    lab: Lab, folder: Path
) -> None:
    write(folder / "s1.jsonl", row(1))
    (found,) = lab.discovery().logs
    one = job(lab.db, found, known_logs(lab.db).get(found.path))
    (folder / "s1.jsonl").unlink()
    assert read_job(one, NOW_MS) == "No such file or directory"


def test_a_log_that_becomes_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "s1.jsonl")
    with pytest.raises(OSError, match="not a regular file"):
        open_log(os.fspath(folder / "s1.jsonl"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who may not read")
def test_what_may_not_be_read_is_named_and_the_rest_is_read(lab: Lab) -> None:
    home = Path(tempfile.mkdtemp(prefix="toktui-nobody-", dir="/tmp"))
    try:
        folder = home / ".claude/projects/-w"
        write(folder / "good.jsonl", row(1))
        write(folder / "secret.jsonl", row(2))
        write(folder / "locked/s3.jsonl", row(3))
        home.chmod(0o755)
        (folder / "secret.jsonl").chmod(0)
        (folder / "locked").chmod(0)
        lab.sync()
        theirs = Lab(home)
        os.seteuid(65534)
        try:
            problems = theirs.sync().problems
        finally:
            os.seteuid(0)
        assert [(Path(place).name, why) for place, why in problems] == [
            ("locked", "Permission denied"), ("secret.jsonl", "Permission denied")
        ]  # fmt: skip
        assert outputs(theirs) == [1]
        (folder / "secret.jsonl").chmod(0o600)
        (folder / "locked").chmod(0o700)
        assert theirs.sync().problems == ()
        assert outputs(theirs) == [1, 2, 3]
        kept = theirs.db.execute("select count(*) from log where problem <> ''").fetchone()
        assert kept == (0,)
    finally:
        shutil.rmtree(home)


def test_a_line_over_the_cap_is_counted_and_skipped(lab: Lab, folder: Path) -> None:
    path = folder / "s1.jsonl"
    write(path, row(1) + b'{"type":"assistant","x":"')
    with path.open("ab") as log:
        for _ in range(33):
            log.write(b"a" * (1 << 20))
        log.write(b'"}\n' + row(2))
    result = lab.sync()
    assert outputs(lab) == [1, 2]
    assert misread(lab) == ["line over 32 MiB"]
    assert result.outcome.lines == 3


def test_a_hundred_megabytes_without_a_newline_stay_in_bounds(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    with path.open("wb") as log:
        log.truncate(100 << 20)
    fd, _ = open_log(os.fspath(path))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert list(blocks(fd, 0)) == []
    finally:
        os.close(fd)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib * 1024 < 3 * LONGEST_LINE


def test_odd_bytes_around_rows_cost_only_their_lines(lab: Lab, folder: Path) -> None:
    write(
        folder / "s1.jsonl",
        b"\0" * 64 + row(1).replace(b"\n", b"\r\n") + b"\n \t\n" + b"\xff\xfe\n"
        + row(2).rstrip() + row(3) + row(4)[:40] + row(5) + b'{"a":"\xed\xa0\x80"}\n'
        + row(6, x="caf\u00e9") + b'{"usage":"\\ud800","type":"assistant"}\n',
    )  # fmt: skip
    lab.sync()
    assert outputs(lab) == [1, 2, 3, 6]
    assert len(misread(lab)) == 2


# ---- clocks ----


def test_a_row_of_the_future_waits_until_its_time_has_come(lab: Lab, folder: Path) -> None:
    write(folder / "s1.jsonl", row(1) + row(2, FUTURE_MINUTES) + row(3, -3_700_000))
    lab.sync()
    assert outputs(lab) == [1]
    assert misread(lab) == ["time out of range"] * 2
    lab.restart()
    assert lab.sync().outcome.new == 0
    lab.now_ms += FUTURE_MINUTES * 60_000
    lab.restart()
    result = lab.sync()
    assert (result.outcome.new, result.outcome.not_understood) == (1, -1)
    assert outputs(lab) == [1, 2]
    assert misread(lab) == ["time out of range"]


def test_the_time_of_a_log_vouches_for_its_rows(lab: Lab, folder: Path) -> None:
    later = 1_795_176_000 + FUTURE_MINUTES * 60
    write(folder / "s1.jsonl", row(2, FUTURE_MINUTES), written_ns=later * 10**9)
    lab.sync()
    assert outputs(lab) == [2]


def test_a_ledger_that_began_at_no_time_makes_no_call_out_of_time(lab: Lab, folder: Path) -> None:
    entry = {"inputTokens": 7, "outputTokens": 5}
    for n, start in enumerate((1, 9e15, 1795165200000)):
        ledger = {"type": "cost-state", "sessionId": f"s{n}", "startTime": start}
        write(folder / f"s{n}.jsonl", lines([ledger | {"modelUsage": {"m": entry}}]))
    lab.sync()
    assert lab.db.execute("select at_ms from call").fetchall() == [(1795165200000,)]


# ---- hostile strings, and what is never kept ----

HOSTILE = "\x1b]52;c;x\x07\u202e[@click=app.quit]x[/]\x00\u200b\x9b31m\ud800" + "w" * 2_000
CANARY = "CANARY-4f9d"


def everywhere(value: object, text: str) -> object:
    """The same row with text behind every string in it that is free."""
    fixed = {"type", "role", "timestamp", "stop_reason", "id", "sessionId", "model", "name"}
    if isinstance(value, dict):
        return {k: v if k in fixed else everywhere(v, text) for k, v in value.items()}
    if isinstance(value, list):
        return [everywhere(v, text) for v in value]
    return value + text if isinstance(value, str) else value


def test_hostile_strings_reach_the_store_clean_and_markup_stays_literal(
    lab: Lab, folder: Path
) -> None:
    hostile = claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA" + HOSTILE, "s1" + HOSTILE, stamp(1))
    hostile["message"]["model"] = "[bold]x[/]" + HOSTILE  # type: ignore[index]
    write(folder / "s1.jsonl", lines([everywhere(hostile, HOSTILE)]))
    thread = "019a8f00-0000-7000-8000-000000000001"
    payload = {"id": thread, "cwd": HOSTILE, "cli_version": HOSTILE, "git": {"branch": HOSTILE}}
    usage = {"input_tokens": 5, "output_tokens": 1}
    codex = [
        {"timestamp": stamp(1), "type": "session_meta", "payload": payload},
        {"timestamp": stamp(1), "type": "turn_context", "payload": {"model": HOSTILE}},
        {"timestamp": stamp(1), "type": "token_usage_record",
         "payload": {"thread_id": HOSTILE, "response_id": HOSTILE, "usage": usage}},
    ]  # fmt: skip
    write(lab.home / f".codex/sessions/rollout-1-{thread}.jsonl", lines(codex))
    lab.sync()
    assert lab.db.execute("select count(*) from call").fetchone() == (2,)
    (model,) = lab.db.execute("select model from calls where agent = 'claude-code'").fetchone()
    assert model.startswith("[bold]x[/]]52;c;x[@click=app.quit]x[/]")
    for table in ("name", "session", "source", "call", "misread", "log", "fact", "run"):
        for stored in lab.db.execute(f"select * from {table}"):
            for value in stored:
                if isinstance(value, str):
                    assert value == clean(value, 4096), (table, value)


def test_nothing_that_was_said_or_done_is_kept(lab: Lab, folder: Path) -> None:
    said = {
        "prompt": CANARY, "env": {"KEY": CANARY}, "toolUseResult": {"stdout": CANARY},
        "summary": CANARY, "requestId": CANARY, CANARY: CANARY,
    }  # fmt: skip
    tool = {"type": "tool_use", "name": CANARY, "id": "toolu_1", "input": {"command": CANARY}}
    good = claude_row("msg_01AAAAAAAAAAAAAAAAAAAAAA", "s1", stamp(1), content=[tool], **said)
    wrong = claude_row("msg_01BBBBBBBBBBBBBBBBBBBBBB", "s1", stamp(1), **said)
    wrong["message"]["usage"] = {"input_tokens": CANARY, CANARY: CANARY}  # type: ignore[index]
    ledger = {"type": "cost-state", "modelUsage": {"m": {"inputTokens": CANARY}}} | said
    torn = b'{"type":"assistant","message":{"usage":"' + CANARY.encode() + b"\n"
    user = {"type": "user", "message": {"content": CANARY}, "x": '"usage"'} | said
    late = claude_row("msg_01CCCCCCCCCCCCCCCCCCCCCC", "s1", stamp(FUTURE_MINUTES), **said)
    write(folder / "s1.jsonl", lines([user, good, wrong, ledger, late]) + torn)
    item = {"type": "message", "content": [{"type": "output_text", "text": CANARY}]}
    codex = [
        {"timestamp": stamp(1), "type": "session_meta",
         "payload": {"id": "t1", "instructions": CANARY, "originator": CANARY}},
        {"timestamp": stamp(1), "type": "response_item", "payload": item},
        {"timestamp": stamp(1), "type": "turn_context",
         "payload": {"model": "gpt-5", "summary": CANARY, "user_instructions": CANARY}},
        {"timestamp": stamp(1), "type": "token_usage_record", "payload":
         {"thread_id": "t1", "response_id": "resp_1", "usage": {"input_tokens": CANARY}}},
        {"timestamp": stamp(1), "type": "event_msg", "payload":
         {"type": "token_count", "info": CANARY}},
    ]  # fmt: skip
    write(lab.home / ".codex/sessions/rollout-1.jsonl", lines(codex))
    lab.sync()
    assert len(misread(lab)) >= 5
    assert lab.db.execute("select count(*) from call").fetchone() == (1,)
    assert CANARY.encode() not in lab.db.serialize()
