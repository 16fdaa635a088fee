"""The windows of the past as columns: how full each was, and what its calls cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.message import Message

from toktui.tui import format as fmt
from toktui.tui.glyphs import columns
from toktui.tui.lines import Line, as_fits
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.limits import heat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style
    from textual import events

    from toktui.metrics.limits_look import LimitsLook
    from toktui.metrics.windows import PastWindow
    from toktui.tui.theme import Palette

_SCALE: Final = 8
"""Cells left of the columns."""
_MOST_WIDE: Final = 9
_FULL: Final = 1000
"""A full window, in tenths of a percent."""


class PastWindows(Drawing):
    """A column for each window, the newest at the right; one of them is looked at."""

    class Chosen(Message):
        """A window was clicked."""

        def __init__(self, end_ms: int) -> None:
            super().__init__()
            self.end_ms = end_ms

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self._shown: tuple[PastWindow, ...] = ()
        self._step = 1
        self.look: LimitsLook | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Shares against the limit where the vendor said any, and what the windows cost."""
        look = self.look
        if look is None or not look.past or look.limit is None or height < 4:
            return []
        room = width - _SCALE - 1
        self._step = max(2, min(_MOST_WIDE, room // len(look.past)))
        self._shown = look.past[-(room // self._step) :]
        official = [window for window in self._shown if window.used_percent is not None]
        lines = [self._head(look, width, palette)]
        rows = height - 2
        if official and rows >= 6:
            lines += self._shares(rows - rows * 2 // 5, palette)
            lines += self._costs(rows * 2 // 5, palette)
        elif len(official) * 2 > len(self._shown):
            lines += self._shares(rows, palette)
        else:
            lines += self._costs(rows, palette)
        return [*lines, self._days(palette)]

    def _head(self, look: LimitsLook, width: int, palette: Palette) -> Line:
        limit = look.limit
        assert limit is not None
        line = Line().add("BEFORE  ", palette.dim)
        line.add(fmt.plural(len(self._shown), "window"), palette.text)
        line.add(f" of {limit.agent} {limit.name}", palette.faint)
        official = [w.used_percent for w in self._shown if w.used_percent is not None]
        further: list[str] = []
        if official:
            full = sum(used >= 100 for used in official)
            further.append(f"the fullest {max(official):.0f} %")
            further.append(f"{full} ran out" if full else "none ran out")
        costs = sorted(w.cost_nusd for w in self._shown if w.cost_nusd)
        if costs:
            further.append(f"usually {fmt.money(costs[len(costs) // 2])}")
        pieces = (Line().add(f"   {words}", palette.dim) for words in further)
        return as_fits(line, pieces, width)

    def _shares(self, height: int, palette: Palette) -> list[Line]:
        """Columns up to the line of the limit."""
        used = [
            0 if window.used_percent is None else min(_FULL, round(window.used_percent * 10))
            for window in self._shown
        ]
        styles = [
            palette.faint if w.used_percent is None else heat(w.used_percent, palette)
            for w in self._shown
        ]
        lines = self._columns(used, styles, height, _FULL, palette)
        lines[0] = self._limit_line(lines[0], palette)
        return self._scaled(lines, "100 %", "used", palette)

    def _limit_line(self, line: Line, palette: Palette) -> Line:
        """The limit, drawn where nothing reaches it."""
        drawn = Line()
        for piece in line.pieces:
            drawn.add("┈" * len(piece.text), palette.faint) if not piece.text.strip() else (
                drawn.add(piece.text, piece.style)
            )
        return drawn

    def _costs(self, height: int, palette: Palette) -> list[Line]:
        """In dollars; in tokens where no call of them has a price."""
        priced = any(window.cost_nusd for window in self._shown)
        values = [
            max(0, (window.cost_nusd or 0) if priced else window.tokens) for window in self._shown
        ]
        top = max(values, default=0)
        styles = [palette.read] * len(values)
        lines = self._columns(values, styles, height, max(1, top), palette)
        scale = fmt.money(top) if priced else fmt.tokens(top)
        return self._scaled(lines, scale, "cost" if priced else "tokens", palette)

    def _columns(
        self, values: Sequence[int], styles: Sequence[Style], height: int, top: int,
        palette: Palette,
    ) -> list[Line]:  # fmt: skip
        look = self.look
        lines = [Line() for _ in range(height)]
        for window, value, style in zip(self._shown, values, styles, strict=True):
            at = look is not None and look.window is not None
            chosen = at and look is not None and look.window is not None and (
                look.window.end_ms == window.end_ms
            )
            shade = style + palette.cursor if chosen else style
            for line, part in zip(
                lines,
                columns([[value]], [shade], height=height, top=top, wide=self._step - 1, gap=1),
                strict=True,
            ):
                for piece in part.pieces:
                    blank = palette.cursor if chosen and len(piece.text) == self._step - 1 else None
                    line.add(piece.text, piece.style or blank)
        return lines

    def _scaled(self, lines: list[Line], top: str, word: str, palette: Palette) -> list[Line]:
        """With what the height means at the left."""
        drawn: list[Line] = []
        for index, line in enumerate(lines):
            text = top if not index else word if index == len(lines) - 1 else ""
            drawn.append(
                Line().cell(text, _SCALE - 1, palette.faint, "right").add(" ").extend(line.pieces)
            )
        return drawn

    def _days(self, palette: Palette) -> Line:
        """When some of them began."""
        line = Line().add(" " * _SCALE)
        for index, window in enumerate(self._shown):
            at = _SCALE + index * self._step
            text = fmt.day_of_month(window.start_ms, self._zone)
            before = self._shown[index - 1].start_ms
            new = not index or text != fmt.day_of_month(before, self._zone)
            if new and at >= line.width and at + len(text) <= _SCALE + len(
                self._shown
            ) * self._step:
                line.fill(at).add(f"{text} ", palette.faint)
        return line

    def on_click(self, event: events.Click) -> None:
        """Looks at the window."""
        index = (event.x - _SCALE) // self._step
        if event.x >= _SCALE and index < len(self._shown):
            self.post_message(self.Chosen(self._shown[index].end_ms))
