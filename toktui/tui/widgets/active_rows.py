"""The active sessions, a line for each, sub-agents folded under their parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message

from toktui.tui.columns import GAP, Column, head, layout
from toktui.tui.lines import Line
from toktui.tui.widgets.active_cells import Fold, RowCells, SubRowCells, folds_of
from toktui.tui.widgets.drawing import Drawing, Slit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult

    from toktui.metrics.active import ActiveSession
    from toktui.tui.theme import Palette


COLUMNS: Final = (
    Column("agent", "agent", 12, False, 92),
    Column("project", "project", 15, False, 0),
    Column("model", "model", 12, False, 68),
    Column("gauge", "", 10, False, 126),
    Column("context", "context", 10, True, 44),
    Column("spark", "last hour", 12, False, 136),
    Column("burn", "$/h", 8, True, 0),
    Column("cost", "cost", 8, True, 30),
    Column("hit", "hit", 6, True, 76),
    Column("cache", "cache", 7, True, 54),
    Column("warm", "next", 8, True, 108),
    Column("cold", "cold", 8, True, 108),
)
_GROW: Final = (
    ("project", 24), ("model", 20), ("gauge", 20), ("spark", 12), ("project", 400),
)  # fmt: skip
_MARK: Final = 2


class ActiveRows(Drawing, can_focus=True):
    """A list with a cursor. Posts `Chosen` on Enter or a second click."""

    DEFAULT_CSS = "ActiveRows { height: 1fr; }"
    BINDINGS: ClassVar[list[Any]] = [
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
        row = (
            SubRowCells(fold, self.now_ms, palette)
            if fold.sub
            else RowCells(fold, self.now_ms, palette)
        )
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
