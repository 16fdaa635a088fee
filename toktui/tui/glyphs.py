"""Large digits, bars, columns and sparklines, made of block characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from rich.style import Style

from toktui.tui.lines import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_PIXELS: Final = {
    "0": ".##. #..# #..# #..# #..# .##.",
    "1": ".#. ##. .#. .#. .#. ###",
    "2": "###. ...# ...# .##. #... ####",
    "3": "###. ...# .##. ...# ...# ###.",
    "4": "#..# #..# #..# #### ...# ...#",
    "5": "#### #... ###. ...# ...# ###.",
    "6": ".##. #... ###. #..# #..# .##.",
    "7": "#### ...# ..#. ..#. .#.. .#..",
    "8": ".##. #..# .##. #..# #..# .##.",
    "9": ".##. #..# #..# .### ...# .##.",
    "$": "..#. .### ##.. ..## ###. .#..",
    ".": ". . . . . #",
    "k": "#... #... #.#. ##.. #.#. #..#",
    "M": "#...# ##.## #.#.# #...# #...# #...#",
    "B": "###. #..# ###. #..# #..# ###.",
    "T": "##### ..#.. ..#.. ..#.. ..#.. ..#..",
    "<": "...# ..#. .#.. ..#. ...# ....",
    "≥": "#... .##. ...# .##. #... ####",
    "~": ".... .... .#.# #.#. .... ....",
    "–": "... ... ... ### ... ...",
    "-": "... ... ... ### ... ...",
    " ": ". . . . . .",
}  # fmt: skip
"""Six rows of pixels for each sign; two rows share a line of cells."""
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
DIGIT_LINES: Final = 3


def large(text: str) -> tuple[str, str, str]:
    """`text` in signs three lines high; what has no large sign is left out."""
    lines = ["", "", ""]
    for sign in text:
        rows = _PIXELS.get(sign)
        if rows is None:
            continue
        pixels = rows.split(" ")
        for y in range(DIGIT_LINES):
            upper, lower = pixels[2 * y], pixels[2 * y + 1]
            cells = "".join(
                _HALVES[u == "#", low == "#"] for u, low in zip(upper, lower, strict=True)
            )
            lines[y] += f"{cells} "
    return lines[0].rstrip(), lines[1].rstrip(), lines[2].rstrip()


def gauge(share: float | None, cells: int, full: Style, rest: Style) -> Line:
    """A thin bar; without colours its two parts still differ."""
    if cells <= 0:
        return Line()
    if share is None:
        return Line(Segment("┄" * cells, rest))
    halves = round(min(1.0, max(0.0, share)) * cells * 2)
    if share > 0:
        halves = max(1, halves)
    whole, half = divmod(halves, 2)
    line = Line().add("━" * whole, full)
    if half:
        line.add("╸", full)
    return line.add("─" * (cells - whole - half), rest)


def spark(values: Sequence[int], style: Style, rest: Style) -> Line:
    """One column of eighths per value, the largest one full; nothing is a low dot."""
    top = max(values, default=0)
    line = Line()
    for value in values:
        if value <= 0 or top <= 0:
            line.add("·", rest)
        else:
            line.add(_EIGHTHS[max(1, round(value / top * 8))], style)
    return line


def columns(
    series: Sequence[Sequence[int]],
    styles: Sequence[Style],
    *,
    height: int,
    top: int,
    wide: int = 1,
    gap: int = 0,
) -> list[Line]:
    """Stacked columns, `series[0]` at the bottom, in eighths of a line; `top` fills the height."""
    count = len(series[0]) if series else 0
    lines = [Line() for _ in range(height)]
    for x in range(count):
        edges = _edges([values[x] for values in series], top, height * 8)
        for y in range(height):
            char, style = _cell(edges, styles, (height - 1 - y) * 8)
            lines[y].add(char * wide, style)
            if gap:
                lines[y].add(" " * gap)
    return lines


def _edges(values: Sequence[int], top: int, eighths: int) -> list[int]:
    """Upper edge of each part in eighths; whatever is more than nothing shows a trace."""
    total = sum(values)
    if total <= 0 or top <= 0:
        return [0] * len(values)
    height = min(eighths, max(1, round(total / top * eighths)))
    edges: list[int] = []
    so_far = 0
    for value in values:
        so_far += value
        edges.append(round(so_far / total * height))
    return edges


def _cell(edges: Sequence[int], styles: Sequence[Style], base: int) -> tuple[str, Style | None]:
    """The one character of a cell: two colours at most, the larger parts win."""
    parts: list[tuple[int, int]] = []
    low = base
    for index, edge in enumerate(edges):
        high = min(edge, base + 8)
        if high > low:
            parts.append((high - low, index))
            low = high
    empty = base + 8 - low
    if not parts:
        return " ", None
    if len(parts) == 1 or empty:
        eighths = 8 - empty
        index = max(parts)[1] if len(parts) > 1 else parts[0][1]
        return _EIGHTHS[eighths], styles[index]
    lower, upper = parts[0], max(parts[1:])
    behind = styles[upper[1]].color
    return _EIGHTHS[lower[0]], styles[lower[1]] + Style(bgcolor=behind)
