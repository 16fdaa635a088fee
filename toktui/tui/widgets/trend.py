"""What was burned over time in a few cells, and the colours of those that a chart tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui.glyphs import spark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette

SERIES: Final = 5
"""How many of a chart have a colour of their own; the others share the next one."""


def trend(values: Sequence[int], width: int, palette: Palette, style: Style) -> Line:
    """Numbers over time, the latest at the right; merged where there is less room."""
    return spark(merged(values, width), style, palette.ground)


def series_styles(palette: Palette) -> tuple[Style, ...]:
    """Those of a chart, and at the end that of all others."""
    return (*palette.series[:SERIES], palette.faint)


def merged(values: Sequence[int], most: int) -> list[int]:
    """At most so many numbers: neighbours are added up, the same number of them each."""
    each = max(1, -(-len(values) // max(1, most)))
    first = len(values) % each
    parts = [values[:first]] if first else []
    parts += [values[n : n + each] for n in range(first, len(values), each)]
    return [sum(part) for part in parts]
