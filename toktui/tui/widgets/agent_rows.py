"""The agents as a table: their logs, what was understood, how exact their calls are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toktui.export.seen import Raw
    from toktui.metrics.health import AgentHealth
    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette


def part(count: int, whole: int) -> str:
    """A share, or nothing where there is none of it."""
    return fmt.percent(count / whole) if count and whole else "·"


class AgentRows(PagedRows):
    """A line for each agent that has logs or calls here."""

    COLUMNS = (
        Column("name", "agent", 13, False, 0),
        Column("version", "newest", 11, False, 96),
        Column("logs", "logs", 7, True, 52),
        Column("gone", "gone", 6, True, 70),
        Column("size", "size", 8, True, 60),
        Column("lines", "lines", 7, True, 88),
        Column("misread", "not read", 8, True, 30),
        Column("calls", "calls", 7, True, 0),
        Column("exact", "exact", 7, True, 36),
        Column("estimated", "estim.", 7, True, 78),
        Column("residual", "ledger", 7, True, 110),
        Column("unpriced", "no price", 8, True, 52),
        Column("watch", "watched by", 12, False, 132),
        Column("read", "last read", 13, False, 118),
    )
    GROW = (("name", 18), ("version", 16), ("watch", 16))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def raw(self, row: AgentHealth, column: Column) -> Raw:
        """Exact values: counts, bytes, milliseconds."""
        match column.name:
            case "watch":
                return "sweep" if row.swept else "events" if row.roots else None
            case "read":
                return row.read_ms
            case name:
                return getattr(row, name)

    def raw_name(self, column: Column) -> str:
        """With the unit."""
        return {"size": "bytes", "read": "read_ms"}.get(column.name, column.name)

    def cells(
        self, line: Line, row: AgentHealth, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        text, style = "", palette.dim
        match column.name:
            case "name":
                text, style = row.name, palette.strong
            case "version":
                text = row.version or fmt.UNKNOWN
                style = palette.error if row.alarm else palette.dim
            case "logs":
                text, style = fmt.tokens(row.logs), palette.text
            case "gone":
                text = fmt.tokens(row.gone) if row.gone else "·"
            case "size":
                text = fmt.size(row.size)
            case "lines":
                text = fmt.tokens(row.lines)
            case "misread":
                text = fmt.tokens(row.misread) if row.misread else "·"
                style = palette.error if row.alarm else palette.warning
                style = style if row.misread else palette.faint
            case "calls":
                text, style = fmt.tokens(row.calls), palette.text
            case "exact":
                text = fmt.percent(row.exact / row.calls) if row.calls else fmt.UNKNOWN
                style = palette.good if row.calls and row.exact == row.calls else palette.text
            case "estimated":
                text = part(row.estimated, row.calls)
            case "residual":
                text = part(row.residual, row.calls)
            case "unpriced":
                text = part(row.unpriced, row.calls)
                style = palette.warning if row.unpriced else palette.faint
            case "watch":
                text = "" if not row.roots else "sweep" if row.swept else "events, sweep"
            case _:
                at_ms = row.read_ms
                text = fmt.UNKNOWN if at_ms is None else fmt.moment(at_ms, self.now_ms, self._zone)
        line.cell(text, width, style, "right" if column.right else "left")
