"""The windows of plans as a table, one of them chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.message import Message

from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.limits import full_text, heat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual import events

    from toktui.metrics.limits import Limit
    from toktui.metrics.limits_look import LimitsLook
    from toktui.tui.theme import Palette

_OLD_MS: Final = 15 * 60_000
_GAUGE: Final = 24
_NARROW: Final = 96


_BESIDE: Final = (("left", 12), ("pace", 7))
"""Columns that are left out where they have no room, the last one first."""
_SAID: Final = 21
"""Cells of `not full before 16:10`, which has its room before them."""


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
        agents = min(16, max(len(limit.agent) for limit in look.limits))
        names = min(14, max(6, *(len(limit.name) for limit in look.limits)))
        bar = max(0, min(_GAUGE, width - agents - names - 64))
        head = Line().add("  ").cell("agent", agents + 2, palette.faint)
        head.cell("window", names + 2, palette.faint)
        head.cell("used", bar + 9 if bar >= 6 else 9, palette.faint)
        room = width - head.width
        says = room >= _SAID
        left = room - _SAID if says else room
        beside = [column for column in _BESIDE if (left := left - column[1]) >= 0]
        for word, cells in beside:
            head.cell(word, cells, palette.faint)
        narrow = width < _NARROW
        said = "full at this pace" if narrow else "said, and when it is full at this pace"
        head.add(said if says else "", palette.faint)
        lines = [head]
        for index, limit in enumerate(shown, self._top):
            line = self._line(limit, agents, names, bar, palette)
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

    def _line(
        self, limit: Limit, agents: int, names: int, bar: int, palette: Palette
    ) -> Line:
        line = Line().add("  ", palette.hot).cell(limit.agent, agents + 2, palette.text)
        line.cell(limit.name, names + 2, palette.strong)
        used = limit.used_percent
        if bar >= 6:
            share = None if used is None else used / 100
            style = palette.accent if used is None else heat(used, palette)
            line.extend(gauge(share, bar, style, palette.faint).pieces)
        text = fmt.UNKNOWN if used is None else f"{used:.0f} %"
        style = palette.faint if used is None else palette.strong
        return line.cell(text, 7, style, "right").add("  ")

    def _said(self, limit: Limit, look: LimitsLook, palette: Palette) -> Line:
        line = Line()
        if limit.runs_out is not None:
            line.add(full_text(limit.runs_out, look.at_ms, self._zone), palette.warning)
            line.add("  ")
        if limit.source == "derived":
            if limit.resets_ms is None:
                return line.add("no block goes on", palette.faint)
            how = "  derived" if self.size.width < _NARROW else "  derived from the calls"
            line.add(f"{fmt.money(limit.cost_nusd)} so far", palette.text)
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
