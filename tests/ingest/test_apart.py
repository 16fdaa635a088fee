"""A log that the store cannot take in costs itself, and is taken in once it can be."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.properties.lab import Lab, append, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.agents import agent
from toktui.agents.base import Parsed
from toktui.model import Fact

CLAUDE = agent("claude-code")
SECRET = "words of a prompt"
PROBLEM = "parser error: OverflowError"


def row(n: int, session: str) -> bytes:
    return lines([claude_row(f"msg_01{n:022d}", session, stamp(n), output=n)])


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    lab = Lab(home)
    for n, session in enumerate(("a", "b", "c"), 1):
        write(log(lab, session), row(n, session))
    yield lab
    assert wrong_sums(lab.db) == ""
    lab.close()


def log(lab: Lab, session: str) -> Path:
    return lab.home / f".claude/projects/-w/{session}.jsonl"


Spoils = Callable[[str], pytest.MonkeyPatch]


@pytest.fixture
def spoils(monkeypatch: pytest.MonkeyPatch) -> Spoils:
    """Has the parser say of a session what SQLite has no room for."""

    def of(session: str) -> pytest.MonkeyPatch:
        parse = CLAUDE.parse

        def spoiled(_self: object, line: bytes, state: object) -> Parsed:
            found = parse(line, state)
            if f'"{session}"'.encode() not in line:
                return found
            fact = Fact(kind="commit", subject=SECRET, body=b"", at_ms=1 << 70)
            return Parsed(found.sightings, (fact,), found.misread)

        monkeypatch.setattr(type(CLAUDE), "parse", spoiled)
        return monkeypatch

    return of


def outputs(lab: Lab) -> list[int]:
    return [n for (n,) in lab.db.execute("select output from call order by output")]


def test_the_others_are_counted_and_the_log_is_named(
    lab: Lab, spoils: Spoils, caplog: pytest.LogCaptureFixture
):
    undo = spoils("b")
    with caplog.at_level(logging.ERROR, logger="toktui.ingest"):
        assert lab.sync().problems == ((str(log(lab, "b")), PROBLEM),)
    assert outputs(lab) == [1, 3]
    assert "record.py:" in caplog.text
    assert SECRET not in caplog.text
    assert lab.db.execute("select problem from log where problem <> ''").fetchall() == [(PROBLEM,)]
    undo.undo()
    assert lab.sync().problems == ()
    assert outputs(lab) == [1, 2, 3]
    assert lab.db.execute("select count(*) from log where problem <> ''").fetchone() == (0,)


def test_a_log_that_goes_wrong_while_it_is_followed_keeps_what_is_known(lab: Lab, spoils: Spoils):
    lab.look()
    assert outputs(lab) == [1, 2, 3]
    undo = spoils("b")
    append(log(lab, "a"), row(4, "a"))
    append(log(lab, "b"), row(5, "b"))
    lab.look([log(lab, "a"), log(lab, "b")])
    assert outputs(lab) == [1, 2, 3, 4]
    assert lab._follower is not None
    assert [problem.why for problem in lab._follower.problems(9)] == [PROBLEM]
    undo.undo()
    append(log(lab, "b"), row(6, "b"))
    lab.look([log(lab, "b")])
    assert outputs(lab) == [1, 2, 3, 4, 5, 6]
    assert lab._follower.problems(9) == ()


def test_what_is_wrong_with_the_store_is_no_fault_of_a_log(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    for error in (sqlite3.OperationalError("database or disk is full"), MemoryError()):

        def failing(*_: object, error: BaseException = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(lab.settler, "_settle", failing)
            with pytest.raises(type(error)):
                lab.sync()
    assert lab.sync().problems == ()
    assert outputs(lab) == [1, 2, 3]


def test_a_reader_that_fails_costs_its_log_only(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    start = CLAUDE.start

    def failing(_self: object, path: str) -> object:
        if path.endswith("/b.jsonl"):
            raise KeyError(SECRET)
        return start(path)

    with monkeypatch.context() as patch:
        patch.setattr(type(CLAUDE), "start", failing)
        assert [why for _, why in lab.sync().problems] == ["parser error: KeyError"]
        assert outputs(lab) == [1, 3]
    lab.sync()
    assert outputs(lab) == [1, 2, 3]
