"""The lists of a review as tables, for copies and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.export.seen import Cell, SeenColumn, SeenTable, words
from toktui.tui import format as fmt
from toktui.tui.widgets.review_bars import piece_label
from toktui.tui.widgets.review_lists import LISTS, places_of, span_name
from toktui.tui.widgets.today import sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.history import Review
    from toktui.metrics.sums import Sums
    from toktui.metrics.year import YearDay

_FIGURES: Final = (
    SeenColumn("calls", "calls"),
    SeenColumn("tokens", "tokens"),
    SeenColumn("cache_hit_rate", "cache hit"),
    SeenColumn("cost_nusd", "list cost"),
)


def table_of(review: Review, name: str, year: Sequence[YearDay]) -> SeenTable:
    """One of the lists, the days of the year, or the pieces; money in nano-dollars."""
    about = span_name(review.span)
    if name == "sessions":
        columns = (
            SeenColumn("session", "session", is_number=False),
            SeenColumn("agent", "agent", is_number=False),
            SeenColumn("project", "project", is_number=False),
            SeenColumn("model", "model", is_number=False), *_FIGURES,
        )  # fmt: skip
        rows = tuple(
            (
                words(found.row.id), words(found.row.agent),
                words(found.row.project, fmt.project_name(found.row.project)),
                words(found.row.model, fmt.model_name(found.row.model)), *_cells(found.sums),
            )
            for found in review.sessions
        )  # fmt: skip
        return SeenTable(f"Top sessions, {about}", columns, rows)
    if name in LISTS:
        columns = (
            SeenColumn(name, name, is_number=False),
            SeenColumn("of_project", "of project", is_number=False), *_FIGURES,
        )  # fmt: skip
        rows = tuple(
            (words(place.name), words(place.about), *_cells(place.sums))
            for place in places_of(review, name)
        )
        return SeenTable(f"Top {name}, {about}", columns, rows)
    columns = (
        SeenColumn("from", "from", is_number=False), SeenColumn("piece", "", is_number=False),
        *_FIGURES,
    )  # fmt: skip
    if year:
        days = tuple(
            (words(day.day.isoformat()), words(f"{day.day:%a}"), *_cells(day.sums)) for day in year
        )
        return SeenTable("The last year", columns, days)
    rows = tuple(
        (
            words(bar.piece.first.isoformat()), words(piece_label(review, index)),
            *_cells(bar.sums),
        )
        for index, bar in enumerate(review.bars)
    )  # fmt: skip
    return SeenTable(about, columns, rows)


def _cells(sums: Sums) -> tuple[Cell, ...]:
    cost = sums.told_nusd if sums.calls else 0
    return (
        Cell(sums.calls, fmt.tokens(sums.calls)),
        Cell(sums.told_tokens, sum_tokens(sums)),
        Cell(sums.cache_hit_rate, fmt.percent(sums.cache_hit_rate)),
        Cell(cost, sum_money(sums) if sums.calls else "$0"),
    )
