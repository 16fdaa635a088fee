"""Cursor's transcripts and chats: what is read of them, what is read again, what is never asked."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.golden.cursor.talks import SECRET, Row, answered, asked, chat, ended, lines, wrapped
from toktui.agents import _cursor_transcripts, agent
from toktui.agents._cursor_guesses import CHAT, PLAIN, TRANSCRIPT
from toktui.agents._cursor_prompts import prompt_of
from toktui.agents._protobuf import BrokenMessageError, fields
from toktui.agents.base import Document, UnreadableError
from toktui.agents.database import Snapshot
from toktui.clock import parse_ms

CURSOR = agent("cursor")
TALK = "c0ffee00-0000-4000-8000-00000000000a"
NOON = 1_795_176_000_000


@pytest.fixture
def log(home: Path) -> Path:
    folder = home / ".cursor/projects/srv-kites/agent-transcripts" / TALK
    folder.mkdir(parents=True)
    return folder / f"{TALK}.jsonl"


@pytest.fixture
def store(home: Path) -> Path:
    return home / ".cursor/chats/00ff" / TALK / "store.db"


def read(path: Path, since: bytes = b"") -> Document:
    return CURSOR.read(str(path), since)


def said(document: Document) -> list[list[str]]:
    """The texts of each turn's answer."""
    return [
        [b.text for b in entry.uncounted.said] for entry in document.entries if entry.uncounted
    ]


def read_all(path: Path) -> list[list[str]]:
    since, more, found = b"", True, list[list[str]]()
    while more:
        document = read(path, since)
        since, more = document.since, document.more
        found += said(document)
    return found


# ---- prompts ----


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("Tuesday, Jul 21, 2026, 1:11 PM (UTC+3)", "2026-07-21T10:11:00Z"),
        ("Monday, Aug 31, 2026, 12:05 AM (UTC-5)", "2026-08-31T05:05:00Z"),
        ("Monday, August 31, 2026, 12:05 PM (UTC+5:30)", "2026-08-31T06:35:00Z"),
        ("Sunday, Nov 1, 2026, 11:59 PM (UTC)", "2026-11-01T23:59:00Z"),
        ("Nov 1, 2026, 23:59 (GMT+0545)", "2026-11-01T18:14:00Z"),
        ("Sunday, Nov 1, 2026, 9:05\u202fPM (UTC+1)", "2026-11-01T20:05:00Z"),
        ("2026-11-01T20:05:00+01:00", "2026-11-01T19:05:00Z"),
        ("Thursday", None), ("Monday, Jul 14, 2026", None), ("Jul 99, 2026, 1:11 PM (UTC)", None),
        ("Monday, Jul 14, 2026, 1:11 PM", None), ("Xyz 1, 2026, 1:11 PM (UTC)", None),
        ("Jul 1, 2026, 13:11 PM (UTC)", None), ("9" * 70, None),
    ],
)  # fmt: skip
def test_a_prompt_has_the_time_that_its_tag_tells_with_its_zone(stamp: str, at: str) -> None:
    prompt = prompt_of(f"<timestamp>{stamp}</timestamp>\n<user_query>\nwhy?\n</user_query>")
    assert prompt.query == "why?"
    assert prompt.at_ms == (parse_ms(at) if at else None)


def test_a_time_that_the_user_wrote_is_not_the_prompts() -> None:
    text = "<user_query>\n<timestamp>Jul 1, 2026, 1:11 PM (UTC)</timestamp>\n</user_query>"
    assert prompt_of(text).at_ms is None


# ---- transcripts ----


def test_only_the_last_turn_and_what_is_new_is_read_again(log: Path) -> None:
    rows = [row for n in range(50) for row in (asked(f"q{n}", NOON), answered(f"a{n}"))]
    log.write_bytes(lines(rows))
    first = read(log)
    assert len(first.entries) == 50
    with log.open("ab") as more:
        more.write(lines([answered("more"), asked("next", NOON), answered("new")]))
    second = read(log, first.since)
    assert said(second) == [["a49", "more"], ["new"]]
    assert second.entries[0].place == first.entries[-1].place


def test_a_last_row_that_is_written_anew_costs_no_turn_twice(log: Path) -> None:
    rows = [asked("one", NOON), answered("1"), asked("two", NOON), answered("2")]
    log.write_bytes(lines([*rows, ended()]))
    first = read(log)
    log.write_bytes(lines([*rows, asked("three", NOON), answered("3"), ended()]))
    second = read(log, first.since)
    assert said(second) == [["2"], ["3"]]
    assert len({e.place for e in (*first.entries, *second.entries)}) == 3


def test_a_transcript_that_begins_otherwise_is_read_from_its_first_row(log: Path) -> None:
    log.write_bytes(lines([asked("one", NOON), answered("1"), asked("two", NOON), answered("2")]))
    since = read(log).since
    log.write_bytes(lines([asked("six", NOON), answered("6"), asked("ten", NOON), answered("10")]))
    assert said(read(log, since)) == [["6"], ["10"]]


def test_equal_prompts_are_turns_of_their_own(log: Path) -> None:
    rows = [row for n in range(3) for row in (asked("go on", NOON), answered(f"a{n}"))]
    log.write_bytes(lines(rows))
    assert len({entry.sighting.key for entry in read(log).entries}) == 3


def test_a_stopped_prompt_is_no_turn_and_a_stopped_answer_is_one(log: Path) -> None:
    rows = [asked("one", NOON), ended("aborted"), asked("two", NOON), answered("2"),
            ended("aborted"), asked("three", NOON), answered("3")]  # fmt: skip
    log.write_bytes(lines(rows))
    document = read(log)
    assert said(document) == [["2"], ["3"]]
    assert [b.text for e in document.entries if e.uncounted for b in e.uncounted.asked] == [
        "two", "three",
    ]  # fmt: skip


def test_a_large_transcript_is_read_in_pages_of_little_memory(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cursor_transcripts, "_PAGE", 200_000)
    text = "wind " * 4_000
    with log.open("wb") as out:
        for n in range(300):
            out.write(lines([asked(f"q{n}", NOON), answered(f"{n} {text}")]))
    tracemalloc.start()
    since, more, pages, turns = b"", True, 0, 0
    while more:
        document = read(log, since)
        since, more = document.since, document.more
        pages, turns = pages + 1, turns + len(document.entries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pages > 10
    assert turns == 300
    assert peak < log.stat().st_size / 4


def test_a_turn_is_counted_as_far_as_any_turn_reaches(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toktui.agents._cursor_prompts.MOST_TEXT", 1_000)
    log.write_bytes(lines([asked("q", NOON), *(answered("x" * 300) for _ in range(9))]))
    assert len(read_all(log)[0]) == 3


def test_a_line_that_is_too_long_costs_only_itself(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cursor_transcripts, "_LONGEST", 5_000)
    log.write_bytes(lines([asked("q", NOON), answered("x" * 9_000), answered("short")]))
    document = read(log)
    assert said(document) == [["short"]]
    assert [doubt.misread.shape for doubt in document.doubts] == ["line over 32 MiB"]


HOSTILE: list[object] = [
    b"\xff\xfe{", b"{" * 5_000, b"null", b"[]", b"3", b'"x"', b"\0\0{}", b'{"role":"assistant"}',
    {"role": "assistant", "message": []}, {"role": "assistant", "message": {"content": 7}},
    {"role": "assistant", "message": {"content": [[], None, {"type": []}, {"type": "text"}]}},
    {"role": "assistant", "message": {"content": [{"type": "tool_use", "name": 3, "input": 5}]}},
    {"role": ["user"], "message": {}}, {"role": "user", "message": {"content": [3]}},
    {"type": {"a": 1}}, {"role": "system", "message": {"content": "x"}},
]  # fmt: skip


@pytest.mark.parametrize("row", HOSTILE)
def test_a_row_that_is_none_costs_only_itself(log: Path, row: object) -> None:
    broken = row if isinstance(row, bytes) else json.dumps(row).encode()
    good = lines([asked("one", NOON), answered("1")])
    log.write_bytes(good + broken + b"\n" + lines([asked("two", NOON), answered("2")]))
    found = [[text for text in turn if text] for turn in read_all(log)]
    assert [turn[0] for turn in found] == ["1", "2"]


def test_names_are_clean(home: Path) -> None:
    folder = home / ".cursor/projects/srv\x1b[31m/agent-transcripts"
    folder.mkdir(parents=True)
    log = folder / "a\x1b[2J\u202e.jsonl"
    log.write_bytes(lines([asked("q", NOON), answered("a")]))
    (entry,) = read(log).entries
    for text in (entry.sighting.session, entry.sighting.project, entry.sighting.key):
        assert text.isprintable()
        assert "\x1b" not in text


def test_the_first_transcripts_are_plain_text(log: Path) -> None:
    old = log.with_suffix(".txt")
    old.write_text(
        "user:\n<user_query>\nwhy does it fall?\n</user_query>\n\nassistant:\n"
        "[Thinking] The wind?\n"
        "Let me look.\n\n[Tool call] Shell\n  command: ls\n    -l\n  cwd: /srv\n\n"
        "[Tool result] Shell\nkite.py\nuser of kites\n\nA:\nNo tail.\nNone at all.\n"
        "user:\nand now?\nA: It flies.\n"
    )
    document = read(old)
    first, second = (entry.uncounted for entry in document.entries)
    assert first is not None
    assert second is not None
    assert [(b.kind, b.text, b.arguments) for b in first.said] == [
        ("thinking", "The wind?", ()), ("text", "Let me look.", ()),
        ("tool", "Shell", (("command", "ls\n    -l"), ("cwd", "/srv"))),
        ("text", "No tail.\nNone at all.", ()),
    ]  # fmt: skip
    assert [b.text for b in (*first.asked, *second.asked, *second.said)] == [
        "why does it fall?", "and now?", "It flies.",
    ]  # fmt: skip
    assert {entry.sighting.grade for entry in document.entries} == {PLAIN}
    log.write_bytes(lines([asked("why does it fall?"), answered("No tail.")]))
    (same,) = read(log).entries
    assert same.sighting.grade == TRANSCRIPT
    assert same.sighting.key == document.entries[0].sighting.key


def test_a_plain_text_that_grows_is_read_on(log: Path) -> None:
    old = log.with_suffix(".txt")
    old.write_text("user:\none\nA:\n1\nuser:\ntwo\nA:\n2")
    first = read(old)
    with old.open("a") as more:
        more.write(" and more\nuser:\nthree\nA:\n3\n")
    assert said(first) == [["1"], ["2"]]
    assert said(read(old, first.since)) == [["2 and more"], ["3"]]


# ---- chats ----


def talk(*turns: str) -> list[Row]:
    rows: list[Row] = [{"role": "system", "content": "fly"}]
    for n, text in enumerate(turns):
        rows.append({"role": "user", "content": wrapped(f"q{n}")})
        rows.append({"role": "assistant", "content": [{"type": "text", "text": text}]})
    return rows


def test_only_new_roots_of_a_chat_are_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a{n}" for n in range(20)]
    steps = [(NOON + n, talk(*texts[:n])) for n in range(1, 19)]
    chat(store, steps, agentId=TALK)
    first = read(store)
    assert said(first) == [[text] for text in texts[:18]]
    assert [entry.sighting.at_ms for entry in first.entries] == [NOON + n for n in range(1, 19)]
    chat(store, [*steps, (NOON + 40, talk(*texts))], agentId=TALK)
    asked_for: list[int] = []
    rows = Snapshot.rows

    def counted(self: Snapshot, sql: str, args: Any = ()) -> Any:
        found = rows(self, sql, args)
        asked_for.append(len(found))
        return found

    monkeypatch.setattr(Snapshot, "rows", counted)
    second = read(store, first.since)
    assert said(second) == [["a17"], ["a18"], ["a19"]]
    assert sum(asked_for) < 30


def test_what_a_chat_summed_up_stays_told(store: Path) -> None:
    whole = talk("one", "two", "three")
    chat(store, [(NOON, whole[:3]), (NOON + 1, whole[:5]), (NOON + 2, [whole[0], *whole[3:]])])
    document = read(store)
    assert said(document) == [["one"], ["two"], ["three"]]
    assert {entry.sighting.session for entry in document.entries} == {TALK}
    assert {entry.sighting.grade for entry in document.entries} == {CHAT}


def test_the_key_of_a_chat_is_never_asked_for(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat(store, [(NOON, talk("one"))], agentId=TALK, lastUsedModel="gpt\x1b[31m-5")
    answered_with: list[object] = []
    rows = Snapshot.rows

    def recorded(self: Snapshot, sql: str, args: Any = ()) -> Any:
        found = rows(self, sql, args)
        answered_with.extend(value for row in found for value in row)
        return found

    monkeypatch.setattr(Snapshot, "rows", recorded)
    document = read(store)
    shown = CURSOR.excerpts(str(store), [entry.place for entry in document.entries])
    assert len(shown) == 1
    assert document.entries[0].sighting.model.isprintable()
    secrets = (SECRET, SECRET.encode().hex())
    assert answered_with
    assert not any(secret in str(value) for value in answered_with for secret in secrets)


@pytest.mark.parametrize("value", ["", "zz", "7b", "[]", b"\xff\xfe", '{"agentId": 7}', None])
def test_a_chat_without_its_head_has_the_id_of_its_folder(store: Path, value: object) -> None:
    chat(store, [(NOON, talk("one"))], agentId="other")
    db = sqlite3.connect(store)
    db.execute("update meta set value = ?", (value,))
    db.commit()
    db.close()
    (entry,) = read(store).entries
    assert entry.sighting.session == TALK


def test_the_folder_of_a_project_stands_beside_its_transcripts(log: Path) -> None:
    assert CURSOR.folder_beside(str(log)) == ""
    trusted = log.parents[2] / ".workspace-trusted"
    trusted.write_text('{"workspacePath": "/srv/kites"}')
    assert CURSOR.folder_beside(str(log)) == "/srv/kites"
    trusted.write_text('{"workspacePath": 5}')
    assert CURSOR.folder_beside(str(log)) == ""


def test_a_database_that_is_no_chat_is_named(store: Path) -> None:
    store.parent.mkdir(parents=True)
    sqlite3.connect(store).execute("create table meta (key text, value text)").connection.close()
    with pytest.raises(UnreadableError) as caught:
        read(store)
    assert "no table blobs" in (caught.value.strerror or "")


@pytest.mark.parametrize(
    "data", [b"\x0a", b"\x0a\x05abc", b"\xff" * 20, b"\x0b", b"\x09abc", b"\x80"]
)
def test_bytes_that_are_no_message_of_fields_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        list(fields(data))


def test_the_fields_of_a_message_are_given_in_their_order() -> None:
    data = b"\x0a\x02hi\xd0\x01\x96\x01\x0d1234\x11" + b"8" * 8
    assert list(fields(data)) == [(1, b"hi"), (26, 150), (1, b"1234"), (2, b"8" * 8)]
