"""How members did in the weeks before: each against their own past, never against another.

A point is what one unit (a change of size S) cost over the 28 days that end on its day. Points are
a week apart, so each shares three weeks with the one before it, and one lucky day moves little.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

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
from toktui.team.wire.document import SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POINTS: Final = 9
_WEEKS: Final = POINTS - 1 + WINDOW_DAYS // 7
_BUCKETS: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
_SUMS: Final = ("cost_nusd", "unpriced_tokens", *_BUCKETS, *LANDED)


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """28 days that end on `until`."""

    until: str
    per_unit_nusd: int | None
    """Cost of one unit; None where too little landed, or too much has no price."""
    changes: int


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Points of one member, the oldest first; the last ends with the board's window."""

    points: tuple[Point, ...]

    @property
    def now(self) -> int | None:
        """What a unit costs now."""
        return self.points[-1].per_unit_nusd

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
    by_size: Mapping[str, int]


def load_trends(
    db: Connection, team_id: str, members: Sequence[str], until: str
) -> dict[str, Trend]:
    """The trend of each of these members that has sent anything, by id."""
    ends = [days_before(until, 7 * week) for week in range(_WEEKS)]
    rows = db.execute(
        select(member_day.c.member, _week(ends).label("week"), func.count().label("days"),
               func.max(cast(member_day.c.shares_outcomes, Integer)).label("shares"),
               *(func.sum(member_day.c[name]).label(name) for name in _SUMS))
        .where(member_day.c.team == team_id, member_day.c.member.in_(members),
               member_day.c.day > days_before(until, 7 * _WEEKS), member_day.c.day <= until)
        .group_by(member_day.c.member, "week")
    ).mappings()  # fmt: skip
    weeks: dict[str, dict[int, Mapping[str, int]]] = defaultdict(dict)
    for row in rows:
        sums = {name: int(row[name]) for name in ("days", "shares", *_SUMS)}
        weeks[row["member"]][int(row["week"])] = sums
    return {one: _trend(found, ends) for one, found in weeks.items()}


def ids_of(db: Connection, team_id: str, names: Sequence[str]) -> dict[str, str]:
    """The listed members of these names."""
    found = db.execute(
        select(member.c.name, member.c.id)
        .where(member.c.team == team_id, member.c.appearance != "hidden", member.c.name.in_(names))
    )  # fmt: skip
    return {row.name: row.id for row in found}


def load_landed(db: Connection, team_id: str, until: str, *, weeks: int) -> tuple[Landed, ...]:
    """What the listed members landed in each week, the oldest first."""
    ends = [days_before(until, 7 * week) for week in range(weeks)]
    found = db.execute(
        select(_week(ends).label("week"),
               *(func.sum(member_day.c[name]).label(name) for name in LANDED))
        .select_from(member_day.join(member, member.c.id == member_day.c.member))
        .where(member_day.c.team == team_id, member.c.appearance != "hidden",
               member_day.c.day > days_before(until, 7 * weeks), member_day.c.day <= until)
        .group_by("week")
    ).mappings()  # fmt: skip
    by_week = {int(row["week"]): row for row in found}
    return tuple(
        Landed(until=ends[week], by_size={
            size: int(by_week[week][name]) if week in by_week else 0
            for name, size in zip(LANDED, SIZES, strict=True)
        })
        for week in reversed(range(weeks))
    )  # fmt: skip


def _week(ends: Sequence[str]) -> Case[int]:
    """How many weeks ago a day lies, in both databases' words."""
    return case(
        *((member_day.c.day > earlier, week) for week, earlier in enumerate(ends[1:])),
        else_=len(ends) - 1,
    )


def _trend(weeks: Mapping[int, Mapping[str, int]], ends: Sequence[str]) -> Trend:
    points: list[Point] = []
    for end in reversed(range(POINTS)):
        window = [weeks[week] for week in range(end, end + WINDOW_DAYS // 7) if week in weeks]
        sums = {name: sum(week[name] for week in window) for name in ("days", "shares", *_SUMS)}
        points.append(Point(
            until=ends[end], per_unit_nusd=_per_unit(sums),
            changes=sum(sums[name] for name in LANDED),
        ))  # fmt: skip
    return Trend(points=tuple(points))


def _per_unit(sums: Mapping[str, int]) -> int | None:
    changes = sum(sums[name] for name in LANDED)
    tokens = sum(sums[name] for name in _BUCKETS)
    if not sums["shares"] or changes < LEAST_CHANGES or sums["days"] < LEAST_DAYS:
        return None
    if sums["unpriced_tokens"] > MOST_UNPRICED * tokens:
        return None
    return round(sums["cost_nusd"] / units_of(sums))
