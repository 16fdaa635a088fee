"""Bars in eighths of a cell, of one thing or stacked of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui.lines import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def bar(value: float | None, top: float, cells: int, style: Style) -> Line:
    """A bar in eighths of a cell; whatever is more than nothing shows a trace."""
    return stacked_bar([] if value is None else [(value, style)], top, cells)


def stacked_bar(parts: Sequence[tuple[float, Style]], top: float, cells: int) -> Line:
    """Parts beside each other, each in whole cells; the eighths at the end are the last one's."""
    total = sum(value for value, _ in parts if value > 0)
    line = Line()
    if total <= 0 or top <= 0 or cells <= 0:
        return line
    eighths = min(cells * 8, max(1, round(total / top * cells * 8)))
    whole, rest = divmod(eighths, 8)
    so_far, last = 0.0, None
    for value, style in parts:
        if value > 0:
            so_far, last = so_far + value, style
            until = min(whole, round(so_far / total * eighths / 8))
            line.add("█" * (until - line.width), style)
    line.add("█" * (whole - line.width), last)
    return line.add(_EIGHTHS[rest], last) if rest else line
