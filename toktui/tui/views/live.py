"""What is being burned right now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import Horizontal, Vertical

from toktui.export.seen import Cell, SeenColumn, SeenTable, words
from toktui.metrics.live import Live, load_live
from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.view import DemoWanted, Open, View
from toktui.tui.welcome import finds_nothing, welcome
from toktui.tui.widgets.active_rows import ActiveRows
from toktui.tui.widgets.burn import CHART_MODES, BurnMeter, HourChart
from toktui.tui.widgets.feed_rows import FeedRows
from toktui.tui.widgets.limits import LimitRows
from toktui.tui.widgets.probable import PROBABLY
from toktui.tui.widgets.today import DayLines, TodayCard, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.ingest.progress import Progress
    from toktui.metrics.active import ActiveSession
    from toktui.metrics.feed import FeedCall
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

WIDE: Final = 100
VERY_WIDE: Final = 170
TALL: Final = 28
_WELCOME: Final = 10
"""Lines of the longest welcome."""
TABLE: Final = (
    SeenColumn("agent", "agent", False), SeenColumn("project", "project", False),
    SeenColumn("model", "model", False), SeenColumn("state", "state", False),
    SeenColumn("context_tokens", "context"), SeenColumn("nusd_per_hour", "$/h"),
    SeenColumn("cost_nusd", "cost"), SeenColumn("cache_hit_rate", "hit"),
    SeenColumn("id", "id", False),
)  # fmt: skip
"""Of the active sessions, for the clipboard and for files."""


class LiveView(View[Live]):
    """Burn, today, cache, limits; the active sessions; the calls as they land."""

    KEY, LABEL, PLACE = "live", "Live", 1
    BINDINGS: ClassVar[list[Any]] = [
        Binding("b", "chart", "chart"),
        Binding("w", "why", "why"),
        Binding("d", "demo", "demo", show=False),
    ]
    OPENS = True
    MEANINGS = (
        ("↑ ↓", "choose a session"),
        ("enter", "open it"),
        ("w", "why the last call of it costs what it costs"),
        ("b", "last hour: tokens by bucket, dollars by agent, dollars by bucket"),
        ("● ◐ ○", "working: its log grew within a minute; warm: its cache lives; idle"),
        ("next, cold", "what the next turn costs to read with a warm and with a cold cache"),
        PROBABLY,
        ("d", "without logs: the demo, imitated agents at work"),
        ("▲ cold", "a turn that wrote to the cache again what could have been read from it"),
    )
    DEFAULT_CSS = """
    LiveView { layout: vertical; padding: 0 1; }
    LiveView #top { height: 7; margin: 1 0 0 0; }
    LiveView BurnMeter { width: 28; }
    LiveView HourChart { width: 1fr; }
    LiveView TodayCard { width: 27; margin: 0 0 0 3; }
    LiveView LimitRows { height: 1; margin: 1 0 0 0; display: none; }
    LiveView DayLines { height: 2; margin: 1 0 0 0; display: none; }
    LiveView #bottom { height: 1fr; layout: vertical; margin: 1 0 0 0; }
    LiveView #feed { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._burn = BurnMeter(id="burn")
        self._hour = HourChart(zone=zone, id="hour")
        self._today = TodayCard(zone=zone, id="today")
        self._top = Horizontal(self._burn, self._hour, self._today, id="top")
        self._day = DayLines(zone=zone, id="day")
        self._limits = LimitRows(zone=zone, id="limits")
        self._active = ActiveRows(id="active")
        self._active.nothing = self._nothing
        self._feed = FeedRows(zone=zone, id="feed")
        self._bottom = Vertical(self._active, self._feed, id="bottom")

    def compose(self) -> ComposeResult:
        """The parts, which `fit_parts` sizes."""
        yield from (self._top, self._day, self._limits, self._bottom)

    @classmethod
    def load(cls, reading: Reading, about: Any) -> Live:
        """One look at the store."""
        del about
        return load_live(reading.db, reading.now_ms, reading.zone, reading.book, reading.scope)

    def changes_ms(self) -> int | None:
        """When a window, a state or the day ends."""
        return self.data.changes_ms if self.data else None

    def counts_down(self) -> bool:
        """Whether a session with a living cache is listed."""
        return any(session.is_warm(self.now_ms) for session in self._sessions())

    def fill(self) -> None:
        """Gives every part its share of the data."""
        known = self._known()
        for part in (self._burn, self._hour, self._today, self._day, self._limits):
            part.live = known
            part.redraw()
        self._active.take(self._sessions(), self.now_ms)
        self._feed.filtered = self.scope.is_limited
        self._feed.take(self._calls(), self.now_ms)

    def tick(self, now_ms: int) -> None:
        """Only the sessions count down."""
        self.now_ms = now_ms
        self._active.take(self._sessions(), now_ms)

    def show_progress(self, progress: Progress) -> None:
        """An empty screen says what the ingest does."""
        before = self.progress
        super().show_progress(progress)
        if before is None or before.phase != progress.phase:
            self.redraw()
        if not self._active.folds:
            self._active.redraw()

    def fit_parts(self, width: int, height: int) -> None:
        """What is shown, and how large, for this size and what there is to show."""
        wide, tall, vast = width >= WIDE, height >= TALL, width >= VERY_WIDE
        small = height < 16
        limits = self._limits.rows(tall=tall)
        self._top.styles.height = 14 if vast and height >= 44 else 8 if wide and tall else 6
        self._top.display = not small
        self._hour.display = width >= 60
        self._burn.styles.width = 28 if width >= 60 else "1fr"
        self._today.display = wide
        self._today.styles.width = 36 if vast else 27
        self._day.display = not wide or small
        self._day.with_burn = small
        self._day.styles.height = 3 if small else 2
        self._limits.display = wide and not small and limits > 0
        self._limits.styles.height = max(1, limits)
        for part in (self._top, self._day, self._bottom):
            part.styles.margin = (0 if small else 1, 0, 0, 0)
        self._feed.display = tall and not small
        rows = len(self._active.folds) + 1 if self._active.folds else self._rows_of_nothing()
        if not self._feed.display:
            self._active.styles.height = "1fr"
        else:
            self._active.styles.height = min(rows, max(6, (height - 14) * 3 // 5))

    def _known(self) -> Live | None:
        """None while nothing of today is read, and logs still are: that is unknown, and not 0."""
        data, progress = self.data, self.progress
        if data is None or progress is None or progress.phase != "indexing":
            return data
        return data if data.today.sums.calls else None

    def _rows_of_nothing(self) -> int:
        """Lines for what stands where sessions would be; more where it grows as logs are read."""
        return _WELCOME if self.data is None or self.data.last_call_ms is None else 2

    def _sessions(self) -> Sequence[ActiveSession]:
        return self.data.sessions if self.data else ()

    def _calls(self) -> Sequence[FeedCall]:
        return self.data.feed if self.data else ()

    def _nothing(self, palette: Palette) -> list[Line]:
        """What stands where sessions would be."""
        if self.scope.is_limited and self.data:
            words = [Line().add("No active session matches the filter.", palette.dim)]
            if not self.scope.holds(self.data.at_ms):
                words.append(Line().add("Its time does not include now.", palette.faint))
            return words
        return welcome(self.data, self.progress, palette, zone=self.zone, place=self.store_name)

    def table(self, data: Live) -> SeenTable:
        """The active sessions; money in nano-dollars, times in milliseconds."""
        rows = [
            (
                words(one.agent), words(one.project, fmt.project_name(one.project)),
                words(one.model, fmt.model_name(one.model, one.priced_as)), words(one.state),
                Cell(one.context_tokens, _or_unknown(one.context_tokens)),
                Cell(one.burn[1].nusd_per_hour, fmt.money(one.burn[1].nusd_per_hour)),
                Cell(one.sums.told_nusd, sum_money(one.sums)),
                Cell(one.sums.cache_hit_rate, fmt.percent(one.sums.cache_hit_rate)),
                words(one.id),
            )
            for one in data.sessions
        ]  # fmt: skip
        return SeenTable("Active sessions", TABLE, tuple(rows))

    def cursor_row(self) -> int | None:
        """The session that is chosen."""
        chosen = self._active.chosen
        sessions = self._sessions()
        return next((at for at, one in enumerate(sessions) if one is chosen), None)

    def can(self, action: str) -> bool:
        """The demo is for who has no logs."""
        return action != "demo" or (self.progress is not None and finds_nothing(self.progress))

    def action_chart(self) -> None:
        """The next way to stack the last hour."""
        chart = self._hour
        chart.mode = CHART_MODES[(CHART_MODES.index(chart.mode) + 1) % len(CHART_MODES)]
        chart.redraw()

    def action_open(self) -> None:
        """Opens the session under the cursor."""
        self._active.action_choose()

    def action_why(self) -> None:
        """The evidence for the last call of the chosen session."""
        session = self._active.chosen
        if session is None or self.data is None:
            return
        last = next((e.call for e in self.data.feed if e.call.session == session.number), None)
        if last is not None:
            self.post_message(Open("why", last.number))

    def action_demo(self) -> None:
        """The demo, for somebody without logs; who has some leaves first."""
        if self.progress is not None and finds_nothing(self.progress):
            self.post_message(DemoWanted())
        else:
            self.notify("toktui --demo shows it, beside this one.", markup=False)

    def on_active_rows_chosen(self, message: ActiveRows.Chosen) -> None:
        """Opens a session."""
        self.post_message(Open("session", message.session.number))


def _or_unknown(tokens: int | None) -> str:
    return fmt.UNKNOWN if tokens is None else fmt.tokens(tokens)


VIEW: Final = LiveView
