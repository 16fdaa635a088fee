"""One session: its cost over time by bucket and model, its context, its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import Horizontal

from toktui.metrics.session_detail import (
    DetailQuestion,
    SessionDetail,
    load_detail,
)
from toktui.tui import format as fmt
from toktui.tui.paged_view import PagedView
from toktui.tui.view import Open
from toktui.tui.widgets.call_rows import CallRows
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.probable import PROBABLY
from toktui.tui.widgets.session_parts import CostChart, ModelTable, SessionHead

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.export.seen import SeenTable
    from toktui.tui.refresher import Reading


_WITH_MODELS: Final = 90
_BESIDE: Final = 49
"""Cells of the models beside the chart, with the gap."""
_LEGEND: Final = 70
"""Cells of the chart's caption and legend."""


class SessionView(PagedView["SessionDetail | None"]):
    """What is behind one line of the other screens."""

    KEY, LABEL = "session", "Session"
    LED_TO_BY = ("sessions", "enter")
    BINDINGS: ClassVar[list[Any]] = [
        Binding("w", "why", "why"),
        Binding("c", "context", "context"),
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

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Shows the evidence."""
        self.post_message(Open("why", message.row.call.number))


VIEW: Final = SessionView
