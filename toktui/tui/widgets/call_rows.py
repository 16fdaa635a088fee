"""The list of a session's calls: buckets, cost, copies, and what was cold."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from toktui.metrics.burn import ESTIMATED
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line
from toktui.tui.widgets.feed_rows import cold_mark, told
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from toktui.export.seen import Raw
    from toktui.metrics.session_detail import SessionCall
    from toktui.tui.theme import Palette


class CallRows(PagedRows):
    """The calls of the session, newest first."""

    COLUMNS = (
        Column("at", "time", 13, False, 0),
        Column("who", "by", 12, False, 114),
        Column("model", "model", 15, False, 69),
        Column("read", "read", 7, True, 0),
        Column("write", "write", 7, True, 40),
        Column("input", "input", 7, True, 78),
        Column("output", "output", 7, True, 50),
        Column("cost", "cost", 8, True, 30),
        Column("copies", "copies", 6, True, 86),
        Column("cold", "", 12, False, 100),
    )
    RAW_NAMES: ClassVar[Mapping[str, str]] = {
        "at": "at_ms", "read": "cache_read", "write": "cache_write", "cost": "cost_nusd",
    }  # fmt: skip
    GROW = (("cold", 40), ("model", 24), ("who", 24))

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def raw(self, row: SessionCall, column: Column) -> Raw:
        """Exact values; money in nano-dollars, times in milliseconds."""
        call = row.call
        match column.name:
            case "at":
                return call.at_ms
            case "model":
                return call.model
            case "read":
                return call.cache_read
            case "write":
                return call.cache_write_5m + call.cache_write_1h
            case "input":
                return call.input
            case "output":
                return call.output
            case "cost":
                return call.cost_nusd
            case "copies":
                return row.copies
            case _:
                return super().raw(row, column)

    def cells(
        self, line: Line, row: SessionCall, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        call, text, style = row.call, "", palette.dim
        match column.name:
            case "at":
                text = fmt.moment(call.at_ms, self.now_ms, self._zone)
                if len(text) == len("14:32"):
                    text = fmt.clock(call.at_ms, self._zone, seconds=True)
            case "who":
                text, style = row.agent_kind or "conversation", palette.faint
            case "model":
                text = fmt.model_name(call.model, call.priced_as or None)
            case "read":
                text = fmt.tokens(told(call, call.cache_read))
            case "write":
                text = fmt.tokens(told(call, call.cache_write_5m + call.cache_write_1h))
                style = palette.warning if row.cold else palette.dim
            case "input":
                count = told(call, call.input)
                text = fmt.tokens(count, estimated=call.exactness == ESTIMATED)
            case "output":
                count = told(call, call.output)
                text = fmt.tokens(count, estimated=call.exactness == ESTIMATED)
            case "cost":
                text = fmt.money(call.told_nusd, estimated=call.exactness == ESTIMATED)
                style = palette.faint if call.told_nusd is None else palette.text
            case "copies":
                text = str(row.copies) if row.copies else ""
            case _:
                mark = cold_mark(row.cold, width, palette) if row.cold else Line()
                line.extend(mark.strip(width))
                return
        line.cell(text, width, style, "right" if column.right else "left")
