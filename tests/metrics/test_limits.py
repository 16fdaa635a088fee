"""Windows of plans: official before derived, unknown rather than stale, with pace and range."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from toktui.dev.sample import DAY, MINUTE, Conversation, Thread, settle_home
from toktui.metrics.limits import Limit
from toktui.metrics.live import load_live
from toktui.pricing.rates import RateBook, load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
HOUR = 60 * MINUTE
SESSION = "9e3779b1-0000-4000-8000-000000000001"
UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def book() -> RateBook:
    return load_book()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data/toktui.db"


Look = Callable[..., tuple[Limit, ...]]


@pytest.fixture
def look(store: Path, home: Path, book: RateBook) -> Iterator[Look]:
    """Settles the logs of the home, adds what a status line has said, and looks."""
    opened: list[sqlite3.Connection] = []

    def looking(*seen: tuple[str, float, int | None, int | None, int], now_ms: int = NOW):
        settle_home(home, store, book, now_ms)
        db = sqlite3.connect(store)
        with db:
            db.execute("insert or ignore into name (text) values ('claude-code')")
            db.executemany(
                "insert or replace into limit_seen"
                " select id, ?, ?, ?, ?, ? from name where text = 'claude-code'",
                seen,
            )
        db.close()
        db = connect_reader(store)
        opened.append(db)
        return load_live(db, now_ms, UTC, book).limits

    yield looking
    for db in opened:
        db.close()


def talk(home: Path, *ages_ms: int, model: str = "claude-opus-5-5", session: str = SESSION) -> None:
    log = Conversation(home, session, "/home/dev/shop", model=model)
    for age_ms in sorted(ages_ms, reverse=True):
        log.turn(NOW - age_ms)
    log.write(NOW - min(ages_ms))


def five_hours(used: float, *, left_ms: int, age_ms: int = MINUTE):
    return ("5h", used, 300, NOW + left_ms, NOW - age_ms)


def week(used: float, *, left_ms: int, name: str = "week"):
    return (name, used, 10_080, NOW + left_ms, NOW - MINUTE)


def test_an_official_window_comes_before_the_derived_block(home: Path, look: Look):
    talk(home, 2 * MINUTE)
    (limit,) = look(five_hours(40, left_ms=3 * HOUR))
    assert (limit.source, limit.used_percent, limit.as_of_ms) == ("official", 40, NOW - MINUTE)


def test_an_official_week_does_not_hide_the_derived_block(home: Path, look: Look):
    talk(home, 2 * MINUTE)
    found = [(limit.name, limit.source) for limit in look(week(40, left_ms=3 * DAY))]
    assert found == [("5h", "derived"), ("week", "official")]


def test_a_window_that_has_begun_anew_is_unknown_and_not_stale(home: Path, look: Look):
    (limit,) = look(week(97, left_ms=-MINUTE))
    assert (limit.used_percent, limit.resets_ms, limit.pace, limit.runs_out) == (None,) * 4
    assert limit.as_of_ms == NOW - MINUTE
    assert look(week(97, left_ms=-MINUTE), now_ms=NOW + DAY) == ()


def test_where_the_official_block_is_over_the_derived_one_takes_its_place(home: Path, look: Look):
    talk(home, 2 * MINUTE)
    (limit,) = look(five_hours(97, left_ms=-MINUTE))
    assert (limit.name, limit.source) == ("5h", "derived")


def test_a_window_that_is_used_too_early_says_so(home: Path, look: Look):
    (limit,) = look(five_hours(60, left_ms=3 * HOUR, age_ms=0))
    assert limit.pace == pytest.approx(0.6 / 0.4)
    assert limit.runs_out is None


def test_a_window_runs_out_in_a_range_while_something_is_burned(home: Path, look: Look):
    talk(home, *(minutes * MINUTE for minutes in range(1, 118, 3)))
    (limit,) = look(five_hours(80, left_ms=3 * HOUR))
    assert limit.runs_out is not None
    early, late = limit.runs_out
    assert NOW < early < NOW + HOUR
    assert late is not None
    assert early < late < NOW + 2 * HOUR


def test_a_window_lasts_while_nothing_is_burned(home: Path, look: Look):
    talk(home, *(minutes * MINUTE for minutes in range(20, 118, 3)))
    (limit,) = look(five_hours(80, left_ms=3 * HOUR))
    assert limit.runs_out is None
    assert limit.pace is not None


def test_a_window_of_some_models_counts_those_only(home: Path, look: Look):
    talk(home, *(minutes * MINUTE for minutes in range(1, 118, 3)), model="claude-haiku-4-5")
    of_all, of_opus = look(
        week(99, left_ms=3 * DAY), week(99, left_ms=3 * DAY, name="week opus")
    )[1:]
    assert of_all.runs_out is not None
    assert (of_opus.name, of_opus.runs_out) == ("week opus", None)


def test_a_share_that_is_hours_old_has_a_range_too(home: Path, look: Look):
    talk(home, *(minutes * MINUTE for minutes in range(1, 300, 5)))
    (limit,) = [
        limit
        for limit in look(("week", 50.0, 10_080, NOW + 6 * DAY, NOW - 150 * MINUTE))
        if limit.name == "week"
    ]
    assert limit.runs_out is not None
    assert NOW <= limit.runs_out.early_ms < NOW + 6 * HOUR


def test_codex_windows_run_out_by_what_codex_burns(home: Path, look: Look):
    log = Thread(home, SESSION, "/home/dev/web", rng=random.Random(3))
    log.start(NOW - HOUR)
    for minutes in range(58, 0, -2):
        log.turn(NOW - minutes * MINUTE, used_percent=90 - minutes, resets_ms=NOW + 4 * HOUR)
    log.write(NOW - 2 * MINUTE)
    first, second = look()
    assert (first.agent, first.name, first.window_minutes) == ("codex", "5h", 300)
    assert first.runs_out is not None
    assert NOW < first.runs_out.early_ms < NOW + HOUR
    assert second.name == "week"
