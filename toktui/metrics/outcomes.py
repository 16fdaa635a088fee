"""What the tokens bought: landed changes, what they cost, and what was spent without one.

A session counts whole, on the day of its last call, so that weeks add up to their range. All spend
is in the cost of a landed change, whether or not it is linked to one.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from toktui.clock import Range, day_start_ms, local_date, week_label
from toktui.metrics.outcome_changes import (
    Changes,
    Count,
    changes_of,
    count_changes,
    first_and_last_landed,
    landed_in,
    usual_costs,
)
from toktui.metrics.outcome_estimates import load_estimates
from toktui.metrics.outcome_places import Places, load_places, why_nothing, whys_of
from toktui.metrics.outcome_spent import (
    Spent,
    Which,
    added,
    first_and_last,
    groups_of,
    per_change,
    spent_in,
)
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.sessions_in import sessions_in
from toktui.outcomes.sizes import SIZES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo


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


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a range bought, in a few numbers."""

    spent: Spent
    linked: Spent
    """Of it, what sessions cost that made a landed change, whenever that landed."""
    unlinked: Spent
    not_looked_at: Spent
    """Of what is not linked: spent where no repository was ever read."""
    sessions: int
    linked_sessions: int
    changes: int
    linked_changes: int
    """Those that sessions made."""
    reverted: int
    reverted_spent: Spent
    places: Places
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


class Outcomes(Summary, frozen=True, kw_only=True):
    """Everything about a range but its lists, and which lists these are."""

    sizes: tuple[SizeRow, ...]
    weeks: tuple[WeekRow, ...]
    """From the first to the last with spend or a change, all between included."""
    changes_meant: Changes
    sessions_meant: Which
    whys: Mapping[int, str]
    """Why no repository was read, by the number of the folder."""


def load_outcomes(
    db: sqlite3.Connection, *, zone: ZoneInfo, scope: Scope = EVERYTHING
) -> Outcomes:
    """The answer; in the caller's transaction, if there is one."""
    look = _Look(db, scope)
    summary = look.summary()
    return Outcomes(
        **{name: getattr(summary, name) for name in Summary.__struct_fields__},
        sizes=look.sizes() if summary.known else (),
        weeks=look.weeks(zone, known=summary.known),
        changes_meant=look.changes,
        sessions_meant=look.sessions,
        whys=look.whys,
    )


def load_summary(db: sqlite3.Connection, *, scope: Scope = EVERYTHING) -> Summary:
    """What a range bought, for screens that are about something else."""
    return _Look(db, scope).summary()


class _Look:
    """What is meant, and what is counted of it."""

    def __init__(self, db: sqlite3.Connection, scope: Scope) -> None:
        meant = sessions_in(db, Scope(scope.filters)) if scope.filters else None
        self._db = db
        self._filters = scope.filters
        estimates = load_estimates(db)
        self.sessions = Which(scope.within, meant, estimates.sessions)
        self.changes = changes_of(db, scope, meant, estimates.changes)
        self.whys = whys_of(db)
        self._counts: list[Count] = count_changes(db, self.changes)

    def summary(self) -> Summary:
        groups = groups_of(self._db, self.sessions)
        lost = [group for group in groups if why_nothing(self.whys, group.project)]
        linked = [group for group in groups if group.linked]
        changes = sum(count.changes for count in self._counts)
        return Summary(
            spent=added(group.spent for group in groups),
            linked=added(group.spent for group in linked),
            unlinked=added(group.spent for group in groups if not group.linked),
            not_looked_at=added(group.spent for group in lost if not group.linked),
            sessions=sum(group.sessions for group in groups),
            linked_sessions=sum(group.sessions for group in linked),
            changes=changes,
            linked_changes=sum(count.linked for count in self._counts),
            reverted=sum(count.reverted for count in self._counts),
            reverted_spent=added(count.reverted_spent for count in self._counts),
            places=load_places(self._db, self._filters, groups, self.whys),
            known=bool(changes) or len(lost) < len(groups) or not groups,
        )

    def sizes(self) -> tuple[SizeRow, ...]:
        counts = {count.size: count for count in self._counts if count.linked}
        usual = usual_costs(self._db, self.changes)
        rows: list[SizeRow] = []
        for size in (*SIZES, None):
            count = counts.get(size)
            if count is None and size is not None:
                rows.append(SizeRow(size=size, changes=0, spent=Spent(), usual_nusd=None))
            elif count is not None:
                rows.append(SizeRow(size=size, changes=count.linked, spent=count.spent,
                                    usual_nusd=usual.get(size)))  # fmt: skip
        return tuple(rows)

    def weeks(self, zone: ZoneInfo, *, known: bool) -> tuple[WeekRow, ...]:
        ends = [first_and_last(self._db, self.sessions)]
        ends += [first_and_last_landed(self._db, self.changes)] if known else []
        times = [at for pair in ends if pair for at in pair]
        spans = weeks_of(Range(min(times), max(times)), zone) if times else []
        landed = landed_in(self._db, self.changes, spans) if known else []
        return tuple(
            WeekRow(
                week=week_label(span.start_ms, zone),
                start_ms=span.start_ms,
                spent=spent,
                changes=landed[i][0] if known else None,
                linked=landed[i][1] if known else None,
            )
            for i, (span, spent) in enumerate(
                zip(spans, spent_in(self._db, self.sessions, spans), strict=True)
            )
        )


def weeks_of(times: Range, zone: ZoneInfo) -> list[Range]:
    """The weeks from that of the first to that of the last of two times."""
    day = local_date(times.start_ms, zone)
    day -= timedelta(days=day.weekday())
    starts = [day_start_ms(day, zone)]
    while starts[-1] <= times.end_ms:
        day += timedelta(days=7)
        starts.append(day_start_ms(day, zone))
    return [Range(a, b) for a, b in pairwise(starts)]
