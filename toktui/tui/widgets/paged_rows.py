"""A long list of which only a window is at hand; the rest is asked for as it comes into sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.message import Message

from toktui.export.seen import Cell, Raw, SeenColumn, SeenTable
from toktui.tui.columns import Column, head, layout
from toktui.tui.lines import Line
from toktui.tui.theme import Palette
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events

_WIDEST: Final = 400
"""Cells of a column where nothing is to be cut."""
_PLAIN: Final = Palette({}, dark=True)
"""For text of which the colours do not matter."""
MARGIN: Final = 40
"""Rows before the end of the window at which the next one is asked for."""


class PagedRows(Drawing, can_focus=True):
    """Subclasses have the columns and draw a row."""

    DEFAULT_CSS = "PagedRows { height: 1fr; }"
    COLUMNS: ClassVar[Sequence[Column]] = ()
    GROW: ClassVar[Sequence[tuple[str, int]]] = ()
    SORT_ACTION: ClassVar[str] = ""
    RAW_NAMES: ClassVar[Mapping[str, str]] = {}
    """What the raw values of columns are called, where that tells more than the column's name."""
    BINDINGS: ClassVar[list[Any]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("home,g", "move(-1000000000)", "first", show=False),
        Binding("end,G", "move(1000000000)", "last", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Chosen(Message):
        """A row is to be opened."""

        def __init__(self, rows: PagedRows, row: Any) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

    class Wanted(Message):
        """Rows around `first` are in sight or soon will be, and not at hand."""

        def __init__(self, rows: PagedRows, first: int) -> None:
            super().__init__()
            self.rows = rows
            self.first = first

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.found = 0
        self.first = 0
        self.window: Sequence[Any] = ()
        self.cursor = 0
        self.top = 0
        self.now_ms = 0
        self.empty = "nothing here"
        self.sorted_by = ""
        self.descending = True
        self._asked: int | None = None

    def take(self, window: Sequence[Any], *, first: int, found: int, now_ms: int) -> None:
        """Shows a window of the list that begins at `first`."""
        self.window, self.first, self.found, self.now_ms = window, first, found, now_ms
        self.cursor = max(0, min(self.cursor, found - 1))
        self._asked = None
        self._look_ahead()
        self.redraw()

    def start_over(self) -> None:
        """Back to the first row, since the list is another one now."""
        self.cursor = self.top = 0

    def row_at(self, index: int) -> Any | None:
        """The row at an index of the whole list, if it is at hand."""
        at = index - self.first
        return self.window[at] if 0 <= at < len(self.window) else None

    def columns(self) -> Sequence[Column]:
        """What is shown of the rows at hand."""
        return self.COLUMNS

    def exported(self) -> Sequence[Column]:
        """What is copied and exported of them."""
        return [column for column in self.columns() if column.head]

    def grows(self) -> Sequence[tuple[str, int]]:
        """Which columns take what is left, and up to which widths."""
        return self.GROW

    def raw(self, row: Any, column: Column) -> Raw:
        """The value behind a cell, for files; None if unknown."""
        return self._text(row, column) or None

    def raw_name(self, column: Column) -> str:
        """Name of the raw value, with its unit: `cost_nusd`."""
        return self.RAW_NAMES.get(column.name, column.name)

    def seen(self, title: str, rows: Sequence[Any] | None = None) -> SeenTable:
        """These rows, by default those at hand, with every column that can be shown.

        For the clipboard and for files; may run in any thread.
        """
        columns = self.exported()
        return SeenTable(
            title,
            tuple(SeenColumn(self.raw_name(each), each.head, each.right) for each in columns),
            tuple(
                tuple(Cell(self.raw(row, each), self._text(row, each)) for each in columns)
                for row in (self.window if rows is None else rows)
            ),
        )

    def _text(self, row: Any, column: Column) -> str:
        line = Line()
        self.cells(line, row, column, _WIDEST, _PLAIN)
        return "".join(piece.text for piece in line.pieces).strip()

    def cells(self, line: Line, row: Any, column: Column, width: int, palette: Palette) -> None:
        """Appends the cell of a column."""
        raise NotImplementedError

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The heads, the rows in sight, and a scrollbar where there are more; of a list in a single
        line the row that is chosen."""
        room = max(1, height - 1)
        inner = width - 2
        columns, widths = layout(self.columns(), inner, self.grows())
        lines = [
            head(
                columns, widths, palette, sorted_by=self.sorted_by, descending=self.descending,
                action=self.SORT_ACTION,
            )
        ]  # fmt: skip
        if height == 1:
            lines.clear()
        if not self.found:
            return [*lines, Line().add(self.empty, palette.faint)]
        self._keep_in_sight(room)
        for index in range(self.top, min(self.found, self.top + room)):
            line = self._line(index, columns, widths, palette)
            if index == self.cursor and self.has_focus:
                line = Line(*line.strip(inner).apply_style(palette.cursor))
            line = Line(*line.strip(inner)).add(" ")
            lines.append(line.extend(self._scrollbar(index - self.top, room, palette).pieces))
        return lines

    def _line(
        self, index: int, columns: Sequence[Column], widths: Sequence[int], palette: Palette
    ) -> Line:
        row = self.row_at(index)
        line = Line()
        if row is None:
            return line.add("…", palette.faint)
        for at, (column, width) in enumerate(zip(columns, widths, strict=True)):
            if at:
                line.add("  ")
            self.cells(line, row, column, width, palette)
        return line

    def _scrollbar(self, y: int, room: int, palette: Palette) -> Line:
        if self.found <= room:
            return Line()
        length = max(1, room * room // self.found)
        start = (room - length) * self.top // max(1, self.found - room)
        return Line().add("┃", palette.dim if start <= y < start + length else palette.ground)

    def _keep_in_sight(self, room: int) -> None:
        self.top = max(self.cursor - room + 1, min(self.top, self.cursor))
        self.top = max(0, min(self.top, self.found - room))

    def _look_ahead(self) -> None:
        """Asks for another window before the end of this one is in sight."""
        room = max(1, self.size.height)
        first, last = max(0, self.top - MARGIN), min(self.found, self.top + room + MARGIN)
        if first >= self.first and last <= self.first + len(self.window):
            return
        wanted = max(0, self.top - 80)
        if self._asked != wanted:
            self._asked = wanted
            self.post_message(self.Wanted(self, wanted))

    def action_move(self, steps: int) -> None:
        """Moves the cursor."""
        self._put(self.cursor + steps)

    def action_page(self, pages: int) -> None:
        """Moves by what is in sight."""
        self._put(self.cursor + pages * max(1, self.size.height - 2))

    def action_choose(self) -> None:
        """Opens the row under the cursor."""
        if (row := self.row_at(self.cursor)) is not None:
            self.post_message(self.Chosen(self, row))

    def _put(self, index: int) -> None:
        self.cursor = max(0, min(self.found - 1, index))
        self._keep_in_sight(max(1, self.size.height - 1))
        self._look_ahead()
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there; a second click opens."""
        if event.y < 1 or event.y - 1 + self.top >= self.found:
            return
        self._put(event.y - 1 + self.top)
        if event.chain >= 2:
            self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Three rows down."""
        self._put(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Three rows up."""
        self._put(self.cursor - 3)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.redraw()

    def on_blur(self) -> None:
        """Hides the cursor."""
        self.redraw()
