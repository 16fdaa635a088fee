"""The windows of plans on the Live screen: as much as there is room, the pressing ones first."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from toktui.metrics.limits import Limit
from toktui.metrics.live import Live, load_live
from toktui.metrics.pace import RunsOut
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader
from toktui.tui.theme import DARK, Palette
from toktui.tui.widgets.limits import limits_line

from .conftest import NOW, Run

HOUR = 3_600_000
PALETTE = Palette(dict.fromkeys(("foreground", "background", "accent"), "#888888"), dark=DARK.dark)
WEEK = Limit("claude-code", "week", 31, NOW + 40 * HOUR, "official", NOW, pace=0.4)
FIVE = Limit(
    "claude-code", "5h", 58.2, NOW + 2 * HOUR, "official", NOW - HOUR, pace=1.44,
    runs_out=RunsOut(NOW + HOUR, NOW + HOUR + 1_800_000),
)  # fmt: skip
ANEW = Limit("codex", "5h", None, None, "official", NOW - 6 * HOUR)
BLOCK = Limit("claude-code", "5h", None, NOW + HOUR, "derived", NOW, cost_nusd=11_200_000_000)


@pytest.fixture
def live(empty: Path) -> Live:
    db = connect_reader(empty)
    found = load_live(db, NOW, ZoneInfo("UTC"), load_book())
    db.close()
    return found


def text(live: Live, *limits: Limit, room: int = 300) -> str:
    line = limits_line(replace(live, limits=limits), room, PALETTE, ZoneInfo("UTC"))
    assert line.width <= room
    return "".join(piece.text for piece in line.pieces)


def test_with_room_a_window_says_everything(live: Live):
    assert text(live, FIVE) == (
        "claude-code 5h ━━━━━━──── 58 %  full 15:32–16:02  2 h left  pace ×1.4  (1 h old)"
    )


def test_with_little_room_it_says_when_it_is_full(live: Live):
    assert text(live, FIVE, WEEK, room=60) == (
        "claude-code 5h 58 %  full 15:32–16:02  week 31 %"
    )


def test_without_room_the_pressing_windows_stay(live: Live):
    assert text(live, WEEK, FIVE, room=40) == "claude-code week 31 %  5h 58 %"
    assert text(live, WEEK, ANEW, FIVE, room=39) == "claude-code 5h 58 %  full 15:32–16:02"
    assert text(live, WEEK, FIVE, room=5) == ""


def test_a_window_that_runs_out_is_more_pressing_than_one_that_may_last(live: Live):
    may_last = replace(WEEK, agent="codex", runs_out=RunsOut(NOW + HOUR // 2, None))
    assert text(live, may_last, FIVE, WEEK, room=44).startswith("claude-code 5h 58 %")


def test_a_window_that_has_begun_anew_is_unknown(live: Live):
    assert text(live, ANEW) == "codex 5h – begun anew"


def test_a_derived_window_is_marked(live: Live):
    assert text(live, BLOCK) == "claude-code 5h $11.2 in the block, 1 h left (derived)"


def test_a_derived_window_has_the_marks_of_what_it_cost(live: Live):
    assert "5h ≥$11.2 in the block" in text(live, replace(BLOCK, unpriced=1, estimated=1))
    assert "5h ~$11.2 in the block" in text(live, replace(BLOCK, estimated=1))


def test_a_window_that_may_last_says_so(live: Live):
    open_end = Limit("codex", "5h", 40, NOW + 30 * HOUR, "official", NOW,
                     runs_out=RunsOut(NOW + 20 * HOUR, None))  # fmt: skip
    full = Limit("codex", "5h", 99, NOW + HOUR, "official", NOW, runs_out=RunsOut(NOW, NOW))
    assert "not full before 23 Nov 10:32" in text(live, open_end)
    assert "probably full" in text(live, full)


def test_of_what_is_some_days_away_only_the_day_is_said(live: Live):
    week = replace(WEEK, runs_out=RunsOut(NOW + 72 * HOUR, NOW + 120 * HOUR))
    assert "full 25 Nov–27 Nov" in text(live, week)
    may_last = replace(WEEK, runs_out=RunsOut(NOW + 72 * HOUR, None))
    assert "not full before 25 Nov  " in text(live, may_last)
    one_day = replace(WEEK, runs_out=RunsOut(NOW + 72 * HOUR, NOW + 73 * HOUR))
    assert "full 25 Nov  " in text(live, one_day)
    mixed = replace(WEEK, runs_out=RunsOut(NOW + HOUR, NOW + 72 * HOUR))
    assert "full 15:32–25 Nov" in text(live, mixed)
    around = replace(WEEK, runs_out=RunsOut(NOW + 47 * HOUR, NOW + 49 * HOUR))
    assert "full 24 Nov 13:32–15:32" in text(live, around)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_official_windows_are_on_the_live_screen(
    size: tuple[int, int], normal: Path, tmp_path: Path, run: Run
):
    store = tmp_path / "toktui.db"
    with sqlite3.connect(normal) as source, sqlite3.connect(store) as db:
        source.backup(db)
        db.execute(
            "insert or replace into limit_seen select id, '5h', 97, 300, ?, ? from name"
            " where text = 'claude-code'",
            (NOW + 2 * HOUR, NOW - 60_000),
        )
    source.close()
    db.close()
    async with run(store, size=size) as screens:
        (row,) = [line for line in screens.text.splitlines() if " 97 %" in line]
        assert "claude-code" in row
        assert "full" in row
