"""The database of GitHub Copilot CLI: read on from where it was read, and never counted twice."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.properties.lab import Lab, append, wrong_sums
from toktui.agents import agent
from toktui.agents.base import Document, UnreadableError, place_of
from toktui.facts import decode_ledger

COLUMNS = (
    "id integer primary key, session_id text, model text, input_tokens, output_tokens,"
    " cache_read_tokens, cache_write_tokens, reasoning_tokens, created_at text"
)


def store_at(home: Path, *rows: tuple[Any, ...]) -> Path:
    """Adds rows of session, model, input, output to the store; a row may begin with its id."""
    path = home / ".copilot/session-store.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.execute(f"create table if not exists assistant_usage_events ({COLUMNS})")
    for session, model, given, output in rows:
        db.execute(
            "insert into assistant_usage_events values (null, ?, ?, ?, ?, 0, 0, 0, ?)",
            (session, model, given, output, "2026-11-20T09:30:00.000Z"),
        )
    db.commit()
    db.close()
    return path


def read(path: Path, since: bytes = b"") -> Document:
    return agent("copilot-cli").read(os.fspath(path), since)


def ledgers(document: Document) -> dict[str, list[tuple[str, int]]]:
    return {
        fact.subject: [(m.model, m.tokens.total) for m in decode_ledger(fact.body).models]
        for fact in document.facts
    }


def record(session: str, given: int, output: int) -> bytes:
    usage = {"model": "gpt-6.1-sol", "inputTokens": given, "outputTokens": output, "apiCallId": "r"}
    row = {
        "type": "session.usage_record", "timestamp": "2026-11-20T09:30:00.000Z",
        "data": {"usage": usage | {"accounting": {"sourceSessionId": session}}},
    }  # fmt: skip
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def test_new_rows_are_added_to_what_was_read(home: Path) -> None:
    path = store_at(home, ("a", "m", 10, 1), ("b", "m", 20, 2))
    first = read(path)
    assert ledgers(first) == {"a": [("m", 11)], "b": [("m", 22)]}
    assert ledgers(read(path, first.since)) == {}
    store_at(home, ("a", "m", 5, 1), ("a", "n", 7, 1))
    assert ledgers(read(path, first.since)) == {"a": [("m", 17), ("n", 8)]}


def test_a_store_that_was_made_anew_is_read_from_its_beginning(home: Path) -> None:
    path = store_at(home, *[("a", "m", 10, 1)] * 3)
    since = read(path).since
    path.unlink()
    store_at(home, ("c", "m", 1, 1))
    assert ledgers(read(path, since)) == {"c": [("m", 2)]}


def test_a_session_with_a_record_per_response_has_no_ledger_here(home: Path) -> None:
    path = store_at(home, ("a", "m", 10, 1), ("b", "m", 20, 2))
    append(home / ".copilot/session-state/a/events.jsonl", record("a", 10, 1))
    assert ledgers(read(path)) == {"b": [("m", 22)]}


@pytest.mark.parametrize("session", ["..", "../session-state/a", ".", "", "a/../a"])
def test_a_session_that_is_no_folder_is_looked_for_nowhere(home: Path, session: str) -> None:
    append(home / ".copilot/session-state/a/events.jsonl", record("a", 10, 1))
    append(home / ".copilot/events.jsonl", record("a", 10, 1))
    document = read(store_at(home, (session, "m", 10, 1)))
    assert len(document.facts) == bool(session)


def test_a_count_that_is_none_costs_its_row_and_names_its_column(home: Path) -> None:
    path = store_at(home, ("a", "m", "many", 1), ("a", "m", -1, 1), ("a", "m", 4, None))
    document = read(path)
    assert ledgers(document) == {"a": [("m", 4)]}
    assert [(d.place, d.misread.shape) for d in document.doubts] == [
        (1, "Expected a count - at `input_tokens`"), (2, "Expected a count - at `input_tokens`"),
    ]  # fmt: skip


def test_a_store_of_a_build_that_did_not_count_says_nothing(home: Path) -> None:
    path = home / ".copilot/session-store.db"
    path.parent.mkdir(parents=True)
    sqlite3.connect(path).execute("create table sessions (id text)").connection.close()
    assert read(path) == Document(since=read(path).since)
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(UnreadableError):
        read(path)


def test_the_rows_of_a_session_can_be_quoted(home: Path) -> None:
    path = store_at(home, ("a", "m", 10, 1), ("b", "m", 20, 2))
    places = {place_of("b"), place_of("gone")}
    quoted = agent("copilot-cli").excerpts(os.fspath(path), places)
    assert list(quoted) == [place_of("b")]
    assert json.loads(quoted[place_of("b")])[0]["input_tokens"] == 20


@pytest.mark.parametrize("store_first", [True, False])
def test_store_and_events_of_a_session_count_once(home: Path, *, store_first: bool) -> None:
    lab = Lab(home)

    def write_store() -> None:
        os.utime(store_at(home, ("a", "gpt-6.1-sol", 100, 7)), (1_795_176_000, 1_795_176_000))

    def write_events() -> None:
        append(home / ".copilot/session-state/a/events.jsonl", record("a", 100, 7))

    for step in (write_store, write_events) if store_first else (write_events, write_store):
        step()
        lab.sync()
    totals = lab.db.execute("select count(*), sum(input), sum(output) from calls").fetchall()
    assert totals == [(1, 100, 7)]
    assert wrong_sums(lab.db) == ""
    lab.close()
