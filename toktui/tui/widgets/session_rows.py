"""The list of sessions: a line for each, with the totals of its whole life."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.probable import probable_money
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from toktui.export.seen import Raw
    from toktui.metrics.session_list import SessionRow
    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette


class SessionRows(PagedRows):
    """A line for each session."""

    SORT_ACTION = "sort_by"
    COLUMNS = (
        Column("last", "last call", 13, False, 34),
        Column("agent", "agent", 12, False, 97),
        Column("project", "project", 14, False, 0),
        Column("model", "model", 15, False, 74),
        Column("span", "lasted", 10, True, 119),
        Column("calls", "calls", 7, True, 50),
        Column("tokens", "tokens", 7, True, 58),
        Column("hit", "hit", 7, True, 83),
        Column("saved", "saved", 9, True, 128),
        Column("cost", "cost", 8, True, 0),
        Column("id", "id", 8, False, 107),
    )
    MORE = Column("more", "probably", 9, True, 90)
    """Shown where a session has it."""
    RAW_NAMES: ClassVar[Mapping[str, str]] = {
        "last": "last_ms", "span": "span_ms", "hit": "cache_hit_rate", "saved": "saved_nusd",
        "cost": "cost_nusd", "more": "probable_nusd",
    }  # fmt: skip
    GROW = (("project", 30), ("model", 24), ("id", 36), ("project", 60))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def raw(self, row: SessionRow, column: Column) -> Raw:
        """Exact values; money in nano-dollars, times and spans in milliseconds."""
        sums = row.sums
        match column.name:
            case "last":
                return row.last_ms
            case "project":
                return row.project or None
            case "model":
                return row.model or None
            case "span":
                return row.last_ms - row.first_ms
            case "calls":
                return sums.calls
            case "tokens":
                return sums.told_tokens
            case "hit":
                return sums.cache_hit_rate
            case "saved":
                return None if sums.told_nusd is None else sums.saved_nusd
            case "cost":
                return sums.told_nusd
            case "more":
                return row.probable.cost_nusd if row.probable else None
            case _:
                return super().raw(row, column)

    def columns(self) -> Sequence[Column]:
        """With what sessions probably cost beyond their logs, right of the cost."""
        if not any(row.probable for row in self.window):
            return self.COLUMNS
        *others, last = self.COLUMNS
        return (*others, self.MORE, last)

    def cells(
        self, line: Line, row: SessionRow, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        sums, text, style = row.sums, "", palette.dim
        match column.name:
            case "last":
                text = fmt.moment(row.last_ms, self.now_ms, self._zone)
            case "agent":
                text = row.agent
            case "project":
                text = ("└ " if row.parent else "") + fmt.project_name(row.project)
                style = palette.strong if row.project else palette.dim
            case "model":
                more = f" +{row.models - 1}" if row.models > 1 else ""
                text = fmt.model_name(row.model) + more
            case "span":
                text = fmt.span(row.last_ms - row.first_ms)
            case "calls":
                text = fmt.tokens(sums.calls)
            case "tokens":
                text = sum_tokens(sums)
            case "hit":
                text = hit_text(sums)
            case "saved":
                text = saved_money(sums)
            case "cost":
                text = sum_money(sums)
                style = palette.faint if sums.told_nusd is None else palette.text
            case "more":
                text, style = probable_money(row.probable), palette.faint
            case _:
                text, style = fmt.beginning(row.id, width), palette.faint
        line.cell(text, width, style, "right" if column.right else "left")
