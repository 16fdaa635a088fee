"""What was burned in each slice of a range, stacked by model, project, branch or agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.tui import format as fmt
from toktui.tui.glyphs import columns as stacked
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.trend import SERIES, merged, series_styles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.cut import Slices
    from toktui.tui.theme import Palette

_WIDEST: Final = 14
_GRAINS: Final = {"day": "daily", "week": "weekly", "month": "monthly"}


class Series(NamedTuple):
    """One colour of the chart."""

    name: str
    costs: Sequence[int]
    tokens: Sequence[int]


class OverTime(Drawing):
    """Columns in dollars, or in tokens where nothing has a price."""

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self._series: Sequence[Series] = ()
        self._slices: Slices | None = None

    def take(self, series: Sequence[Series], slices: Slices) -> None:
        """Shows these, the dearest first; what is beyond five becomes `others`."""
        self._series, self._slices = series, slices
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A caption, the columns, the first and the last day."""
        slices = self._slices
        if slices is None or not slices.count or not self._series:
            return [Line().add("OVER TIME", palette.dim)]
        priced = any(any(one.costs) for one in self._series)
        values = [
            (one.name, merged(one.costs if priced else one.tokens, max(1, width)))
            for one in self._series
        ]
        kept = values[:SERIES]
        if len(values) > SERIES:
            rest = [sum(numbers) for numbers in zip(*(v for _, v in values[SERIES:]), strict=True)]
            kept.append(("others", rest))
        count = len(kept[0][1])
        wide = max(1, min(_WIDEST, width // count))
        gap = 1 if wide > 2 else 0
        styles = series_styles(palette)[: len(kept)]
        sums = [sum(numbers) for numbers in zip(*(v for _, v in kept), strict=True)]
        top = max(sums)
        peak = fmt.money(top) if priced else f"{fmt.tokens(top)} tokens"
        caption = Line().add("OVER TIME", palette.dim)
        caption.add(f"  {grain_words(slices)}, peak {peak}", palette.faint)
        legend = Line()
        for (name, _), style in zip(kept, styles, strict=True):
            if caption.width + legend.width + len(name) + 7 > width:
                legend.add(" …", palette.faint)
                break
            legend.add("  " if legend.pieces else "").add("■ ", style).add(name, palette.dim)
        lines = [both_ends(caption, legend, width)]
        room = max(1, height - 2)
        lines += stacked(
            [numbers for _, numbers in kept], styles, height=room, top=top, wide=wide - gap, gap=gap
        )
        within = slices.within
        first = fmt.day(within.start_ms, self._zone)
        last = fmt.day(max(within.start_ms, within.end_ms - 1), self._zone)
        across = max(count * wide - gap, len(first) + len(last) + 1)
        right = Line().add("" if first == last else last, palette.faint)
        ends = both_ends(Line().add(first, palette.faint), right, min(width, across))
        return [*lines, ends]


def range_words(slices: Slices, zone: ZoneInfo) -> str:
    """What the range is and how it is cut: `2026-10-12 – 2026-11-22, daily`."""
    if not slices.count:
        return ""
    within = slices.within
    first = fmt.day(within.start_ms, zone)
    last = fmt.day(max(within.start_ms, within.end_ms - 1), zone)
    span = first if first == last else f"{first} – {last}"
    return f"{span}, {grain_words(slices)}"


def grain_words(slices: Slices) -> str:
    """`daily`, or `every 3 months`."""
    return _GRAINS[slices.grain] if slices.each == 1 else f"every {slices.each} {slices.grain}s"
