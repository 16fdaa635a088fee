"""The active sessions, a line for each, sub-agents folded under their parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message

from toktui.tui import format as fmt
from toktui.tui.columns import GAP, Column, head, layout
from toktui.tui.glyphs import gauge, spark
from toktui.tui.lines import Line, fit
from toktui.tui.widgets.burn import burn_money
from toktui.tui.widgets.drawing import Drawing, Slit
from toktui.tui.widgets.today import sum_money

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult

    from toktui.metrics.active import ActiveSession, SubAgent
    from toktui.tui.theme import Palette

SOON_MS: Final = 60_000
"""A cache that lives shorter than this is shown in the colour of warning."""
_CROWDED: Final = 0.85


COLUMNS: Final = (
    Column("agent", "agent", 12, False, 92),
    Column("project", "project", 14, False, 0),
    Column("model", "model", 13, False, 66),
    Column("gauge", "", 10, False, 126),
    Column("context", "context", 10, True, 44),
    Column("spark", "last hour", 12, False, 146),
    Column("burn", "$/h", 7, True, 0),
    Column("cost", "cost", 7, True, 30),
    Column("hit", "hit", 6, True, 74),
    Column("cache", "cache", 7, True, 54),
    Column("warm", "next", 7, True, 104),
    Column("cold", "cold", 7, True, 104),
)
_GROW: Final = (
    ("project", 24), ("model", 20), ("gauge", 20), ("spark", 12), ("project", 40),
)  # fmt: skip
_MARK: Final = 2


class Fold(NamedTuple):
    """One line: a session, or sub-agents of it."""

    session: ActiveSession
    sub: SubAgent | None
    branch: str
    """What is drawn before a line that hangs on another."""


def folds_of(sessions: Sequence[ActiveSession]) -> list[Fold]:
    """Sessions in their order, each with its sub-agents and the sessions that it spawned below."""
    ids = {(session.agent, session.id) for session in sessions}
    children: dict[tuple[str, str], list[ActiveSession]] = {}
    roots: list[ActiveSession] = []
    for session in sessions:
        parent = (session.agent, session.parent or "")
        if parent in ids and session.parent != session.id:
            children.setdefault(parent, []).append(session)
        else:
            roots.append(session)
    folds: list[Fold] = []
    seen: set[tuple[str, str]] = set()
    for root in roots or list(sessions):
        _unfold(root, children, folds, seen, "")
    return folds


def _unfold(
    session: ActiveSession,
    children: dict[tuple[str, str], list[ActiveSession]],
    folds: list[Fold],
    seen: set[tuple[str, str]],
    branch: str,
) -> None:
    key = (session.agent, session.id)
    if key in seen:
        return
    seen.add(key)
    folds.append(Fold(session, None, branch))
    below = children.get(key, [])
    for index, sub in enumerate(session.sub_agents):
        last = index == len(session.sub_agents) - 1 and not below
        folds.append(Fold(session, sub, "└ " if last else "├ "))
    for index, child in enumerate(below):
        _unfold(child, children, folds, seen, "└ " if index == len(below) - 1 else "├ ")


class ActiveRows(Drawing, can_focus=True):
    """A list with a cursor. Posts `Chosen` on Enter or a second click."""

    DEFAULT_CSS = "ActiveRows { height: 1fr; }"
    BINDINGS = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("home,g", "move(-100000)", "first", show=False),
        Binding("end,G", "move(100000)", "last", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Chosen(Message):
        """A session is to be opened."""

        def __init__(self, session: ActiveSession) -> None:
            super().__init__()
            self.session = session

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.folds: list[Fold] = []
        self.now_ms = 0
        self.nothing: Callable[[Palette], list[Line]] = lambda _palette: []
        self._cursor: tuple[str, str] | None = None
        self._top = 0
        self._slit = Slit(self)

    def compose(self) -> ComposeResult:
        """The column that counts down."""
        yield self._slit

    def repaint(self, regions: Sequence[Region]) -> None:
        """What counts down is sent without the rest of its line."""
        slit = self._slit
        outside = [region for region in regions if not slit.holds(region)]
        inside = [
            Region(0, region.y, slit.length, region.height)
            for region in regions
            if slit.touches(region)
        ]
        if outside:
            self.refresh(*outside)
        if inside:
            slit.refresh(*inside)

    def take(self, sessions: Sequence[ActiveSession], now_ms: int) -> None:
        """Shows these sessions; the cursor stays on the one it is on."""
        self.folds = folds_of(sessions)
        self.now_ms = now_ms
        self.redraw()

    @property
    def chosen(self) -> ActiveSession | None:
        """The session under the cursor."""
        index = self._index()
        return self.folds[index].session if 0 <= index < len(self.folds) else None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The head and as many sessions as fit around the cursor."""
        if not self.folds:
            self._slit.place(-1, 0)
            return self.nothing(palette)
        columns, widths = layout(COLUMNS, width - _MARK, _GROW)
        self._place_slit(columns, widths)
        lines = [head(columns, widths, palette, before=_MARK)]
        room = max(1, height - 1)
        index = self._index()
        if self.has_focus and index >= 0:
            self._top = max(index - room + 1, min(self._top, index))
        self._top = max(0, min(self._top, len(self.folds) - room))
        for at, fold in enumerate(self.folds[self._top : self._top + room], self._top):
            line = self._line(fold, columns, widths, palette)
            if self.has_focus and at == index:
                line = Line(*line.strip(width).apply_style(palette.cursor))
            lines.append(line)
        return lines

    def _place_slit(self, columns: Sequence[Column], widths: Sequence[int]) -> None:
        names = [column.name for column in columns]
        if "cache" not in names:
            self._slit.place(-1, 0)
            return
        at = names.index("cache")
        self._slit.place(_MARK + sum(widths[:at]) + GAP * at, widths[at])

    def _line(
        self, fold: Fold, columns: Sequence[Column], widths: Sequence[int], palette: Palette
    ) -> Line:
        row = _SubRow(fold, self.now_ms, palette) if fold.sub else _Row(fold, self.now_ms, palette)
        line = Line().add("  " if fold.sub else f"{row.mark} ", row.mark_style)
        for index, (column, width) in enumerate(zip(columns, widths, strict=True)):
            if index:
                line.add(" " * GAP)
            row.cell(line, column, width)
        return line

    def _index(self) -> int:
        if not self.folds:
            return -1
        for index, fold in enumerate(self.folds):
            if fold.sub is None and (fold.session.agent, fold.session.id) == self._cursor:
                return index
        return 0

    def action_move(self, steps: int) -> None:
        """Moves the cursor over sessions, past sub-agents."""
        rows = [index for index, fold in enumerate(self.folds) if fold.sub is None]
        if not rows:
            return
        at = rows.index(self._index()) if self._index() in rows else 0
        self._put(rows[max(0, min(len(rows) - 1, at + steps))])

    def action_page(self, pages: int) -> None:
        """Moves by what is visible."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_choose(self) -> None:
        """Opens the session under the cursor."""
        if (session := self.chosen) is not None:
            self.post_message(self.Chosen(session))

    def _put(self, index: int) -> None:
        session = self.folds[index].session
        self._cursor = (session.agent, session.id)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there; a second click opens."""
        index = event.y - 1 + self._top
        if event.y < 1 or not 0 <= index < len(self.folds):
            return
        self._put(index)
        if event.chain >= 2:
            self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Moves down."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """Moves up."""
        self.action_move(-1)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.redraw()

    def on_blur(self) -> None:
        """Hides the cursor."""
        self.redraw()


class _Row:
    """The cells of a session."""

    def __init__(self, fold: Fold, now_ms: int, palette: Palette) -> None:
        self.fold, self.palette, self.now_ms = fold, palette, now_ms
        session = fold.session
        self.idle = session.state == "idle"
        self.mark = {"working": "●", "warm": "◐", "idle": "○"}[session.state]
        self.mark_style = {
            "working": palette.good, "warm": palette.accent, "idle": palette.faint,
        }[session.state]  # fmt: skip
        self.text = palette.faint if self.idle else palette.text
        self.dim = palette.faint if self.idle else palette.dim

    def cell(self, line: Line, column: Column, width: int) -> None:
        """Appends the cell of a column."""
        session = self.fold.session
        text, style = "", self.text
        match column.name:
            case "agent":
                text, style = session.agent, self.dim
            case "project":
                text = self.fold.branch + fmt.project_name(session.project)
                style = self.text if self.idle else self.palette.strong
            case "model":
                text, style = fmt.model_name(session.model, session.priced_as), self.dim
            case "gauge":
                line.extend(self._gauge(width).pieces)
                return
            case "context":
                text, style = _context(session.context_tokens, session.context_window, width), self.dim
            case "spark":
                line.extend(self._spark(width).pieces)
                return
            case "burn":
                burn = session.burn[1]
                text = burn_money(burn) if burn.calls else fmt.UNKNOWN
                style = self.palette.hot if burn.cost_nusd else self.palette.faint
            case "cost":
                text = sum_money(session.sums)
            case "hit":
                text, style = fmt.percent(session.sums.cache_hit_rate), self.dim
            case "cache":
                text, style = self._cache()
            case _:
                text, style = self._next(column.name)
        line.cell(text, width, style, "right" if column.right else "left")

    def _gauge(self, width: int) -> Line:
        session, palette = self.fold.session, self.palette
        share = _share(session.context_tokens, session.context_window)
        full = palette.warning if share is not None and share > _CROWDED else palette.read
        return gauge(share, width, palette.faint if self.idle else full, palette.faint)

    def _spark(self, width: int) -> Line:
        values = self.fold.session.spark[-width:]
        return spark(values, self.palette.read, self.palette.faint).fill(width)

    def _cache(self) -> tuple[str, Style]:
        session, palette = self.fold.session, self.palette
        if session.cache_expires_ms is None:
            return fmt.UNKNOWN, palette.faint
        left = session.cache_expires_ms - self.now_ms
        if left <= 0:
            return "cold", palette.faint
        return fmt.countdown(left), palette.warning if left < SOON_MS else self.palette.good

    def _next(self, which: str) -> tuple[str, Style]:
        """What the next turn costs: in colour what it costs now, pale what it would otherwise."""
        session, palette = self.fold.session, self.palette
        if session.next_turn is None:
            return fmt.UNKNOWN, palette.faint
        warm = session.is_warm(self.now_ms) or session.cache_expires_ms is None
        nusd = session.next_turn.warm_nusd if which == "warm" else session.next_turn.cold_nusd
        holds = warm is (which == "warm")
        return fmt.money(nusd), self.text if holds else palette.faint


class _SubRow(_Row):
    """The cells of sub-agents that are folded into one line."""

    def cell(self, line: Line, column: Column, width: int) -> None:
        """Appends the cell of a column."""
        sub, palette = self.fold.sub, self.palette
        assert sub is not None
        text, style = "", palette.dim
        match column.name:
            case "project":
                count = f" ×{sub.count}" if sub.count > 1 else ""
                name = fit(sub.kind or "sub-agent", max(1, width - 2 - len(count))).rstrip()
                text = f"{self.fold.branch}{name}{count}"
            case "model":
                text = fmt.model_name(sub.model)
            case "gauge":
                share = _share(sub.context_tokens, sub.context_window)
                line.extend(gauge(share, width, palette.faint, palette.faint).pieces)
                return
            case "context":
                text = _context(sub.context_tokens, sub.context_window, width)
            case "burn":
                text = burn_money(sub.burn) if sub.burn.calls else fmt.UNKNOWN
                style = palette.accent if sub.burn.cost_nusd else palette.faint
            case "cost":
                text = sum_money(sub.sums)
            case "hit":
                text = fmt.percent(sub.sums.cache_hit_rate)
            case _:
                pass
        line.cell(text, width, style, "right" if column.right else "left")


def _share(context: int | None, window: int | None) -> float | None:
    return context / window if context is not None and window else None


def _context(context: int | None, window: int | None, width: int) -> str:
    full = f"{fmt.tokens(context)}/{_window(window)}" if window else fmt.tokens(context)
    return full if len(full) <= width else fmt.tokens(context)


def _window(window: int) -> str:
    """A window is a round number: `200k`, `1M`."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if window >= unit:
            return f"{window / unit:.3g}{sign}"
    return str(window)
