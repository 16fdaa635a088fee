"""How members did in the weeks before: each against their own past, never against another.

A point is what one unit (a change of size S) cost over the 28 days that end on its day. Points are
a week apart, so each shares three weeks with the one before it, and one lucky day moves little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.server.enough import changes_of, spent_of, too_little
from toktui.server.windows import WEEKS, WINDOW_WEEKS, load_weeks
from toktui.server.worth import units_of
from toktui.server.zones import days_before
from toktui.team.wire.document import SIZES, Size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from toktui.server.windows import Weeks

POINTS: Final = WEEKS - WINDOW_WEEKS + 1


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """28 days that end on `until`."""

    until: str
    per_unit_nusd: int | None
    """Cost of one unit; None where too little landed, or too much has no price."""
    changes: int


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one member, the oldest first; the last ends with the board's window."""

    points: tuple[Point, ...] = ()
    weeks: tuple[Landed, ...] = ()

    @property
    def now(self) -> int | None:
        """What a unit costs now."""
        return self.points[-1].per_unit_nusd if self.points else None

    @property
    def best(self) -> int | None:
        """The best of the points whose 28 days were over before the last ones began."""
        earlier = [point.per_unit_nusd for point in self.points[:-WINDOW_WEEKS]]
        return min((value for value in earlier if value is not None), default=None)


class Landed(msgspec.Struct, frozen=True, kw_only=True):
    """What landed in the seven days that end on `until`."""

    until: str
    by_size: Mapping[Size, int]


def load_trends(
    db: Connection, team_id: str, members: Sequence[str], until: str
) -> dict[str, Trend]:
    """The trend of each of these members that has sent anything, by id."""
    ends = [days_before(until, 7 * week) for week in range(WEEKS)]
    weeks = load_weeks(db, team_id, until)
    return {one: _trend(weeks[one], ends) for one in members if any(weeks[one].all)}


def _trend(weeks: Weeks, ends: Sequence[str]) -> Trend:
    """`ends` are the days on which the weeks end, the latest first."""
    points: list[Point] = []
    for end in reversed(range(POINTS)):
        sums = weeks.span(end)
        enough = sums["shares"] and not too_little(sums)
        points.append(Point(
            until=ends[end],
            per_unit_nusd=round(spent_of(sums) / units_of(sums)) if enough else None,
            changes=sum(changes_of(sums).values()),
        ))  # fmt: skip
    landed = (
        Landed(until=ends[week], by_size=changes_of(weeks.week(week)))
        for week in reversed(range(POINTS))
    )
    return Trend(points=tuple(points), weeks=tuple(landed))


def landed_together(trends: Iterable[Trend]) -> tuple[Landed, ...]:
    """What landed in each week, of all of these members; the oldest first."""
    by_week = zip(*(trend.weeks for trend in trends if trend.weeks), strict=True)
    return tuple(
        Landed(until=same[0].until, by_size={
            size: sum(one.by_size[size] for one in same) for size in SIZES
        })
        for same in by_week
    )  # fmt: skip

