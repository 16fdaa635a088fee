"""How members did in the weeks before: each against their own past, never against another.

A point is what one unit (a change of size S) cost over the 28 days that end on its day. Points are
a week apart, so each shares three weeks with the one before it, and one lucky day moves little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Case, Connection, Integer, case, cast, func, select

from toktui.server.board import (
    LEAST_CHANGES,
    LEAST_DAYS,
    MOST_UNPRICED,
    WINDOW_DAYS,
    units_of,
)
from toktui.server.tables import LANDED, member, member_day
from toktui.server.zones import days_before
from toktui.team.wire.document import SIZES, Size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

POINTS: Final = 9
_WEEKS: Final = POINTS - 1 + WINDOW_DAYS // 7
_BUCKETS: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
_SUMMED: Final = ("cost_nusd", "unpriced_tokens", *_BUCKETS, *LANDED)
_COLUMNS: Final = ("days", "shares", *_SUMMED)
_LANDED: Final = slice(-len(LANDED), None)
_Sums = tuple[int, ...]
"""Of one week, in the order of `_COLUMNS`."""
_NOTHING: Final[_Sums] = (0,) * len(_COLUMNS)


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
        """The best of the points before."""
        earlier = [point.per_unit_nusd for point in self.points[:-1]]
        return min((value for value in earlier if value is not None), default=None)

    @property
    def against_best(self) -> float | None:
        """`now` as a multiple of the best; None without both."""
        return self.now / self.best if self.now is not None and self.best else None


class Landed(msgspec.Struct, frozen=True, kw_only=True):
    """What landed in the seven days that end on `until`."""

    until: str
    by_size: Mapping[Size, int]


def load_trends(db: Connection, members: Sequence[str], until: str) -> dict[str, Trend]:
    """The trend of each of these members that has sent anything, by id."""
    ends = [days_before(until, 7 * week) for week in range(_WEEKS)]
    rows = db.execute(
        select(member_day.c.member, _week(ends).label("week"), func.count().label("days"),
               func.max(cast(member_day.c.shares_outcomes, Integer)).label("shares"),
               *(func.sum(member_day.c[name]).label(name) for name in _SUMMED))
        .where(member_day.c.member.in_(members),
               member_day.c.day > days_before(until, 7 * _WEEKS), member_day.c.day <= until)
        .group_by(member_day.c.member, "week")
    )  # fmt: skip
    weeks: dict[str, list[_Sums]] = defaultdict(lambda: [_NOTHING] * _WEEKS)
    for values in map(tuple[Any, ...], rows):
        weeks[values[0]][values[1]] = tuple(map(int, values[2:]))
    return {one: _trend(found, ends) for one, found in weeks.items()}


def ids_of(db: Connection, team_id: str, names: Sequence[str]) -> dict[str, str]:
    """The listed members of these names."""
    found = db.execute(
        select(member.c.name, member.c.id)
        .where(member.c.team == team_id, member.c.appearance != "hidden", member.c.name.in_(names))
    )  # fmt: skip
    return {row.name: row.id for row in found}


def _week(ends: Sequence[str]) -> Case[int]:
    """How many weeks ago a day lies, in both databases' words."""
    return case(
        *((member_day.c.day > earlier, week) for week, earlier in enumerate(ends[1:])),
        else_=len(ends) - 1,
    )


def _trend(weeks: Sequence[_Sums], ends: Sequence[str]) -> Trend:
    """`weeks` and the days on which they end, the latest first."""
    points: list[Point] = []
    for end in reversed(range(POINTS)):
        sums = tuple(map(sum, zip(*weeks[end : end + WINDOW_DAYS // 7], strict=True)))
        points.append(Point(
            until=ends[end], per_unit_nusd=_per_unit(dict(zip(_COLUMNS, sums, strict=True))),
            changes=sum(sums[_LANDED]),
        ))  # fmt: skip
    landed = (
        Landed(until=ends[week], by_size=dict(zip(SIZES, weeks[week][_LANDED], strict=True)))
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


def _per_unit(sums: Mapping[str, int]) -> int | None:
    changes = sum(sums[name] for name in LANDED)
    tokens = sum(sums[name] for name in _BUCKETS)
    if not sums["shares"] or changes < LEAST_CHANGES or sums["days"] < LEAST_DAYS:
        return None
    if sums["unpriced_tokens"] > MOST_UNPRICED * tokens:
        return None
    return round(sums["cost_nusd"] / units_of(sums))
