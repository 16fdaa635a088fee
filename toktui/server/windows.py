"""What each member's weeks hold, from which board and trends are made.

Adding up the days of a thousand members takes longer than a page may, and few of them change
between two pages. So the weeks of a member are kept in the process, with the number that the
database raises in the same transaction as his days change: what is kept is exact, whichever process
wrote. Weeks are counted back from the last closed day, so all are added up anew once a day.
"""

from __future__ import annotations

import threading
from array import array
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from sqlalchemy import Connection, case, func, select

from toktui.server.enough import spent_of, too_little
from toktui.server.flags import HARMLESS
from toktui.server.tables import LANDED, SUMS, flag, member, member_day
from toktui.server.worth import units_of
from toktui.server.zones import days_before

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Case

WEEKS: Final = 12
WINDOW_WEEKS: Final = 4
NAMES: Final = (*SUMS, "live", "days", "shares")
"""Of a week: sums, live days, days with calls, and on how many days outcomes were shared."""
OPTION: Final = "toktui_windows"
"""The execution option under which a reading engine has its cache."""
_AT_ONCE: Final = 500
_MOST_TEAMS: Final = 64

Week: TypeAlias = "array[int]"
"""The values of NAMES."""


class Weeks:
    """A member's weeks, by how many weeks ago; None without anything sent."""

    def __init__(self, weeks: Sequence[Week | None] = (None,) * WEEKS) -> None:
        self.all = tuple(weeks)

    def span(self, first: int) -> dict[str, int]:
        """The sums of the 28 days that ended `first` weeks ago."""
        there = [week for week in self.all[first : first + WINDOW_WEEKS] if week is not None]
        if not there:
            return dict.fromkeys(NAMES, 0)
        return dict(zip(NAMES, map(sum, zip(*there, strict=True)), strict=True))

    def week(self, ago: int) -> dict[str, int]:
        """The sums of one week."""
        return dict(zip(NAMES, self.all[ago] or (0,) * len(NAMES), strict=True))

    @cached_property
    def window(self) -> dict[str, int]:
        """The sums of the last 28 days."""
        return self.span(0)

    @cached_property
    def best(self) -> float | None:
        """The least that a unit cost in any 28 days that were over before the window began.

        The best of them, so that nobody gains by doing badly for a while.
        """
        spans = [self.span(first) for first in range(WINDOW_WEEKS, WEEKS - WINDOW_WEEKS + 1)]
        costs = [spent_of(one) / units_of(one) for one in spans if not too_little(one)]
        return min(costs, default=None)

    def without(self, landed: Mapping[int, Sequence[int]]) -> Weeks:
        """The same without these landed changes of some weeks."""
        weeks = list(self.all)
        for number, counts in landed.items():
            week = weeks[number]
            if week is not None:
                less = array("q", week)
                for name, count in zip(LANDED, counts, strict=True):
                    less[NAMES.index(name)] -= count
                weeks[number] = less
        return Weeks(weeks)


NOTHING: Final = Weeks()


class WindowCache:
    """The weeks of members, by team and last day."""

    def __init__(self) -> None:
        self._teams: dict[tuple[str, str], dict[str, tuple[int, Weeks]]] = {}
        self._lock = threading.Lock()

    def known(self, team_id: str, until: str) -> dict[str, tuple[int, Weeks]]:
        """A copy of what is kept."""
        with self._lock:
            return dict(self._teams.get((team_id, until), {}))

    def keep(self, team_id: str, until: str, found: Mapping[str, tuple[int, Weeks]]) -> None:
        """Keeps what was added up, unless something later is kept; forgets who is gone."""
        with self._lock:
            kept = self._teams.pop((team_id, until), {})
            merged = {
                one: kept[one] if one in kept and kept[one][0] > new[0] else new
                for one, new in found.items()
            }
            # Somebody may still read as of the day that has just ended, and nobody of an earlier.
            for old in sorted(key for key in self._teams if key[0] == team_id)[:-1]:
                del self._teams[old]
            self._teams[team_id, until] = merged
            while len(self._teams) > _MOST_TEAMS:
                del self._teams[next(iter(self._teams))]


def load_weeks(db: Connection, team_id: str, until: str) -> dict[str, Weeks]:
    """The weeks of each member, the first ending on `until`; days that are flagged land nothing."""
    versions = {
        row.id: row.changed
        for row in db.execute(
            select(member.c.id, member.c.changed).where(member.c.team == team_id)
        )
    }  # fmt: skip
    cache = cast(WindowCache | None, db.get_execution_options().get(OPTION))
    known = {} if cache is None else cache.known(team_id, until)
    current = {
        one: known[one] for one, version in versions.items()
        if one in known and known[one][0] == version
    }  # fmt: skip
    missing = [one for one in versions if one not in current]
    fresh = _added_up(db, team_id, missing, until)
    current |= {one: (versions[one], fresh.get(one, NOTHING)) for one in missing}
    if cache is not None and (missing or len(known) != len(current)):
        cache.keep(team_id, until, current)
    weeks = {one: found for one, (_, found) in current.items()}
    return weeks | _without_flagged(db, team_id, weeks, until)


def _added_up(
    db: Connection, team_id: str, members: Sequence[str], until: str
) -> dict[str, Weeks]:
    ends = [days_before(until, 7 * week) for week in range(WEEKS)]
    days = member_day.c
    statement = (
        select(days.member, _week(ends).label("week"),
               *(func.sum(days[name]) for name in (*SUMS, "live")),
               func.sum(case((days.calls > 0, 1), else_=0)),
               func.sum(as_number(days.shares_outcomes)))
        .where(days.team == team_id, days.day > days_before(until, 7 * WEEKS), days.day <= until)
        .group_by(days.member, "week")
    )  # fmt: skip
    found: dict[str, list[Week | None]] = defaultdict(lambda: [None] * WEEKS)
    # Nearly all of a team: without naming them, which is faster.
    parts: list[Any] = [statement]
    if len(members) <= _AT_ONCE:
        parts = [statement.where(days.member.in_(members))] if members else []
    for part in parts:
        rows: Any = db.execute(part)
        for row in rows:
            found[row[0]][int(row[1])] = array("q", map(int, row[2:]))
    return {one: Weeks(weeks) for one, weeks in found.items()}


def as_number(column: Any) -> Any:
    """A switch as 0 or 1, in both databases' words."""
    return case((column, 1), else_=0)


def _week(ends: Sequence[str]) -> Case[int]:
    """How many weeks ago a day lies, in both databases' words."""
    return case(
        *((member_day.c.day > earlier, week) for week, earlier in enumerate(ends[1:])),
        else_=len(ends) - 1,
    )


def load_flagged(db: Connection, team_id: str, since: str, until: str) -> dict[str, set[str]]:
    """The rules that the days of each member break, without those that harm nobody."""
    found: dict[str, set[str]] = defaultdict(set)
    for who, _, rule in _flags(db, team_id, since, until):
        found[who].add(rule)
    return found


def _flags(
    db: Connection, team_id: str, since: str, until: str
) -> list[tuple[str, str, str]]:
    """Members, days, and the rules that matter."""
    rows = db.execute(
        select(flag.c.member, flag.c.day, flag.c.rule)
        .where(flag.c.team == team_id, flag.c.day >= since, flag.c.day <= until,
               flag.c.rule.not_in(HARMLESS))
    )  # fmt: skip
    return [(row.member, row.day, row.rule) for row in rows]


def _without_flagged(
    db: Connection, team_id: str, weeks: Mapping[str, Weeks], until: str
) -> dict[str, Weeks]:
    """The weeks of those who have flagged days: what was spent stays, what landed does not count.
    """
    flags = _flags(db, team_id, days_before(until, 7 * WEEKS - 1), until)
    flagged = {(who, day) for who, day, _ in flags}
    if not flagged:
        return {}
    ends = [days_before(until, 7 * week) for week in range(WEEKS)]
    days = member_day.c
    rows: Any = db.execute(
        select(days.member, days.day, _week(ends), *(days[name] for name in LANDED))
        .where(days.member.in_({who for who, _ in flagged}), days.day.in_({d for _, d in flagged}))
    )  # fmt: skip
    found: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for who, day, ago, *landed in rows:
        if (who, day) in flagged:
            week = found[who].setdefault(int(ago), [0] * len(LANDED))
            for place, count in enumerate(landed):
                week[place] += count
    return {one: weeks[one].without(landed) for one, landed in found.items() if one in weeks}
