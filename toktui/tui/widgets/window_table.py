"""The windows of plans as a table, one of them chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from textual.message import Message

from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.limits import block_money, full_text, heat, urgency

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual import events

    from toktui.metrics.limits import Limit
    from toktui.metrics.limits_look import LimitsLook
    from toktui.tui.theme import Palette

_OLD_MS: Final = 15 * 60_000
_GAUGE: Final = 24
_USED: Final = 7
"""Cells of a share."""
_LEAST_USED: Final = 6
"""Cells of `≥$11.2` and `100 %`."""
_NARROW: Final = 96


_BESIDE: Final = (("left", 12), ("pace", 7))
"""Columns that are left out where they have no room, the last one first."""
_SAID: Final = 21
"""Cells of `not full before 16:10`, which has its room before them."""


class _Shape(NamedTuple):
    """Cells of the columns that are always there, and what is between them."""

    agents: int
    names: int
    bar: int
    used: int
    gap: str


def _shape_of(limits: Sequence[Limit], width: int) -> _Shape:
    """Where it is narrow, names of agents give way: how full a window is stays."""
    agents = min(16, max(len(limit.agent) for limit in limits))
    names = min(14, max(6, *(len(limit.name) for limit in limits)))
    if width >= 2 + agents + 2 + names + 2 + _USED:
        bar = min(_GAUGE, width - agents - names - 64)
        return _Shape(agents, names, bar if bar >= 6 else 0, _USED, "  ")
    names = min(4, names)
    agents = max(0, min(agents, width - 2 - 1 - names - 1 - _LEAST_USED))
    return _Shape(agents, names, 0, _LEAST_USED, " ")


class WindowTable(Drawing):
    """A line for each window: how full, how long it still goes, its pace, when it runs out."""

    class Chosen(Message):
        """A window was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self._top = 0
        self.look: LimitsLook | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The heads, and the windows around the chosen one."""
        look = self.look
        if look is None or not look.limits:
            return []
        room = max(1, height - 1)
        self._top = max(look.chosen - room + 1, min(self._top, look.chosen))
        self._top = max(0, min(self._top, len(look.limits) - room))
        shown = look.limits[self._top : self._top + room]
        shape = _shape_of(look.limits, width)
        head = Line().add("  ").cell("agent", shape.agents, palette.faint).add(shape.gap)
        head.cell("window", shape.names, palette.faint).add(shape.gap)
        head.cell("used", shape.bar + shape.used, palette.faint)
        if width > head.width + 2:
            head.add("  ")
        begins = head.width
        room = width - begins
        says = room >= _SAID
        left = room - _SAID if says else room
        beside = [column for column in _BESIDE if (left := left - column[1]) >= 0]
        for word, cells in beside:
            head.cell(word, cells, palette.faint)
        head.add("full at this pace" if says else "", palette.faint)
        lines = [head]
        for index, limit in enumerate(shown, self._top):
            line = self._line(limit, shape, palette, alone=not says).fill(begins)
            values = (_left(limit, look), _pace(limit))
            for (_, cells), value in zip(beside, values, strict=False):
                line.cell(value, cells, palette.dim)
            if says:
                line.extend(self._said(limit, look, palette).pieces)
            if index == look.chosen:
                line = Line(*line.strip(width).apply_style(palette.cursor))
                line.pieces[0] = Line().add("› ", palette.hot + palette.cursor).pieces[0]
            lines.append(line)
        return lines

    def _line(self, limit: Limit, shape: _Shape, palette: Palette, *, alone: bool) -> Line:
        """`alone`: nothing beside it says what a derived window has cost."""
        line = Line().add("  ", palette.hot)
        line.cell(limit.agent, shape.agents, palette.text).add(shape.gap)
        line.cell(limit.name, shape.names, palette.strong).add(shape.gap)
        used = limit.used_percent
        share = None if used is None else used / 100
        style = palette.accent if used is None else heat(used, palette)
        line.extend(gauge(share, shape.bar, style, palette.faint).pieces)
        text = fmt.UNKNOWN if used is None else f"{used:.0f} %"
        style = palette.faint if used is None else palette.strong
        if alone and limit.source == "derived" and limit.resets_ms is not None:
            text, style = block_money(limit), palette.text
        return line.cell(text, shape.used, style, "right")

    def _said(self, limit: Limit, look: LimitsLook, palette: Palette) -> Line:
        line = Line()
        if limit.runs_out is not None:
            text = full_text(limit.runs_out, look.at_ms, self._zone)
            line.add(text, urgency(limit.runs_out, palette))
            line.add("  ")
        if limit.source == "derived":
            if limit.resets_ms is None:
                return line.add("no block goes on", palette.faint)
            how = "  derived" if self.size.width < _NARROW else "  derived from the calls"
            line.add(f"{block_money(limit)} so far", palette.text)
            return line.add(how, palette.faint)
        age = look.at_ms - limit.as_of_ms
        if limit.resets_ms is None and limit.used_percent is None:
            return line.add(f"begun anew since, last said {fmt.span(age)} ago", palette.faint)
        said = "official" if age < _OLD_MS else f"official, {fmt.span(age)} old"
        if limit.runs_out is not None and self.size.width < _NARROW:
            return line  # there is room for one of the two
        return line.add(said, palette.faint)

    def on_click(self, event: events.Click) -> None:
        """Chooses the window."""
        look, index = self.look, event.y - 1 + self._top
        if look is not None and event.y >= 1 and index < len(look.limits):
            self.post_message(self.Chosen(index))


def _left(limit: Limit, look: LimitsLook) -> str:
    return "" if limit.resets_ms is None else fmt.span(limit.resets_ms - look.at_ms)


def _pace(limit: Limit) -> str:
    return "" if limit.pace is None else f"×{limit.pace:.2g}"
