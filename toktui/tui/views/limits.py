"""The windows of plans: how full, at what pace, who uses them, and those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding

from toktui.metrics.limits_look import About, LimitsLook, load_limits_look
from toktui.tui import format as fmt
from toktui.tui.lines import Line, as_fits
from toktui.tui.view import Ask, Open, View
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.eater_rows import EaterRows
from toktui.tui.widgets.header import LOW_VIEW
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.past_windows import PastWindows
from toktui.tui.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.metrics.scope import Scope
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

TALL: Final = 26
_MOST_WINDOWS: Final = 7
_TALLEST: Final = 22
"""Lines that the past may take."""


class WindowHead(Drawing):
    """The window that is looked at, or what to do where there is none."""

    DEFAULT_CSS = "WindowHead { height: 1; margin: 1 0 0 0; }"

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.look: LimitsLook | None = None
        self.scoped = False

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line; a few where there is nothing."""
        look = self.look
        if look is None:
            return []
        if not look.limits:
            return _nothing(palette, scoped=self.scoped)[:height]
        limit, window = look.limit, look.window
        line = Line().add("USED BY  ", palette.dim)
        if limit is None or window is None:
            return [line.add("nobody: it is not known when this window begins", palette.faint)]
        line.add(f"{limit.agent} {limit.name}", palette.strong)
        start = fmt.moment(window.start_ms, look.at_ms, self._zone).strip()
        end = fmt.moment(window.end_ms, look.at_ms, self._zone).strip()
        used = Line()
        if window.used_percent is not None:
            used.add(f"   {window.used_percent:.0f} % used", palette.accent)
        estimated = window.estimated > 0
        cost = fmt.money(window.cost_nusd, lacks=window.unpriced > 0, estimated=estimated)
        further = (
            Line().add(f"  {start} – {end}", palette.text), used,
            Line().add(f"   {cost}", palette.strong),
            Line().add(f"   {fmt.plural(window.calls, 'call')}", palette.dim),
            Line().add(f"   {fmt.tokens(window.tokens, estimated=estimated)} tokens", palette.dim),
        )  # fmt: skip
        return [as_fits(line, further, width)]


def _nothing(palette: Palette, *, scoped: bool) -> list[Line]:
    if scoped:
        return [Line().add("No window of an agent that the filter means.", palette.dim)]
    return [
        Line().add("No window of a plan goes on.", palette.strong),
        Line(),
        Line().add("Codex writes its plan's windows into its logs: they are here", palette.dim),
        Line().add("as soon as it answers.", palette.dim),
        Line(),
        Line().add("Claude Code tells them to its status line only:", palette.dim),
        Line().add("  toktui statusline --install", palette.accent),
        Line().add("Without it, its 5-hour blocks are derived from its calls.", palette.dim),
    ]


class LimitsView(View[LimitsLook]):
    """All windows; the sessions of one; the windows before it."""

    KEY, LABEL, PLACE = "limits", "Limits", 6
    FILTERED = "here no branches"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("n", "choose(1)", "next window"),
        Binding("p", "choose(-1)", "previous window", show=False),
        Binding("left,h", "past(-1)", "back in time", show=False),
        Binding("right,l", "past(1)", "on in time", show=False),
    ]
    OPENS = True
    MEANINGS = (
        ("n p", "the next window, the one before; or click it"),
        ("← →", "back and on in time; or click a column"),
        ("↑ ↓ enter", "choose a session, open it"),
        ("official", "said by the vendor, in a log or to the status line"),
        ("derived", "5-hour blocks, made from the calls; the vendor said nothing"),
        ("pace", "share that is used over share that has passed; above ×1 it is used up early"),
        ("full 16:10–17:05", "the range in which it runs out, at what is being burned"),
        ("of limit", "the session's part of the window, in points of the limit"),
        ("+2", "with so many sessions that it started"),
    )
    DEFAULT_CSS = """
    LimitsView { layout: vertical; padding: 1 1 0 1; }
    LimitsView #past { height: 10; margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about or About())
        self._table = WindowTable(zone=zone, id="windows")
        self._head = WindowHead(zone=zone, id="window-head")
        self._rows = EaterRows(zone=zone, id="eaters")
        self._past = PastWindows(zone=zone, id="past")

    def compose(self) -> ComposeResult:
        """From above: present, who, past."""
        yield from (self._table, self._head, self._rows, self._past)

    @classmethod
    def filter_note(cls, scope: Scope) -> str:
        """Only where a branch is asked for."""
        return cls.FILTERED if scope.filters.branches else ""

    @classmethod
    def load(cls, reading: Reading, about: About) -> LimitsLook:
        """One look at the store."""
        return load_limits_look(reading.db, reading.now_ms, about, reading.scope)

    def changes_ms(self) -> int | None:
        """When the next window ends."""
        ends = [one.resets_ms for one in self.data.limits if one.resets_ms] if self.data else []
        return min((end for end in ends if end > self.now_ms), default=None)

    def fill(self) -> None:
        """Gives every part its share of the data."""
        look = self.data
        for part in (self._table, self._head, self._past, self._rows):
            part.look = look
        self._head.scoped = self.scope.is_limited
        self._rows.empty = (
            "No session in it matches the filter."
            if self.scope.is_limited
            else "No call of ours in this window."
        )
        if look is not None:
            eaters = look.eaters
            self._rows.take(eaters, first=0, found=len(eaters), now_ms=look.at_ms)
        for part in (self._table, self._head, self._past):
            part.redraw()

    def fit_parts(self, width: int, height: int) -> None:
        """The past is shown where there is room for it."""
        del width
        low = height < LOW_VIEW
        self.styles.padding = (0 if low else 1, 1, 0, 1)
        self._head.styles.margin = (0 if low else 1, 0, 0, 0)
        look = self.data
        empty = look is None or not look.limits
        count = len(look.limits) if look else 0
        most = _MOST_WINDOWS if height >= TALL else 3
        self._table.display = self._rows.display = not empty
        self._table.styles.height = 1 + min(most, max(1, count))
        self._head.styles.height = 9 if empty else 1
        self._past.display = not empty and height >= 18 and look is not None and bool(look.past)
        room = height - 5 - min(most, max(1, count))
        rows = max(1, len(look.eaters) if look else 0) + 1
        past = max(7 if height < TALL else 12, min(_TALLEST, room - rows))
        self._past.styles.height = past

    def action_choose(self, steps: str | int = 1) -> None:
        """Looks at another window."""
        look = self.data
        if look is not None and look.limits:
            self._choose((look.chosen + int(steps)) % len(look.limits))

    def action_past(self, steps: str | int) -> None:
        """Looks at the same window earlier or later."""
        look = self.data
        if look is None or look.window is None or not look.past:
            return
        ends = [window.end_ms for window in look.past]
        now = look.window.end_ms
        at = ends.index(now) if now in ends else len(ends)
        self._look_at(ends[max(0, min(len(ends) - 1, at + int(steps)))])

    def action_open(self) -> None:
        """Opens the session under the cursor."""
        self._rows.action_choose()

    def _choose(self, index: int) -> None:
        if self.data is not None and 0 <= index < len(self.data.limits):
            limit = self.data.limits[index]
            self.about = About(limit.agent, limit.name)
            self._rows.start_over()
            self.post_message(Ask())

    def _look_at(self, end_ms: int) -> None:
        limit = self.data.limit if self.data else None
        if limit is not None:
            self.about = About(limit.agent, limit.name, end_ms)
            self._rows.start_over()
            self.post_message(Ask())

    def on_window_table_chosen(self, message: WindowTable.Chosen) -> None:
        """A window was clicked."""
        self._choose(message.index)

    def on_past_windows_chosen(self, message: PastWindows.Chosen) -> None:
        """A column was clicked."""
        self._look_at(message.end_ms)

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a session."""
        self.post_message(Open("session", message.row.number))


VIEW: Final = LimitsView
