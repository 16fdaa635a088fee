"""Each member against their own past."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toktui.server.database import Database
from toktui.server.start import open_database
from toktui.server.tables import SUMS, member, member_day
from toktui.server.upsert import insert_new
from toktui.server.weeks import POINTS, Trend, landed_together, load_trends
from toktui.server.zones import days_before

UNTIL = "2026-11-26"
DOLLAR = 1_000_000_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(None, tmp_path)
    yield made
    made.close()


def fill(database: Database, days: dict[int, dict[str, Any]], who: str = "m_1") -> None:
    """Days of a member by how long ago they are."""
    rows = [
        {**dict.fromkeys(SUMS, 0), "member": who, "team": "t", "day": days_before(UNTIL, back),
         "shares_outcomes": True, "calls": 1, "input": 1000, **sums}
        for back, sums in days.items()
    ]  # fmt: skip
    with database.write() as db:
        insert_new(db, member, {"id": who, "team": "t", "appearance": "name", "name": who,
                                "role": "member", "joined_ms": 0, "first_day": "2026-01-01"})
        db.execute(member_day.insert(), rows)


def trend(database: Database, who: str = "m_1") -> Trend:
    with database.read() as db:
        return load_trends(db, "t", [who], UNTIL)[who]


def test_a_point_is_the_cost_of_a_unit_over_the_28_days_before_it(database: Database):
    fill(database, {back: {"cost_nusd": 2 * DOLLAR, "landed_s": 1} for back in range(84)})
    found = trend(database)
    assert [point.per_unit_nusd for point in found.points] == [2 * DOLLAR] * POINTS
    assert [point.changes for point in found.points] == [28] * POINTS
    assert (found.points[-1].until, found.points[0].until) == (UNTIL, days_before(UNTIL, 56))
    assert found.best == 2 * DOLLAR


def test_a_day_belongs_to_the_week_that_ends_on_it_or_after_it(database: Database):
    fill(database, {back: {"cost_nusd": DOLLAR, "landed_s": 2} for back in range(7, 35)})
    found = trend(database)
    assert [point.changes for point in found.points[-6:]] == [0, 14, 28, 42, 56, 42]
    assert [week.by_size["S"] for week in found.weeks[-6:]] == [0, 14, 14, 14, 14, 0]


def test_now_is_held_against_the_best_of_the_points_before(database: Database):
    cheap = {back: {"cost_nusd": DOLLAR, "landed_s": 1} for back in range(35, 84)}
    dear = {back: {"cost_nusd": 3 * DOLLAR, "landed_s": 1} for back in range(35)}
    fill(database, {**cheap, **dear})
    found = trend(database)
    assert (found.now, found.best) == (3 * DOLLAR, DOLLAR)


def test_days_of_the_window_itself_are_not_its_past(database: Database):
    fill(database, {back: {"cost_nusd": DOLLAR, "landed_s": 1} for back in range(28)})
    found = trend(database)
    assert (found.now, found.best) == (DOLLAR, None)


@pytest.mark.parametrize(
    "why",
    [
        {back: {"cost_nusd": DOLLAR, "landed_s": 1} for back in range(7)},
        {back: {"cost_nusd": DOLLAR, "landed_s": 4} for back in range(5)},
        {back: {"cost_nusd": DOLLAR, "landed_s": 4, "shares_outcomes": False} for back in range(9)},
        {back: {"cost_nusd": 1, "landed_s": 4, "unpriced_tokens": 101} for back in range(9)},
    ],
    ids=["too few changes", "too few days", "not shared", "too much without a price"],
)
def test_where_there_is_not_enough_there_is_no_point(
    database: Database, why: dict[int, dict[str, Any]]
):
    fill(database, why)
    found = trend(database)
    assert found.now is None
    assert found.best is None


def test_who_sent_nothing_has_no_trend(database: Database):
    fill(database, {100: {"cost_nusd": DOLLAR}})
    with database.read() as db:
        assert load_trends(db, "t", ["m_1"], UNTIL) == {}
    assert Trend().now is None


def test_weeks_of_several_add_up_by_size(database: Database):
    fill(database, {0: {"landed_s": 2, "landed_xl": 1}, 6: {"landed_s": 1}, 7: {"landed_m": 5}})
    fill(database, {3: {"landed_s": 4}}, "m_2")
    together = landed_together([trend(database), Trend(), trend(database, "m_2")])
    assert together[-1].by_size == {"XS": 0, "S": 7, "M": 0, "L": 0, "XL": 1}
    assert together[-2].by_size["M"] == 5
    assert landed_together([]) == ()
