"""A context that was taken apart once is read from the store, for as long as it would come out the
same, and when its log is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.metrics.test_composition import SESSION, Transcript, call, result, text, words
from tests.metrics.test_compositions import AGENTS, Logs
from tests.properties.lab import NOW_MS, Lab, append, write
from toktui.agents import agent
from toktui.ingest import count_prompt
from toktui.ingest.looked_at import LookedAt, hand_in, take_in
from toktui.metrics.composition import Composition, load_composition, load_kept
from toktui.pricing.calibrate import shipped
from toktui.pricing.rates import load_book

LOOKED_MS = NOW_MS + 5_000


def never(text: str) -> int:
    raise AssertionError(f"counted again: {text[:40]}")


class Looking:
    """Somebody who looks at the one session of a home, again and again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lab = Lab(home)
        self.now_ms = LOOKED_MS

    @property
    def log(self) -> Path:
        return self.home / f".claude/projects/-w/{SESSION}.jsonl"

    def write(self, talk: Transcript) -> None:
        write(self.log, b"".join(json.dumps(row).encode() + b"\n" for row in talk.rows))
        self.lab.sync()

    @property
    def session(self) -> int:
        return self.lab.db.execute("select max(session) from call").fetchone()[0]

    def looks(self, count: Callable[[str], int] = words) -> Composition | None:
        """What is shown; what had to be counted is kept, as by the writer."""
        counted: list[LookedAt] = []
        found = load_composition(
            self.lab.db, load_book(), self.session, count, self.now_ms, keep=counted.append
        )
        paths = self.lab.context.paths
        for one in counted:
            assert hand_in(paths, one)
        assert take_in(self.lab.settler, paths.looked_at) == len(counted)
        self.now_ms += 60_000
        return found

    def sees(self, count: Callable[[str], int] = words) -> Composition:
        found = self.looks(count)
        assert found is not None
        assert sum(part.tokens for part in found.parts) == found.prompt
        return found


@pytest.fixture
def talk() -> Transcript:
    talk = Transcript()
    talk.asks("word " * 1_000)
    talk.says(text("said " * 100), call("Bash", "t1", command="run it"), prompt=20_000)
    talk.asks(result("t1", "out " * 2_000))
    talk.says(text("end"), prompt=24_000)
    return talk


@pytest.fixture
def looking(home: Path, talk: Transcript) -> Iterator[Looking]:
    looking = Looking(home)
    looking.write(talk)
    yield looking
    looking.lab.close()


def as_json(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def test_a_second_look_counts_nothing(looking: Looking):
    first = looking.sees()
    assert first.computed_ms == LOOKED_MS
    assert looking.sees(never) == first
    assert load_kept(looking.lab.db, load_book(), looking.session) == first


def test_the_same_is_seen_when_the_log_is_gone_and_it_says_so(looking: Looking):
    first = looking.sees()
    looking.log.unlink()
    for _ in range(2):
        again = looking.sees(never)
        assert again.parts == first.parts
        assert (again.log, again.computed_ms) == ("gone", LOOKED_MS)
        looking.lab.sync()


def test_a_log_that_has_only_grown_is_not_counted_again(looking: Looking, talk: Transcript):
    first = looking.sees()
    talk.asks("more " * 50)
    append(looking.log, as_json(talk.rows[-1]), written_ns=NOW_MS * 1_000_000)
    looking.lab.sync()
    assert looking.sees(never) == first


def test_the_next_call_of_the_session_is_counted(looking: Looking, talk: Transcript):
    first = looking.sees()
    talk.asks("more " * 50)
    talk.says(text("done"), prompt=26_000)
    looking.write(talk)
    second = looking.sees()
    assert (second.prompt, first.prompt) == (26_000, 24_000)
    assert looking.sees(never) == second


def test_a_changed_byte_of_the_log_is_seen_though_nothing_is_synced(
    looking: Looking, talk: Transcript
):
    talk.rows[0]["message"]["content"][0]["text"] = "word " * 1_500 + "     " * 1_500
    looking.write(talk)
    first = looking.sees()
    before = looking.log.stat()
    data = looking.log.read_bytes().replace(b"     " * 1_500, b" word" * 1_500)
    write(looking.log, data, written_ns=before.st_mtime_ns + 1)
    assert looking.log.stat().st_size == before.st_size
    second = looking.sees()
    assert second.parts != first.parts
    assert second.computed_ms > first.computed_ms


def test_a_log_that_was_written_anew_is_counted_again(looking: Looking, talk: Transcript):
    first = looking.sees()
    talk.rows[0]["message"]["content"][0]["text"] = "other " * 4_000
    looking.write(talk)
    second = looking.sees()
    assert second.log == "read"
    assert second.parts != first.parts


def test_where_the_new_log_lacks_the_call_the_kept_one_is_shown(
    looking: Looking, talk: Transcript
):
    first = looking.sees()
    write(looking.log, as_json(talk.rows[0]), written_ns=NOW_MS * 1_000_000)
    looking.lab.sync()
    again = looking.sees(never)
    assert again.parts == first.parts
    assert again.log == "gone"


def test_an_earlier_prompt_is_shown_where_the_last_was_never_looked_at(
    looking: Looking, talk: Transcript
):
    first = looking.sees()
    talk.asks("more " * 50)
    talk.says(text("done"), prompt=26_000)
    looking.write(talk)
    looking.log.unlink()
    again = looking.sees(never)
    assert (again.call, again.prompt, again.parts) == (first.call, 24_000, first.parts)


@pytest.mark.parametrize("number", ["METHOD", "NUMBER"])
def test_another_way_of_counting_counts_again(
    looking: Looking, number: str, monkeypatch: pytest.MonkeyPatch
):
    looking.sees()
    monkeypatch.setattr(count_prompt, number, 99)
    assert looking.sees(lambda text: 2 * words(text)).computed_ms == LOOKED_MS + 60_000


def test_a_newer_parser_counts_again(looking: Looking, monkeypatch: pytest.MonkeyPatch):
    looking.sees()
    monkeypatch.setattr(agent("claude-code"), "PARSER", 99)
    assert looking.sees().computed_ms == LOOKED_MS + 60_000


def test_a_calibration_that_was_learned_meanwhile_counts_again(
    looking: Looking, talk: Transcript, monkeypatch: pytest.MonkeyPatch
):
    first = looking.sees()
    other = {name: one for name, one in shipped().items() if "opus" not in name}
    monkeypatch.setattr("toktui.pricing.calibrate.shipped", lambda: other)
    second = looking.sees()
    assert (first.source, second.source) == ("shipped", "unmeasured")
    looking.log.unlink()
    monkeypatch.undo()
    again = looking.sees(never)
    assert (again.source, again.parts, again.log) == ("unmeasured", second.parts, "gone")


def test_a_prompt_that_is_corrected_is_shared_out_anew(looking: Looking):
    first = looking.sees()
    looking.lab.db.execute("update call set cache_read = 30000 where cache_read = 24000")
    second = looking.sees(never)
    assert second.prompt == 30_000
    assert [part.count for part in second.parts] == [part.count for part in first.parts]


def test_a_row_that_nobody_understands_is_counted_again(looking: Looking):
    first = looking.sees()
    looking.lab.db.execute("update composition set body = x'c1'")
    again = looking.sees()
    assert again.parts == first.parts
    assert looking.sees(never) == again


def test_nothing_that_was_said_is_kept(looking: Looking, talk: Transcript):
    talk.asks({"type": "text", "text": "confidential /home/user/secret.txt"})
    talk.says(text("done"), prompt=26_000)
    looking.write(talk)
    looking.sees()
    (body,) = looking.lab.db.execute("select body from composition").fetchone()
    assert b"Bash" in body
    for said in (b"confidential", b"secret", b"/home", b"word", b"run it"):
        assert said not in body
    assert len(body) < 400


@pytest.mark.parametrize("tell", AGENTS, ids=lambda tell: tell.__name__)
def test_it_is_kept_for_every_agent_whose_logs_have_text(tell: Logs, home: Path):
    tell(home)
    looking = Looking(home)
    looking.lab.sync()
    first = looking.sees()
    assert looking.sees(never) == first
    for path in home.rglob("*"):
        if path.is_file():
            path.unlink()
    again = looking.sees(never)
    assert (again.parts, again.log) == (first.parts, "gone")
    looking.lab.close()
