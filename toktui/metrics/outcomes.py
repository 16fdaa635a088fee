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
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.outcomes.attribution import EXACT, split, weight_of
from toktui.outcomes.sizes import SIZES
from toktui.store.absurd import MOST

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

COSTLIEST: Final = 50
"""How many sessions that landed nothing are named."""


class Spent(msgspec.Struct, frozen=True):
    """List cost of sessions, in nano-dollars; None where none has a price."""

    nusd: int | None = None
    lacks: bool = False
    """Calls without a price are missing from it."""


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
    changes: int
    linked: int

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


class RepositoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that could be read."""

    folder: str
    branch: str
    upstream: bool
    knows_author: bool
    changes: int


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
    repositories: tuple[RepositoryRow, ...]
    nowhere: Mapping[str, int]
    """Folders without a readable repository, by why."""

    @property
    def per_change_nusd(self) -> int | None:
        """All spend for each change that sessions made."""
        return per_change(self.spent, self.linked_changes)

    @property
    def unattributed(self) -> float | None:
        """The share of the spend that no landed change explains."""
        whole, part = self.spent.nusd, self.unlinked.nusd
        return (part or 0) / whole if whole else None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a range bought, in one line."""

    changes: int
    linked: int
    reverted: int
    spent: Spent
    unlinked: Spent

    @property
    def per_change_nusd(self) -> int | None:
        """All spend for each change that sessions made."""
        return per_change(self.spent, self.linked)


def per_change(spent: Spent, linked: int) -> int | None:
    """Nano-dollars for each change, rounded half even; None without changes or prices."""
    return round(spent.nusd / linked) if spent.nusd is not None and linked else None


_SELECT: Final = (
    "select c.id, c.hash, c.at_ms, c.begun_ms, r.folder, r.branch, c.kind, c.commits,"
    " c.branch, c.subject, c.files, c.lines, c.size, c.reverted_ms, c.reverted_by, r.id"
    " from change c join repository r on r.id = c.repository"
)


class SessionSpent(NamedTuple):
    """A session and its cost as a whole."""

    number: int
    id: str
    agent: str
    project: str
    last_ms: int
    spent: Spent


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
    )


class Look(NamedTuple):
    """One state of the store: sessions by number; links as session, change and reason; what each
    change has of a session's cost, by session and change."""

    db: sqlite3.Connection
    sessions: Mapping[int, SessionSpent]
    links: Sequence[tuple[int, int, str]]
    shares: Mapping[tuple[int, int], int]

    def changes(self, scope: Scope = EVERYTHING, meant: set[int] | None = None) -> list[ChangeRow]:
        """Those that landed in the range, the latest first; `meant` are the sessions of the
        filters, None without any."""
        return _changes(self, scope, meant)

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
    sessions = _sessions(db, "" if change is None else f" and s.id in {makers}", values)
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
    changes = look.changes(scope, meant)
    within = [
        one for one in look.sessions.values()
        if scope.holds(one.last_ms) and (meant is None or one.number in meant)
    ]  # fmt: skip
    having = {session for session, _, _ in look.links}
    linked = [one for one in within if one.number in having]
    unlinked = [one for one in within if one.number not in having]
    shown = {change.number for change in changes}
    reverted = [change for change in changes if change.reverted_ms is not None]
    return Outcomes(
        spent=added(one.spent for one in within),
        linked=added(one.spent for one in linked),
        unlinked=added(one.spent for one in unlinked),
        sessions=len(within),
        linked_sessions=len(linked),
        changes=tuple(changes),
        linked_changes=sum(change.sessions > 0 for change in changes),
        sizes=_by_size(changes),
        weeks=_by_week(within, changes, zone),
        reverted=len(reverted),
        reverted_spent=added(change.spent for change in reverted if change.sessions),
        reasons=_counted(reason for _, change, reason in look.links if change in shown),
        unlanded=_unlanded(db, unlinked),
        repositories=_repositories(db, scope),
        nowhere=_counted(
            why for why, project in _nowhere(db) if scope.filters.has_project(project)
        ),
    )


def _sessions(
    db: sqlite3.Connection, and_that: str = "", values: tuple[int, ...] = ()
) -> dict[int, SessionSpent]:
    rows = db.execute(
        "select s.id, s.key, a.text, p.text, s.last_ms, s.cost_nusd, exists (select 1"
        " from session_total t where t.session = s.id and t.unpriced > 0) from session s"
        " join name a on a.id = s.agent join name p on p.id = s.project"
        f" where s.last_ms is not null{and_that}",
        values,
    )
    return {
        number: SessionSpent(number, key, agent, project, last_ms, Spent(nusd, bool(lacks)))
        for number, key, agent, project, last_ms, nusd, lacks in rows
    }


def added(parts: Iterable[Spent]) -> Spent:
    """The sum; it stops at the largest number."""
    total: int | None = None
    lacks = False
    for part in parts:
        lacks = lacks or part.lacks or part.nusd is None
        if part.nusd is not None:
            total = min((total or 0) + part.nusd, MOST)
    return Spent(total, lacks)


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


def _changes(look: Look, scope: Scope, meant: set[int] | None) -> list[ChangeRow]:
    by_change: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for session, change, reason in look.links:
        by_change[change].append((session, reason))
    places = _places_meant(look.db, scope) if scope.filters.projects else None
    found: list[ChangeRow] = []
    for row in look.db.execute(
        f"{_SELECT} where c.at_ms >= ? and c.at_ms < ? order by c.at_ms desc, c.id desc",
        scope.within,
    ):
        number = row[0]
        by = by_change[number]
        if places is not None and row[15] not in places:
            continue
        if meant is not None and places is None and not any(s in meant for s, _ in by):
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


def _places_meant(db: sqlite3.Connection, scope: Scope) -> set[int]:
    rows = db.execute(
        "select w.repository, n.text from workplace w join name n on n.id = w.project"
    )
    return {number for number, folder in rows if scope.filters.has_project(folder)}


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
    sessions: Sequence[SessionSpent], changes: Sequence[ChangeRow], zone: ZoneInfo
) -> tuple[WeekRow, ...]:
    times = [one.last_ms for one in sessions] + [change.at_ms for change in changes]
    if not times:
        return ()
    starts = _weeks(Range(min(times), max(times)), zone)
    spent: list[list[Spent]] = [[] for _ in starts]
    landed: list[list[ChangeRow]] = [[] for _ in starts]
    for one in sessions:
        spent[bisect_right(starts, one.last_ms) - 1].append(one.spent)
    for change in changes:
        landed[bisect_right(starts, change.at_ms) - 1].append(change)
    return tuple(
        WeekRow(
            week=week_label(start, zone),
            start_ms=start,
            spent=added(spent[i]),
            changes=len(landed[i]),
            linked=sum(change.sessions > 0 for change in landed[i]),
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


def _unlanded(db: sqlite3.Connection, sessions: Iterable[SessionSpent]) -> tuple[Unlanded, ...]:
    whys: dict[str, str] = {project: why for why, project in _nowhere(db)}
    costliest = sorted(sessions, key=lambda one: (-(one.spent.nusd or 0), one.number))[:COSTLIEST]
    return tuple(
        Unlanded(
            number=one.number, id=one.id, agent=one.agent, project=one.project,
            last_ms=one.last_ms, spent=one.spent,
            why=whys.get(one.project, "") if one.project else "no folder is logged",
        )
        for one in costliest
        if one.spent.nusd
    )  # fmt: skip


def _nowhere(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute(
        "select w.why, n.text from workplace w join name n on n.id = w.project"
        " where w.repository = 0"
    ).fetchall()


def _repositories(db: sqlite3.Connection, scope: Scope) -> tuple[RepositoryRow, ...]:
    places = _places_meant(db, scope) if scope.filters.projects else None
    rows = db.execute(
        "select r.id, r.folder, r.branch, r.upstream, r.mine,"
        " (select count(*) from change c where c.repository = r.id) from repository r"
        " order by r.folder"
    )
    return tuple(
        RepositoryRow(folder=folder, branch=branch, upstream=bool(upstream),
                      knows_author=bool(mine), changes=changes)
        for number, folder, branch, upstream, mine, changes in rows
        if places is None or number in places
    )  # fmt: skip


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for word in words:
        counts[word] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
