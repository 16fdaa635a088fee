"""What the tokens bought: landed changes, what they cost, and what was spent without one.

A session counts whole, on the day of its last call, so that weeks add up to their range. All spend
is in the cost of a landed change, whether or not it is linked to one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta
from statistics import median_low
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from toktui.clock import Range, day_start_ms, local_date, week_label
from toktui.metrics.outcome_places import (
    Places,
    load_places,
    repositories_of,
    why_nothing,
    whys_of,
)
from toktui.metrics.outcome_spent import SessionSpent, Spent, added, per_change, sessions_spent
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.outcomes.attribution import EXACT, split, weight_of
from toktui.outcomes.sizes import SIZES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.filters import Filters

COSTLIEST: Final = 50
"""How many sessions that landed nothing are named."""


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A landed change."""

    number: int
    hash: str
    at_ms: int
    begun_ms: int
    repository: str
    """A folder of it."""
    landed_on: str
    kind: str
    commits: int
    branch: str
    subject: str
    files: int | None
    lines: int | None
    size: str | None
    """One of SIZES; None is not known."""
    reverted_ms: int | None
    reverted_by: str
    sessions: int
    exact: bool
    """At least one session made it for certain."""
    spent: Spent
    """What its sessions cost, as far as it is this change's."""


class SizeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of one size that sessions made; `usual_nusd` is the median of those with a cost."""

    size: str | None
    changes: int
    spent: Spent
    usual_nusd: int | None


class WeekRow(msgspec.Struct, frozen=True, kw_only=True):
    """An ISO week: everything that was spent, and what landed."""

    week: str
    start_ms: int
    spent: Spent
    changes: int | None
    """None: not known, as `linked` is not then."""
    linked: int | None

    @property
    def per_change_nusd(self) -> int | None:
        """All spend for each change that sessions made."""
        return per_change(self.spent, self.linked)


class Unlanded(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is linked to no landed change."""

    number: int
    id: str
    agent: str
    project: str
    last_ms: int
    spent: Spent
    why: str
    """Empty where it worked in a repository that could be read."""


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a range."""

    spent: Spent
    linked: Spent
    """Of it, what sessions cost that made a landed change, whenever that landed."""
    unlinked: Spent
    sessions: int
    linked_sessions: int
    changes: tuple[ChangeRow, ...]
    """The latest first."""
    linked_changes: int
    sizes: tuple[SizeRow, ...]
    weeks: tuple[WeekRow, ...]
    """From the first to the last with spend or a change, all between included."""
    reverted: int
    reverted_spent: Spent
    reasons: Mapping[str, int]
    """Links to the changes, by reason."""
    unlanded: tuple[Unlanded, ...]
    """The costliest first."""
    places: Places
    not_looked_at: Spent
    """Of what is not linked: spent where no repository was ever read."""
    known: bool
    """Something can be said of what landed: it could be looked for where one of the sessions
    worked. Without that nothing is linked or landed as far as is known, which is not nothing."""

    @property
    def per_change_nusd(self) -> int | None:
        """All spend for each change that sessions made."""
        return per_change(self.spent, self.linked_changes)

    @property
    def unattributed(self) -> float | None:
        """The share of the spend that no landed change explains; None if that cannot be known."""
        whole, part = self.spent.nusd, self.unlinked.nusd
        return (part or 0) / whole if whole and self.known else None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a range bought, in one line."""

    changes: int
    linked: int
    reverted: int
    spent: Spent
    unlinked: Spent
    known: bool
    """As in `Outcomes`: else the counts mean nothing."""
    unread: int
    """Folders with a repository that was never read: more may have landed."""

    @property
    def per_change_nusd(self) -> int | None:
        """All spend for each change that sessions made."""
        return per_change(self.spent, self.linked)


_SELECT: Final = (
    "select c.id, c.hash, c.at_ms, c.begun_ms, r.folder, r.branch, c.kind, c.commits,"
    " c.branch, c.subject, c.files, c.lines, c.size, c.reverted_ms, c.reverted_by, r.id"
    " from change c join repository r on r.id = c.repository"
)


def load_outcomes(
    db: sqlite3.Connection, *, zone: ZoneInfo, scope: Scope = EVERYTHING
) -> Outcomes:
    """The answer from one state of the store."""
    db.execute("begin")
    try:
        return _outcomes(db, zone, scope)
    finally:
        db.execute("rollback")


def load_summary(db: sqlite3.Connection, *, zone: ZoneInfo, scope: Scope = EVERYTHING) -> Summary:
    """What a range bought, for screens that are about something else."""
    whole = load_outcomes(db, zone=zone, scope=scope)
    return Summary(
        changes=len(whole.changes),
        linked=whole.linked_changes,
        reverted=whole.reverted,
        spent=whole.spent,
        unlinked=whole.unlinked,
        known=whole.known,
        unread=whole.places.unread,
    )


class Look(NamedTuple):
    """One state of the store: sessions by number; links as session, change and reason; what each
    change has of a session's cost, by session and change."""

    db: sqlite3.Connection
    sessions: Mapping[int, SessionSpent]
    links: Sequence[tuple[int, int, str]]
    shares: Mapping[tuple[int, int], int]

    def changes(self, scope: Scope = EVERYTHING, makers: set[int] | None = None) -> list[ChangeRow]:
        """Those that landed in the range in the projects that are meant, the latest first; made by
        one of the `makers`, or by anybody."""
        return _changes(self, scope, makers)

    def change(self, number: int) -> ChangeRow | None:
        """One of them."""
        row = self.db.execute(f"{_SELECT} where c.id = ?", (number,)).fetchone()
        by = [(session, reason) for session, change, reason in self.links if change == number]
        return None if row is None else _change(row, by, self.shares, self.sessions)


def look_at(db: sqlite3.Connection, change: int | None = None) -> Look:
    """What all questions begin with; in the caller's transaction. With a `change` only the
    sessions that made it, with all their links."""
    makers = "(select session from link where change = ?)"
    values = () if change is None else (change,)
    sessions = sessions_spent(db, "" if change is None else f" and s.id in {makers}", values)
    where = "" if change is None else f" where session in {makers}"
    links: list[tuple[int, int, str]] = [
        row
        for row in db.execute(f"select session, change, reason from link{where}", values)
        if row[0] in sessions
    ]
    sizes: dict[int, int | None] = dict(db.execute("select id, size from change"))
    return Look(db, sessions, links, share_out(sessions, links, sizes))


def _outcomes(db: sqlite3.Connection, zone: ZoneInfo, scope: Scope) -> Outcomes:
    look = look_at(db)
    meant = sessions_in(db, Scope(scope.filters)) if scope.filters else None
    changes = look.changes(scope, _makers(db, scope.filters, meant))
    within = [
        one for one in look.sessions.values()
        if scope.holds(one.last_ms) and (meant is None or one.number in meant)
    ]  # fmt: skip
    whys = whys_of(db)
    lost = [one for one in within if why_nothing(whys, one.project)]
    having = {session for session, _, _ in look.links}
    linked = [one for one in within if one.number in having]
    unlinked = [one for one in within if one.number not in having]
    shown = {change.number for change in changes}
    reverted = [change for change in changes if change.reverted_ms is not None]
    known = bool(changes) or len(lost) < len(within) or not within
    return Outcomes(
        spent=added(one.spent for one in within),
        linked=added(one.spent for one in linked),
        unlinked=added(one.spent for one in unlinked),
        sessions=len(within),
        linked_sessions=len(linked),
        changes=tuple(changes),
        linked_changes=sum(change.sessions > 0 for change in changes),
        sizes=_by_size(changes) if known else (),
        weeks=_by_week(within, changes if known else None, zone),
        reverted=len(reverted),
        reverted_spent=added(change.spent for change in reverted if change.sessions),
        reasons=_counted(reason for _, change, reason in look.links if change in shown),
        unlanded=_unlanded(unlinked, whys),
        places=load_places(db, scope.filters, within, whys),
        not_looked_at=added(one.spent for one in lost if one.number not in having),
        known=known,
    )


def share_out(
    sessions: Mapping[int, SessionSpent],
    links: Iterable[tuple[int, int, str]],
    sizes: Mapping[int, int | None],
) -> dict[tuple[int, int], int]:
    """What each change has of each session's cost, by session and change.

    The shares of a session add up to its cost; a session without a price has none.
    """
    by_session: defaultdict[int, list[int]] = defaultdict(list)
    for session, change, _ in links:
        by_session[session].append(change)
    shares: dict[tuple[int, int], int] = {}
    for session, changes in by_session.items():
        nusd = sessions[session].spent.nusd
        if nusd is None:
            continue
        changes.sort()
        parts = split(nusd, [weight_of(sizes.get(change)) for change in changes])
        shares |= {(session, c): part for c, part in zip(changes, parts, strict=True)}
    return shares


def _makers(db: sqlite3.Connection, filters: Filters, meant: set[int] | None) -> set[int] | None:
    """The sessions one of which a change must have; None: it needs none, for a project is told by
    the repository."""
    others = msgspec.structs.replace(filters, projects=())
    if not others:
        return None
    return meant if others == filters else sessions_in(db, Scope(others))


def _changes(look: Look, scope: Scope, makers: set[int] | None) -> list[ChangeRow]:
    by_change: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for session, change, reason in look.links:
        by_change[change].append((session, reason))
    places = repositories_of(look.db, scope.filters) if scope.filters.projects else None
    found: list[ChangeRow] = []
    for row in look.db.execute(
        f"{_SELECT} where c.at_ms >= ? and c.at_ms < ? order by c.at_ms desc, c.id desc",
        scope.within,
    ):
        number = row[0]
        by = by_change[number]
        if places is not None and row[15] not in places:
            continue
        if makers is not None and not any(session in makers for session, _ in by):
            continue
        found.append(_change(row, by, look.shares, look.sessions))
    return found


def _change(
    row: tuple[Any, ...],
    by: Sequence[tuple[int, str]],
    shares: Mapping[tuple[int, int], int],
    sessions: Mapping[int, SessionSpent],
) -> ChangeRow:
    (number, hash_, at_ms, begun_ms, folder, landed_on, kind, commits, branch, subject, files,
     lines, size, reverted_ms, reverted_by, _) = row  # fmt: skip
    return ChangeRow(
        number=number, hash=hash_, at_ms=at_ms, begun_ms=begun_ms, repository=folder,
        landed_on=landed_on, kind=kind, commits=commits, branch=branch, subject=subject,
        files=files, lines=lines, size=_size_word(size),
        reverted_ms=reverted_ms, reverted_by=reverted_by, sessions=len(by),
        exact=any(reason in EXACT for _, reason in by),
        spent=added(
            Spent(shares.get((session, number)), sessions[session].spent.lacks)
            for session, _ in by
        ),
    )  # fmt: skip


def _size_word(size: int | None) -> str | None:
    return None if size is None else SIZES[size]


def _by_size(changes: Sequence[ChangeRow]) -> tuple[SizeRow, ...]:
    groups: defaultdict[str | None, list[ChangeRow]] = defaultdict(list)
    for change in changes:
        if change.sessions:
            groups[change.size].append(change)
    rows: list[SizeRow] = []
    for size in (*SIZES, None):
        group = groups.get(size, [])
        costs = [change.spent.nusd for change in group if change.spent.nusd is not None]
        if group or size is not None:
            rows.append(SizeRow(
                size=size,
                changes=len(group),
                spent=added(change.spent for change in group),
                usual_nusd=median_low(costs) if costs else None,
            ))  # fmt: skip
    return tuple(rows)


def _by_week(
    sessions: Sequence[SessionSpent], changes: Sequence[ChangeRow] | None, zone: ZoneInfo
) -> tuple[WeekRow, ...]:
    times = [one.last_ms for one in sessions] + [change.at_ms for change in changes or ()]
    if not times:
        return ()
    starts = _weeks(Range(min(times), max(times)), zone)
    spent: list[list[Spent]] = [[] for _ in starts]
    landed: list[list[ChangeRow]] = [[] for _ in starts]
    for one in sessions:
        spent[bisect_right(starts, one.last_ms) - 1].append(one.spent)
    for change in changes or ():
        landed[bisect_right(starts, change.at_ms) - 1].append(change)
    is_known = changes is not None
    return tuple(
        WeekRow(
            week=week_label(start, zone),
            start_ms=start,
            spent=added(spent[i]),
            changes=len(landed[i]) if is_known else None,
            linked=sum(change.sessions > 0 for change in landed[i]) if is_known else None,
        )
        for i, start in enumerate(starts)
    )


def _weeks(span: Range, zone: ZoneInfo) -> list[int]:
    """When each week begins, from the one of the first to the one of the last time."""
    day = local_date(span.start_ms, zone)
    day -= timedelta(days=day.weekday())
    starts: list[int] = []
    while not starts or day_start_ms(day, zone) <= span.end_ms:
        starts.append(day_start_ms(day, zone))
        day += timedelta(days=7)
    return starts


def _unlanded(
    sessions: Iterable[SessionSpent], whys: Mapping[str, str]
) -> tuple[Unlanded, ...]:
    costliest = sorted(sessions, key=lambda one: (-(one.spent.nusd or 0), one.number))[:COSTLIEST]
    return tuple(
        Unlanded(
            number=one.number, id=one.id, agent=one.agent, project=one.project,
            last_ms=one.last_ms, spent=one.spent,
            why=why_nothing(whys, one.project),
        )
        for one in costliest
        if one.spent.nusd
    )  # fmt: skip


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for word in words:
        counts[word] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
