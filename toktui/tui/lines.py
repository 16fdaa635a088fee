"""Lines of cells: the little language in which drawings are made.

Text enters a line only as the text of a `Segment`, which no markup reader ever sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Align = Literal["left", "right", "center"]
NO_STYLE = Style.null()


def fit(text: str, width: int, align: Align = "left") -> str:
    """Exactly `width` cells: cut with an ellipsis, or filled up with spaces."""
    if width <= 0:
        return ""
    if not (text.isascii() and len(text) <= width):
        text = clean(text, width) if cell_len(text) > width else text
    space = width - cell_len(text)
    if align == "right":
        return " " * space + text
    if align == "center":
        return " " * (space // 2) + text + " " * (space - space // 2)
    return text + " " * space


def put(text: str, style: Style | None = None) -> Segment:
    """A piece of a line."""
    return Segment(text, style)


def link(text: str, style: Style, action: str) -> Segment:
    """A piece that does something when clicked; `action` is ours, never data."""
    return Segment(text, style + Style(meta={"@click": action}))


class Line:
    """A line that grows to the right."""

    def __init__(self, *pieces: Segment) -> None:
        self.pieces: list[Segment] = list(pieces)

    def add(self, text: str, style: Style | None = None) -> Line:
        """Appends text."""
        if text:
            self.pieces.append(Segment(text, style))
        return self

    def cell(
        self, text: str, width: int, style: Style | None = None, align: Align = "left"
    ) -> Line:
        """Appends exactly `width` cells."""
        return self.add(fit(text, width, align), style)

    def extend(self, pieces: Iterable[Segment]) -> Line:
        """Appends pieces."""
        self.pieces.extend(pieces)
        return self

    @property
    def width(self) -> int:
        """Cells so far."""
        return sum(piece.cell_length for piece in self.pieces)

    def fill(self, width: int) -> Line:
        """Spaces up to the column `width`."""
        return self.add(" " * (width - self.width))

    def cut(self, width: int) -> Line:
        """The line in at most `width` cells; what is cut off becomes `…`."""
        if self.width <= width:
            return self
        kept = Strip(self.pieces).crop(0, max(0, width - 1))
        last = next((piece.style for piece in reversed(list(kept)) if piece.style), None)
        return Line(*kept).add("…"[:width], last)

    def strip(self, width: int) -> Strip:
        """The line in exactly `width` cells."""
        return Strip(self.pieces).adjust_cell_length(width)


def both_ends(left: Line, right: Line, width: int, *, keep_left: bool = False) -> Line:
    """One line with something at each end and a gap between; the left end gives way, or the right
    one is left out."""
    room = width - right.width
    if keep_left and left.width + 1 > room:
        return left
    kept = left.cut(max(0, room - 1)) if right.pieces else left
    return Line(*kept.pieces).fill(room).extend(right.pieces)


def as_fits(first: Line, further: Iterable[Line], width: int) -> Line:
    """The first line, and each further piece of it up to the first for which there is no room."""
    line = Line(*first.pieces)
    for piece in further:
        if line.width + piece.width > width:
            break
        line.extend(piece.pieces)
    return line


def wrapped(text: str, width: int, style: Style | None = None) -> list[Line]:
    """`text` broken after so many cells, wherever that is."""
    lines: list[Line] = []
    piece, used = "", 0
    for char in text:
        cells = cell_len(char)
        if used + cells > max(1, width):
            lines.append(Line().add(piece, style))
            piece, used = "", 0
        piece += char
        used += cells
    return [*lines, Line().add(piece, style)] if piece else lines


def by_words(text: str, width: int, most: int) -> list[str]:
    """`text` in at most so many lines, broken between words; what does not fit becomes `…`."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most and width > 0:
        head = _begin(rest, width)
        if len(lines) == most - 1 and len(head) < len(rest):
            head = _shortened(rest, width)
        lines.append(head)
        rest = rest[len(head) :].lstrip()
    return lines


def _shortened(text: str, width: int) -> str:
    """Whole words with an ellipsis; a part of a word where that would leave much room unused."""
    words = _begin(text, width - 1).rstrip(" ,;:") if width > 1 else ""
    enough = width * 2 <= cell_len(words) * 3 < width * 3
    return f"{words}…" if enough else clean(text, width)


def _begin(text: str, width: int) -> str:
    """As many whole words as fit; a part of the first one if it does not."""
    used = end = last = 0
    for end, char in enumerate(text):
        if char == " ":
            last = end
        used += cell_len(char)
        if used > width:
            return text[: last or max(1, end)]
    return text


def changed_spans(old: Sequence[Strip], new: Sequence[Strip]) -> list[tuple[int, int, int]]:
    """Where two pictures of the same size differ: row, first cell, number of cells."""
    spans: list[tuple[int, int, int]] = []
    for y, (before, after) in enumerate(zip(old, new, strict=True)):
        if before is after or before == after:
            continue
        first, length = _span(before, after)
        if length:
            spans.append((y, first, length))
    return spans


def _span(before: Strip, after: Strip) -> tuple[int, int]:
    ones, others = _cells(before), _cells(after)
    if ones is None or others is None or len(ones) != len(others):
        return 0, max(before.cell_length, after.cell_length)
    first, last = 0, len(ones)
    while first < last and ones[first] == others[first]:
        first += 1
    while last > first and ones[last - 1] == others[last - 1]:
        last -= 1
    return first, last - first


def _cells(strip: Strip) -> list[tuple[str, Style | None]] | None:
    """One entry per cell; None if a character is not exactly one cell wide."""
    cells: list[tuple[str, Style | None]] = []
    for segment in strip:
        if segment.cell_length != len(segment.text):
            return None
        cells.extend((char, segment.style) for char in segment.text)
    return cells
