"""Past windows, and who used them: parts that add up, official words before derived ones."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from toktui.clock import Range
from toktui.dev.sample import DAY, MINUTE, Conversation, Thread, settle_home
from toktui.metrics.eaters import load_eaten
from toktui.metrics.limits import load_limits
from toktui.metrics.windows import block_starts, derived_blocks, known_windows, official_windows
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader

NOW = 1_795_357_925_000
"""2026-11-22 14:32:05 UTC, a Sunday."""
HOUR = 60 * MINUTE
TODAY = NOW - 14 * HOUR - 32 * MINUTE - 5_000


def uuid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


@pytest.fixture
def db(home: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Two days: Claude Code in two blocks a day, Codex with a thread that started another."""
    for day in (0, 1):
        for hour in (2, 9):
            start = TODAY - day * DAY + hour * HOUR + 20 * MINUTE
            log = Conversation(home, uuid(10 * day + hour), "/home/dev/shop",
                               rng=random.Random(day * 10 + hour))  # fmt: skip
            log.work(start, start + 90 * MINUTE, pace_ms=4 * MINUTE)
            log.write()
        start = TODAY - day * DAY + 8 * HOUR
        for child in (False, True):
            thread = Thread(
                home, uuid(50 + 2 * day + child), "/home/dev/web",
                parent=uuid(50 + 2 * day) if child else "", rng=random.Random(day + child),
            )  # fmt: skip
            thread.work(start, start + 2 * HOUR, pace_ms=6 * MINUTE, used=40.0 + 30 * day)
            thread.write()
    house = Conversation(home, uuid(90), "/home/dev/docs", model="house-model-7b")
    house.work(TODAY + 9 * HOUR, TODAY + 10 * HOUR, pace_ms=10 * MINUTE)
    house.write()
    store = tmp_path / "data/toktui.db"
    settle_home(home, store, load_book(), NOW)
    db = connect_reader(store)
    yield db
    db.close()


def whole(db: sqlite3.Connection, agent: str, within: Range) -> tuple[int, int, int]:
    return db.execute(
        "select count(*), sum(input + cache_read + cache_write_5m + cache_write_1h + output),"
        " sum(cost_nusd) from calls where agent = ? and at_ms >= ? and at_ms < ?",
        (agent, *within),
    ).fetchone()


@pytest.mark.parametrize("agent", ["claude-code", "codex"])
@pytest.mark.parametrize("minutes", [17, 95, 300, 2_000])
def test_the_parts_of_any_window_add_up_to_its_calls(
    db: sqlite3.Connection, agent: str, minutes: int
):
    for end in range(TODAY - DAY, TODAY + 12 * HOUR, 3 * HOUR + 7 * MINUTE):
        within = Range(end - minutes * MINUTE, end)
        eaten = load_eaten(db, agent, "5h", within)
        calls, tokens, cost = whole(db, agent, within)
        assert (eaten.calls, eaten.tokens, eaten.cost_nusd) == (calls, tokens or 0, cost or 0)
        if calls:
            shares = [eaten.share_of(eater) for eater in eaten.eaters]
            assert sum(share or 0 for share in shares) == pytest.approx(1)


def test_what_a_session_started_counts_with_it(db: sqlite3.Connection):
    (web,) = load_eaten(db, "codex", "5h", Range(TODAY, NOW)).eaters
    assert (web.id, web.others) == (uuid(50), 1)


def test_a_window_of_a_model_is_used_by_that_model_alone(db: sqlite3.Connection):
    within = Range(TODAY, NOW)
    assert {e.model for e in load_eaten(db, "claude-code", "week house", within).eaters} == {
        "house-model-7b"
    }
    assert len(load_eaten(db, "claude-code", "week", within).eaters) == 3


def test_an_unpriced_part_is_measured_in_tokens(db: sqlite3.Connection):
    eaten = load_eaten(db, "claude-code", "week", Range(TODAY, NOW))
    (house,) = (e for e in eaten.eaters if e.model == "house-model-7b")
    assert house.cost_nusd is None
    assert eaten.share_of(house) == house.tokens / eaten.tokens > 0


def test_the_largest_part_comes_first_however_parts_are_measured(db: sqlite3.Connection):
    for within in (Range(TODAY, NOW), Range(TODAY - DAY, TODAY)):
        eaten = load_eaten(db, "claude-code", "week", within)
        shares = [eaten.share_of(eater) or 0 for eater in eaten.eaters]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) > 1


def test_the_present_block_says_that_it_lacks_calls_without_a_price(db: sqlite3.Connection):
    block = next(limit for limit in load_limits(db, TODAY + 10 * HOUR) if limit.name == "5h")
    assert (block.source, block.agent) == ("derived", "claude-code")
    assert block.unpriced == whole_unpriced(db, Range(TODAY + 9 * HOUR, NOW)) > 0


def whole_unpriced(db: sqlite3.Connection, within: Range) -> int:
    return db.execute(
        "select count(*) from calls where agent = 'claude-code' and cost_nusd is null"
        " and at_ms >= ? and at_ms < ?",
        within,
    ).fetchone()[0]


def test_blocks_begin_on_the_hour_after_the_one_before(db: sqlite3.Connection):
    blocks = derived_blocks(db, "claude-code", Range(TODAY - DAY, NOW))
    starts = [(block.start_ms - TODAY) // HOUR for block in blocks]
    assert starts == [-22, -15, 2, 9]
    assert sum(block.calls for block in blocks) == whole(db, "claude-code", Range(0, NOW))[0]


def test_a_call_at_the_end_of_a_block_begins_the_next_one():
    assert block_starts([0, 4 * HOUR + 45 * MINUTE, 5 * HOUR, 12 * HOUR + 15 * MINUTE]) == [
        0, 5 * HOUR, 12 * HOUR
    ]  # fmt: skip


def test_official_windows_keep_how_full_they_were(db: sqlite3.Connection):
    windows = official_windows(db, "codex", "5h", Range(TODAY - 2 * DAY, NOW))
    assert [window.used_percent for window in windows] == [70.0, 40.0]
    assert all(window.calls and window.end_ms - window.start_ms == 5 * HOUR for window in windows)
    assert [known[:3] for known in known_windows(db)] == [
        ("codex", "5h", 300), ("codex", "week", 10_080)
    ]  # fmt: skip
