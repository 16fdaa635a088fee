"""A review on one board: parts beside or below each other, and one cursor through all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.message import Message

from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing, palette_of
from toktui.tui.widgets.review_bars import (
    TALL,
    Row,
    Stack,
    Target,
    bar_rows,
    bars_at_most,
    legend,
)
from toktui.tui.widgets.review_lists import (
    LISTS,
    head_lines,
    length_of,
    list_rows,
    stacked_lists,
    why_lines,
)
from toktui.tui.widgets.year_map import HEIGHT as YEAR_HEIGHT
from toktui.tui.widgets.year_map import WEEK, year_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from toktui.metrics.history import Review
    from toktui.metrics.year import YearDay
    from toktui.tui.theme import Palette

WIDE: Final = 100
VAST: Final = 170
_AIRY: Final = 22
WASTE: Final = "waste"
"""The part of the cursor that is the last line."""
_GAP: Final = 3
Block = tuple[list[Row], int]
"""Rows, and the column at which they begin."""


class ReviewBoard(Drawing, can_focus=True):
    """Head, bars, why, lists, and the year where it was asked for."""

    DEFAULT_CSS = "ReviewBoard { height: 1fr; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("down,j", "step(1)", "down", show=False),
        Binding("tab", "part(1)", "next part", show=False),
        Binding("shift+tab", "part(-1)", "part before", show=False),
        Binding("enter", "choose", "open", show=False),
    ]

    class Chosen(Message):
        """Something is to be opened."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    def __init__(self, nothing: Callable[[Palette], list[Line]], *, id: str) -> None:
        super().__init__(id=id)
        self.review: Review | None = None
        self.year: Sequence[YearDay] = ()
        """In place of the bars."""
        self.calendar: Sequence[YearDay] = ()
        """Below everything, where there is room."""
        self.stack: Stack = "agent"
        self.list_name = LISTS[0]
        self.waste: Sequence[Line] = ()
        """The last line, the longest form first."""
        self.waste_opens = False
        """Whether that line leads to a session."""
        self.cursor: Target = ("pieces", 0)
        self._nothing = nothing
        self._stacked: list[str] = []
        """Lists that are drawn below others."""
        self._places: list[tuple[int, int, int, Target]] = []
        """Line, first cell, end and target of all that is drawn."""

    # ---- where the cursor can be ----

    def parts(self) -> list[str]:
        """The parts that have something to choose, in the order of the cursor."""
        review = self.review
        if review is None:
            return []
        names = ["year"] if self.year else ["pieces"]
        lists = (*self._lists(self.size.width), *self._stacked)
        names += (name for name in lists if length_of(review, name))
        return [*names, WASTE] if self.waste_opens else names

    def _length(self, part: str) -> int:
        if self.review is None:
            return 0
        if part == "year":
            return len(self.year)
        if part == WASTE:
            return 1
        return len(self.review.bars) if part == "pieces" else length_of(self.review, part)

    def keep_cursor(self) -> None:
        """Puts the cursor where there is something."""
        parts = self.parts()
        part, index = self.cursor
        if parts and part not in parts:
            part = parts[0]
            index = self._length(part) - 1 if part == "year" else self._present()
        self.cursor = (part, max(0, min(index, self._length(part) - 1)))

    def start(self) -> None:
        """On the piece in which it is now, else on the first."""
        self.cursor = ("pieces", self._present())

    def _present(self) -> int:
        review = self.review
        if review is None:
            return 0
        if review.running:
            begun = [bar for bar in review.bars if bar.piece.within.start_ms <= review.now_ms]
            return max(0, len(begun) - 1)
        return next((at for at, bar in enumerate(review.bars) if bar.sums.calls), 0)

    def action_step(self, steps: int) -> None:
        """Through a part, and on to the next one at its end."""
        part, index = self.cursor
        if 0 <= index + steps < self._length(part):
            self.cursor = (part, index + steps)
        else:
            self._to_part(1 if steps > 0 else -1, last=steps < 0, around=False)
        self.redraw()

    def action_part(self, steps: int) -> None:
        """To another part."""
        self._to_part(steps, last=False, around=True)
        self.redraw()

    def _to_part(self, steps: int, *, last: bool, around: bool) -> None:
        parts = self.parts()
        if not parts:
            return
        at = (parts.index(self.cursor[0]) if self.cursor[0] in parts else 0) + steps
        if not around and not 0 <= at < len(parts):
            return
        part = parts[at % len(parts)]
        index = self._length(part) - 1 if last or part == "year" else 0
        self.cursor = (part, self._present() if part == "pieces" and not last else index)

    def action_choose(self) -> None:
        """Opens what is under the cursor."""
        if self.review is not None and self.cursor[0] in self.parts():
            self.post_message(self.Chosen(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Puts the cursor there; a second click opens."""
        for y, start, end, target in self._places:
            if y == event.y and start <= event.x < end:
                self.cursor = target
                self.redraw()
                if event.chain >= 2:
                    self.action_choose()
                return

    def on_mouse_scroll_down(self) -> None:
        """One down."""
        self.action_step(1)

    def on_mouse_scroll_up(self) -> None:
        """One up."""
        self.action_step(-1)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.redraw()

    def on_blur(self) -> None:
        """Hides the cursor."""
        self.redraw()

    # ---- drawing ----

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Everything that there is room for."""
        self._places = []
        review = self.review
        if review is None:
            return self._nothing(palette)
        head = head_lines(review, width, palette)
        lines = [*([Line()] if height >= TALL else []), *head[: 3 if height >= 16 else 1]]
        if height >= _AIRY:
            lines.append(Line())
        if not review.sums.calls and not self.year:
            return [*lines, *self._nothing(palette)]
        left = height - len(lines)
        lines = self._put(lines, self._upper(review, width, left, palette))
        left = height - len(lines)
        if left >= 4:
            lines.append(Line())
            room = left - 1 - (YEAR_HEIGHT if self.calendar and not self.year else 0)
            lines = self._put(lines, self._below(review, width, room, palette))
            if self.calendar and not self.year:
                spare = height - len(lines) - YEAR_HEIGHT - 2
                tall = 2 if spare >= WEEK else 1
                lines += [Line(), *year_lines(self.calendar, width, palette, None, tall)]
        if self.waste and len(lines) < height - 1 and height >= TALL:
            lines.append(Line())
        if self.waste and len(lines) < height:
            fitting = (line for line in self.waste if line.width <= width)
            last = Row(next(fitting, self.waste[-1]), (WASTE, 0) if self.waste_opens else None)
            lines = self._put(lines, [([last], 0)])
        return lines

    def _upper(self, review: Review, width: int, height: int, palette: Palette) -> list[Block]:
        """Bars and why, beside each other where there is room, or the year."""
        if self.year:
            at = self.cursor[1] if self.cursor[0] == "year" else None
            lines = year_lines(self.year, width, palette, at)
            return [([Row(line) for line in lines[:height]], 0)]
        pieces = len(review.bars)
        at_most = bars_at_most(pieces, wide=width >= WIDE, height=height)
        if width >= WIDE:
            half = (width - _GAP) // 2
            bars = self._bars(review, half, at_most, palette)
            most = min(height, max(len(bars), 8))
            why = why_lines(review, width - half - _GAP, most, palette)
            return [(bars[:height], 0), ([Row(line) for line in why], half + _GAP)]
        rows = self._bars(review, width, at_most, palette)
        room = height - len(rows) - 1
        if room >= 4:
            # What the cursor is in gets the room, where there is not enough for all.
            most = max(4, room - 6) if room >= 14 or self.cursor[0] in LISTS else room
            reasons = min(len(review.reasons) + 2, most)
            rows.append(Row(Line()))
            rows += [Row(line) for line in why_lines(review, width, reasons, palette)]
        return [(rows[:height], 0)]

    def _bars(self, review: Review, width: int, height: int, palette: Palette) -> list[Row]:
        at = self.cursor if self.has_focus else None
        rows = bar_rows(review, self.stack, width, height, palette, at)
        return [Row(legend(review, self.stack, width, palette)), *rows]

    def _lists(self, width: int) -> list[str]:
        """The lists beside each other, from the chosen one on."""
        count = 4 if width >= VAST else 2 if width >= WIDE else 1
        at = LISTS.index(self.list_name)
        return [LISTS[(at + n) % len(LISTS)] for n in range(count)]

    def _below(
        self, review: Review, width: int, height: int, palette: Palette
    ) -> list[Block]:
        """The lists; below short ones there is room for others."""
        names = self._lists(width)
        each = (width - _GAP * (len(names) - 1)) // len(names)
        if self.waste and height > 3:
            height -= 2 if self.size.height >= TALL else 1
        columns = stacked_lists(review, names, height)
        self._stacked = [name for column in columns for name in column[1:]]
        blocks: list[Block] = []
        for index, column in enumerate(columns):
            rows: list[Row] = []
            for name in column:
                if rows:
                    rows.append(Row(Line()))
                room = height - len(rows)
                at = self.cursor[1] if self.cursor[0] == name else 0
                top = max(0, at - max(1, room - 1) + 1)
                rows += list_rows(review, name, each, room, palette, top)
            blocks.append((rows, index * (each + _GAP)))
        return blocks

    def _put(self, lines: list[Line], blocks: Sequence[Block]) -> list[Line]:
        """Adds blocks that begin at their columns, marks the cursor, and keeps what is where."""
        first = len(lines)
        found = list(lines)
        palette = palette_of(self)
        for y in range(max(len(rows) for rows, _ in blocks)):
            line = Line()
            for number, (rows, x) in enumerate(blocks):
                if y >= len(rows):
                    continue
                line.fill(x)
                row = rows[y]
                end = blocks[number + 1][1] - _GAP if number + 1 < len(blocks) else self.size.width
                pieces = row.line.pieces
                if row.target is not None:
                    self._places.append((first + y, x, end, row.target))
                    if row.target == self.cursor and self.has_focus:
                        wide = min(end - x, row.line.width)
                        pieces = list(row.line.strip(wide).apply_style(palette.cursor))
                line.extend(pieces)
            found.append(line)
        return found
