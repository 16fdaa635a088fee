"""What landed on each day, as a team is told: counts and costs by size, and no more."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from toktui.clock import day_label
from toktui.metrics.outcome_lists import load_whole
from toktui.team.wire.document import MOST, SIZES, Landed, Outcomes

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

    from toktui.clock import Range
    from toktui.metrics.outcome_changes import ChangeRow
    from toktui.team.preview import OutcomesOf

MOST_CHANGES: Final = 10_000
"""Of a day and size; more is not landed work."""


def outcomes_of(db: sqlite3.Connection, zone: ZoneInfo) -> OutcomesOf:
    """Answers for any day; what the store knows of repositories is read once.

    Only changes that a session is linked to count, at the size that they are known to have; one
    that was reverted counts as reverted and as nothing else. None where no repository was ever
    read in which a session worked: what landed is not known then, which is not nothing.
    """
    found = load_whole(db, zone=zone)
    by_day: defaultdict[str, list[ChangeRow]] = defaultdict(list)
    for change in found.changes:
        if change.sessions and change.size in SIZES:
            by_day[day_label(change.at_ms, zone)].append(change)

    def of_day(_db: sqlite3.Connection, within: Range) -> Outcomes | None:
        if not found.outcomes.known:
            return None
        changes: Counter[str] = Counter()
        unpriced: Counter[str] = Counter()
        cost: dict[str, int] = {}
        reverted = 0
        for change in by_day.get(day_label(within.start_ms, zone), ()):
            if change.reverted_ms is not None:
                reverted += 1
                continue
            size = str(change.size)
            changes[size] += 1
            spent = change.spent
            if spent.nusd is not None:
                cost[size] = min(MOST, cost.get(size, 0) + spent.nusd)
            if spent.nusd is None or spent.lacks:
                unpriced[size] += 1
        landed = tuple(
            Landed(size=size, changes=min(MOST_CHANGES, changes[size]), cost_nusd=cost.get(size),
                   unpriced_changes=min(MOST_CHANGES, unpriced[size]))
            for size in SIZES if changes[size]
        )  # fmt: skip
        return Outcomes(landed=landed, reverted=min(MOST_CHANGES, reverted))

    return of_day
