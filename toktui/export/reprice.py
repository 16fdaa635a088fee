"""What another rate book changes, as a document and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.export.figures import count, dollars
from toktui.export.table import Column, Table, as_text
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.ingest.reprice import PriceChange


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of a model in a month whose cost changes; null is unpriced."""

    period: str
    agent: str
    model: str
    calls: int
    before_nusd: int | None
    after_nusd: int | None
    difference_nusd: int


class RepriceDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.reprice/1`."""

    schema: Literal["toktui.reprice/1"] = "toktui.reprice/1"
    dry_run: bool
    book: str
    timezone: str
    changes: tuple[Change, ...]
    calls: int
    difference_nusd: int


def as_document(
    changes: Sequence[PriceChange], *, book: str, timezone: str, dry_run: bool
) -> RepriceDocument:
    """By month, agent and model, with the sum."""
    return RepriceDocument(
        dry_run=dry_run,
        book=book,
        timezone=timezone,
        changes=tuple(
            Change(
                period=c.period,
                agent=c.agent,
                model=c.model,
                calls=c.calls,
                before_nusd=c.before_nusd,
                after_nusd=c.after_nusd,
                difference_nusd=difference(c),
            )
            for c in changes
        ),
        calls=sum(c.calls for c in changes),
        difference_nusd=sum(map(difference, changes)),
    )


def difference(change: PriceChange) -> int:
    """What is added to the sums; an unpriced call has added nothing."""
    return (change.after_nusd or 0) - (change.before_nusd or 0)


def as_table(
    changes: Sequence[PriceChange], *, dry_run: bool, cells: int, colored: bool
) -> str:
    """One line for each month and model."""
    if not changes:
        return "Nothing changes: every call has the price that the rate book gives it."
    columns = (
        Column("Month", "word"), Column("Agent", "text", spare=1), Column("Model", "text"),
        Column("Calls"), Column("Before"), Column("After"), Column("Difference"),
    )  # fmt: skip
    rows = [
        [c.period, c.agent, clean(c.model), count(c.calls), dollars(c.before_nusd),
         dollars(c.after_nusd), _signed(difference(c))]
        for c in changes
    ]  # fmt: skip
    calls, total = sum(c.calls for c in changes), sum(map(difference, changes))
    rows.append(["Total", "", "", count(calls), "", "", _signed(total)])
    table = as_text(Table(columns, rows, (len(changes),)), cells=cells, colored=colored)
    if dry_run:
        return f"{table}\nNothing was changed; `toktui reprice` does."
    return f"{table}\nThe store has these prices now."


def _signed(nusd: int) -> str:
    return dollars(nusd) if nusd < 0 else f"+{dollars(nusd)}"
