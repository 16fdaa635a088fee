"""One session: its cost over time by bucket and model, its context, its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from textual.binding import Binding
from textual.containers import Horizontal

from toktui.metrics.burn import ESTIMATED
from toktui.metrics.session_detail import (
    DetailQuestion,
    SessionCall,
    SessionDetail,
    load_detail,
)
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.feed_rows import cold_mark
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.probable import PROBABLY
from toktui.tui.widgets.session_parts import CostChart, ModelTable, SessionHead

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import Raw, SeenTable
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette


_WITH_MODELS: Final = 90
_BESIDE: Final = 49
"""Cells of the models beside the chart, with the gap."""
_LEGEND: Final = 70
"""Cells of the chart's caption and legend."""
EVERY: Final = 1_000_000
"""Calls in an export."""
RAW_NAMES: Final = {
    "at": "at_ms", "read": "cache_read", "write": "cache_write", "cost": "cost_nusd",
}  # fmt: skip


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

    def raw_name(self, column: Column) -> str:
        """With the unit."""
        return RAW_NAMES.get(column.name, column.name)

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
                text = fmt.tokens(call.cache_read)
            case "write":
                text = fmt.tokens(call.cache_write_5m + call.cache_write_1h)
                style = palette.warning if row.cold else palette.dim
            case "input":
                text = fmt.tokens(call.input, estimated=call.exactness == ESTIMATED)
            case "output":
                text = fmt.tokens(call.output, estimated=call.exactness == ESTIMATED)
            case "cost":
                text = fmt.money(call.cost_nusd, estimated=call.exactness == ESTIMATED)
                style = palette.faint if call.cost_nusd is None else palette.text
            case "copies":
                text = str(row.copies) if row.copies else ""
            case _:
                mark = cold_mark(row.cold, width, palette) if row.cold else Line()
                line.extend(mark.strip(width))
                return
        line.cell(text, width, style, "right" if column.right else "left")


class SessionView(View["SessionDetail | None"]):
    """What is behind one line of the other screens."""

    KEY, LABEL = "session", "Session"
    LED_TO_BY = ("sessions", "enter")
    BINDINGS: ClassVar[list[Any]] = [
        Binding("w", "why", "why"),
        Binding("c", "context", "context", show=False),
    ]
    OPENS = True
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "choose a call"),
        ("enter, w", "why it costs what it costs: bytes, rates, multiplication"),
        ("c", "what fills its context window"),
        ("copies", "lines that report the call again; never counted"),
        PROBABLY,
        ("▲ cold", "a turn that wrote to the cache again what could have been read from it"),
    )
    DEFAULT_CSS = """
    SessionView { layout: vertical; padding: 0 1; }
    SessionView #middle { height: 12; margin: 1 0 0 0; }
    SessionView CostChart { width: 1fr; }
    SessionView ModelTable { width: 46; margin: 0 0 0 3; }
    SessionView CallRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=DetailQuestion(int(about or 0)))
        self._head = SessionHead(zone=zone, id="session-head")
        self._chart = CostChart(zone=zone, id="cost-chart")
        self._models = ModelTable(id="models")
        self._middle = Horizontal(self._chart, self._models, id="middle")
        self._calls = CallRows(zone=zone, id="call-rows")

    def compose(self) -> ComposeResult:
        """Head, pictures, calls."""
        yield from (self._head, self._middle, self._calls)

    @property
    def title(self) -> str:
        """Its project and the beginning of its id."""
        if self.data is None:
            return self.LABEL
        row = self.data.row
        return f"{fmt.project_name(row.project)} {row.id[:8]}"

    @classmethod
    def load(cls, reading: Reading, about: DetailQuestion) -> SessionDetail | None:
        """The session with a window of its calls."""
        return load_detail(reading.db, reading.book, about, reading.now_ms, reading.scope)

    def scoped(self) -> None:
        """Begins at the last of the calls that match."""
        self._calls.start_over()
        self.about = msgspec.structs.replace(self.about, first=0)

    def everything(self) -> DetailQuestion:
        """All calls of the session that match."""
        return msgspec.structs.replace(self.about, first=0, count=EVERY)

    def table(self, data: SessionDetail | None) -> SeenTable | None:
        """The calls, or the window of them that is at hand."""
        return None if data is None else self._calls.seen(self.title, data.calls)

    def fill(self) -> None:
        """Gives every part its share."""
        for part in (self._head, self._chart, self._models):
            part.detail = self.data
            part.redraw()
        self._calls.empty = (
            "The session is gone." if self.data is None
            else "No call of this session matches the filter." if self.scope.is_limited
            else "No calls."
        )
        if self.data is not None:
            self._calls.take(
                self.data.calls,
                first=self.data.first,
                found=self.data.found,
                now_ms=self.data.now_ms,
            )

    def fit_parts(self, width: int, height: int) -> None:
        """Leaves out the pictures where there is no room."""
        self._middle.display = height >= 18
        self._middle.styles.height = 13 if height >= 34 else 10
        self._models.display = width >= _WITH_MODELS
        room = width - 2 - (_BESIDE if width >= _WITH_MODELS else 0)
        self._chart.styles.width = max(min(room, _LEGEND), self._chart.cells(max(1, room)))
        self._head.styles.margin = (1 if height >= 12 else 0, 0, 0, 0)

    def action_open(self) -> None:
        """The evidence for the call under the cursor."""
        self._calls.action_choose()

    def action_why(self) -> None:
        """The evidence for the call under the cursor."""
        self._calls.action_choose()

    def action_context(self) -> None:
        """What the last prompt is made of."""
        self.post_message(Open("context", self.about.session))

    def on_paged_rows_wanted(self, message: PagedRows.Wanted) -> None:
        """Reads on."""
        self.about = msgspec.structs.replace(self.about, first=message.first)
        self.post_message(Ask())

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Shows the evidence."""
        self.post_message(Open("why", message.row.call.number))


VIEW: Final = SessionView
