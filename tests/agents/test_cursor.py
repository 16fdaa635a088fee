"""Cursor's database: what is read of it, what is read again, and what is never asked for."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.golden.cursor.make import CANARY
from toktui.agents import agent
from toktui.agents.base import Document, UnreadableError
from toktui.agents.database import Snapshot

TALK = "c0ffee00-0000-4000-8000-00000000000a"
CURSOR = agent("cursor")


class Talk:
    """A database as Cursor writes it."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "state.vscdb")
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("create table ItemTable (key text unique on conflict replace, value blob)")
        self.db.execute("create table cursorDiskKV (key text unique, value blob)")
        self.db.execute("insert into ItemTable values ('cursorAuth/accessToken', ?)", (CANARY,))
        self.headers: dict[str, list[dict[str, Any]]] = {}

    def put(self, key: str, value: object) -> None:
        self.db.execute(
            "insert into cursorDiskKV values (?, ?)"
            " on conflict (key) do update set value = excluded.value",
            (key, value if isinstance(value, str | bytes) else json.dumps(value)),
        )

    def say(self, name: str, kind: int, *, talk: str = TALK, **more: Any) -> None:
        """Adds a message, or changes it in place."""
        counts = {"inputTokens": more.pop("given", 0), "outputTokens": more.pop("output", 0)}
        at = {"createdAt": "2026-09-01T08:00:00.000Z"}
        self.put(f"bubbleId:{talk}:{name}", {"type": kind, "tokenCount": counts, **at, **more})
        headers = self.headers.setdefault(talk, [])
        if not any(header["bubbleId"] == name for header in headers):
            headers.append({"bubbleId": name, "type": kind})
            self.put(f"composerData:{talk}", {"fullConversationHeadersOnly": headers})

    def turn(self, nth: int, *, talk: str = TALK, **more: Any) -> None:
        self.say(f"p{nth}", 1, talk=talk, text="q")
        self.say(f"a{nth}", 2, talk=talk, usageUuid=f"{talk[-1]}-gen-{nth}", **more)


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path)


def read(talk: Talk, since: bytes = b"") -> Document:
    return CURSOR.read(talk.path, since)


def outputs(document: Document) -> dict[str, int]:
    return {e.sighting.key: e.sighting.tokens.output for e in document.entries}


def texts(document: Document) -> list[str]:
    return [b.text for e in document.entries if e.uncounted for b in e.uncounted.said]


def test_an_answer_that_grows_in_place_is_read_again(talk: Talk) -> None:
    talk.turn(1, text="x" * 4)
    first = read(talk)
    assert texts(first) == ["x" * 4]
    talk.say("a1", 2, usageUuid="a-gen-1", text="x" * 400)
    second = read(talk, first.since)
    assert texts(second) == ["x" * 400]
    assert second.entries[0].place == first.entries[0].place
    assert second.entries[0].sighting.grade < 0
    talk.say("a1", 2, usageUuid="a-gen-1", text="x" * 400, given=5, output=77)
    third = read(talk, second.since)
    assert outputs(third) == {"gen:a-gen-1": 77}
    assert texts(third) == []
    assert third.entries[0].sighting.grade > 0


def test_only_what_is_new_and_the_last_turns_are_read(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nth in range(50):
        talk.turn(nth, output=nth + 1)
    for other in "bcdef":
        talk.turn(1, talk=TALK[:-1] + other, output=9)
    first = read(talk)
    assert len(first.entries) == 55
    talk.turn(50, output=51)
    asked: list[int] = []
    rows = Snapshot.rows

    def counted(self: Snapshot, sql: str, args: Any = ()) -> Any:
        found = rows(self, sql, args)
        asked.append(len(found))
        return found

    monkeypatch.setattr(Snapshot, "rows", counted)
    second = read(talk, first.since)
    told = outputs(second)
    assert told["gen:a-gen-50"] == 51
    assert "gen:a-gen-40" not in told
    assert sum(asked) < 60
    again = read(talk, second.since)
    assert again.since == second.since
    assert "gen:a-gen-50" in outputs(again)


def test_a_large_database_is_read_in_pages(talk: Talk) -> None:
    talk.db.execute("begin")
    for nth in range(900):
        talk.turn(nth, talk=f"{TALK[:-2]}{nth % 7}{nth % 7}", output=nth + 1)
    talk.db.execute("commit")
    since, found, pages = b"", {}, 0
    more = True
    while more:
        document = read(talk, since)
        since, more = document.since, document.more
        found |= outputs(document)
        pages += 1
    assert pages > 1
    assert len(found) == 900


def test_a_database_that_begins_anew_is_read_from_its_first_row(talk: Talk) -> None:
    for nth in range(30):
        talk.turn(nth, output=1)
    since = read(talk).since
    talk.db.execute("delete from cursorDiskKV where key not glob '*a29' and key not glob '*p29'")
    talk.headers.clear()
    talk.db.execute("vacuum")
    talk.turn(99, talk=TALK[:-1] + "b", output=3)
    assert "gen:b-gen-99" in outputs(read(talk, since))


def test_credentials_are_never_asked_for(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    talk.turn(1, output=1)
    asked: list[str] = []
    answered: list[object] = []
    rows = Snapshot.rows

    def recorded(self: Snapshot, sql: str, args: Any = ()) -> Any:
        asked.append(f"{sql} {args}")
        found = rows(self, sql, args)
        answered.extend(value for row in found for value in row)
        return found

    monkeypatch.setattr(Snapshot, "rows", recorded)
    document = read(talk)
    CURSOR.excerpts(talk.path, {entry.place for entry in document.entries})
    assert asked
    assert not any("from ItemTable" in sql for sql in asked)
    assert not any(CANARY.encode() in str(value).encode() for value in answered)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("create table ItemTable (key text, value blob)", "no table cursorDiskKV"),
        ("create table cursorDiskKV (name text, body blob)", "cursorDiskKV has no key, value"),
        ("create view cursorDiskKV as select 'a' as key, 'b' as value", "no table cursorDiskKV"),
    ],
)
def test_another_schema_is_named(tmp_path: Path, schema: str, why: str) -> None:
    path = tmp_path / "state.vscdb"
    db = sqlite3.connect(path)
    db.execute(schema)
    db.close()
    with pytest.raises(UnreadableError) as caught:
        CURSOR.read(str(path), b"")
    assert why in (caught.value.strerror or "")


HOSTILE: list[object] = [
    "", "null", "[]", "3", b"\xff\xfe\x00", '{"type": 2', '{"type": "2"}', "{" * 5000, b"\0" * 9,
    {"type": 2, "tokenCount": {"inputTokens": -1, "outputTokens": 5}},
    {"type": 2, "tokenCount": {"inputTokens": 1.5, "outputTokens": 5}},
    {"type": 2, "tokenCount": {"inputTokens": 1e300, "outputTokens": 5}},
    {"type": 2, "tokenCount": {"inputTokens": True}}, {"type": 2, "tokenCount": []},
    {"type": 2, "usageUuid": 7}, {"type": 2, "modelInfo": {"modelName": ["x"]}},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_message_that_is_none_costs_only_itself(talk: Talk, value: object) -> None:
    talk.turn(1, output=1)
    talk.say("p2", 1, text="q")
    talk.say("a2", 2)
    talk.put(f"bubbleId:{TALK}:a2", value)
    talk.turn(3, output=3)
    document = read(talk)
    assert outputs(document) == {"gen:a-gen-1": 1, "gen:a-gen-3": 3}


@pytest.mark.parametrize("value", [*HOSTILE[:9], {"fullConversationHeadersOnly": [3]}])
def test_a_conversation_that_is_none_still_has_its_turns(talk: Talk, value: object) -> None:
    talk.turn(1, output=1)
    talk.put(f"composerData:{TALK}", value)
    assert outputs(read(talk)) == {"gen:a-gen-1": 1}


def test_names_from_the_database_are_clean(talk: Talk) -> None:
    talk.turn(1, output=1, modelInfo={"modelName": "gpt\x1b[31m-5\u202e"})
    talk.put("bubbleId:x\x1b[2J:y", {"type": 2, "tokenCount": {"outputTokens": 4}})
    for entry in read(talk).entries:
        for text in (entry.sighting.model, entry.sighting.key, entry.sighting.session):
            assert text.isprintable()
            assert "\x1b" not in text


def test_an_excerpt_is_the_message_with_the_counts(talk: Talk) -> None:
    talk.say("p1", 1, text="q")
    talk.say("a1", 2, usageUuid="g", text="first")
    talk.say("a2", 2, usageUuid="g", given=5, output=6, text="counted")
    talk.turn(9, text="only text")
    entries = read(talk).entries
    shown = CURSOR.excerpts(talk.path, [entry.place for entry in entries] + [12345])
    texts = {e.sighting.key: json.loads(shown[e.place])["text"] for e in entries}
    assert texts == {"gen:g": "counted", "gen:a-gen-9": "only text"}
    assert len(shown) == 2
