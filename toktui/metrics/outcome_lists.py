"""What the tokens bought, with its lists: a window of one for a screen, or all for a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.metrics.one_state import one_state
from toktui.metrics.outcome_changes import (
    WINDOW,
    ChangeRow,
    ChangeSort,
    load_changes,
    load_reasons,
)
from toktui.metrics.outcome_unlanded import (
    Unlanded,
    UnlandedSort,
    count_unlanded,
    load_unlanded,
)
from toktui.metrics.outcomes import Outcomes, load_outcomes
from toktui.metrics.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo


class OutcomesQuestion(msgspec.Struct, frozen=True):
    """Which window of which list; each list keeps its order."""

    shown: Literal["landed", "nothing"] = "landed"
    change_sort: ChangeSort = "at"
    change_descending: bool = True
    session_sort: UnlandedSort = "cost"
    session_descending: bool = True
    first: int = 0
    count: int = WINDOW


class OutcomesPage(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers, and the rows of the list from `first` on, of `found` in all."""

    question: OutcomesQuestion
    outcomes: Outcomes
    found: int
    first: int
    rows: tuple[ChangeRow, ...] | tuple[Unlanded, ...]


class WholeOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers and the lists; of sessions that landed nothing the costliest."""

    outcomes: Outcomes
    changes: tuple[ChangeRow, ...]
    """The latest first."""
    reasons: Mapping[str, int]
    """Links to the changes, by reason."""
    unlanded: tuple[Unlanded, ...]


def load_page(
    db: sqlite3.Connection, question: OutcomesQuestion, *, zone: ZoneInfo, scope: Scope
) -> OutcomesPage:
    """The window that was asked for, the last one if the list is shorter; from one state of the
    store."""
    with one_state(db):
        outcomes = load_outcomes(db, zone=zone, scope=scope)
        if question.shown == "landed":
            found = outcomes.changes
            first = max(0, min(question.first, found - 1))
            rows = load_changes(
                db, outcomes.changes_meant, sort=question.change_sort,
                descending=question.change_descending, first=first, count=question.count,
            )  # fmt: skip
        else:
            found = count_unlanded(db, outcomes.sessions_meant)
            first = max(0, min(question.first, found - 1))
            rows = load_unlanded(
                db, outcomes.sessions_meant, outcomes.whys, sort=question.session_sort,
                descending=question.session_descending, first=first, count=question.count,
            )  # fmt: skip
        return OutcomesPage(
            question=question, outcomes=outcomes, found=found, first=first, rows=rows
        )


def load_whole(
    db: sqlite3.Connection, *, zone: ZoneInfo, scope: Scope = EVERYTHING
) -> WholeOutcomes:
    """Everything, from one state of the store."""
    with one_state(db):
        outcomes = load_outcomes(db, zone=zone, scope=scope)
        return WholeOutcomes(
            outcomes=outcomes,
            changes=load_changes(db, outcomes.changes_meant),
            reasons=load_reasons(db, outcomes.changes_meant),
            unlanded=load_unlanded(db, outcomes.sessions_meant, outcomes.whys),
        )
