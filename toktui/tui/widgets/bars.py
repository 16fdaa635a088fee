"""A bar in eighths of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui.lines import Line

if TYPE_CHECKING:
    from rich.style import Style

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def bar(value: float | None, top: float, cells: int, style: Style) -> Line:
    """A bar in eighths of a cell; whatever is more than nothing shows a trace."""
    if value is None or value <= 0 or top <= 0 or cells <= 0:
        return Line()
    eighths = min(cells * 8, max(1, round(value / top * cells * 8)))
    whole, rest = divmod(eighths, 8)
    return Line().add("█" * whole + (_EIGHTHS[rest] if rest else ""), style)
