"""The calls as they land, the newest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.metrics.burn import ESTIMATED
from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.burn import HotCall
    from toktui.metrics.cold import ColdTurn
    from toktui.metrics.feed import FeedCall
    from toktui.tui.theme import Palette

_WITH_AGENT = 100
_WITH_MODEL = 78
_WITH_COUNT = {"read": 45, "write": 53, "input": 86, "output": 61}
"""How wide the feed has to be for each count; what a call cost is told at any width."""
_TIME = 12
_COUNT = 8
_COST = 9


class FeedRows(Drawing):
    """One line per call; a turn that need not have been cold says what it cost more."""

    DEFAULT_CSS = "FeedRows { height: 1fr; }"

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.calls: Sequence[FeedCall] = ()
        self.now_ms = 0
        self.filtered = False

    def take(self, calls: Sequence[FeedCall], now_ms: int) -> None:
        """Shows these calls."""
        self.calls = calls
        self.now_ms = now_ms
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The heads of the columns and the calls."""
        lines = [self._head(width, palette)]
        if not self.calls:
            lines.append(Line().add("no calls" if self.filtered else "none yet", palette.faint))
        lines.extend(self._line(entry, width, palette) for entry in self.calls[: height - 1])
        return lines

    @staticmethod
    def _head(width: int, palette: Palette) -> Line:
        line = Line().cell("CALLS", _TIME, palette.dim).add("  ")
        if width >= _WITH_AGENT:
            line.cell("agent", 12, palette.faint).add("  ")
        line.cell("project", _project_width(width), palette.faint)
        if width >= _WITH_MODEL:
            line.add("  ").cell("model", 15, palette.faint)
        for word, least in _WITH_COUNT.items():
            if width >= least:
                line.cell(word, _COUNT, palette.faint, "right")
        return line.cell("cost", _COST, palette.faint, "right")

    def _line(self, entry: FeedCall, width: int, palette: Palette) -> Line:
        call = entry.call
        line = Line().cell(self._when(call.at_ms), _TIME, palette.faint).add("  ")
        if width >= _WITH_AGENT:
            line.cell(call.agent, 12, palette.dim).add("  ")
        name = fmt.project_name(call.project)
        project = f"{name} › {entry.agent_kind}" if entry.agent_kind else name
        line.cell(project, _project_width(width), palette.text)
        if width >= _WITH_MODEL:
            model = fmt.model_name(call.model, call.priced_as or None)
            line.add("  ").cell(model, 15, palette.dim)
        written = call.cache_write_5m + call.cache_write_1h
        for least, count, style in zip(
            _WITH_COUNT.values(),
            (call.cache_read, written, call.input, call.output),
            (palette.dim, palette.warning if entry.cold else palette.dim, palette.dim, palette.dim),
            strict=True,
        ):
            if width >= least:
                shown = fmt.tokens(told(call, count))
                line.cell(shown, _COUNT, style if count else palette.faint, "right")
        cost = fmt.money(call.told_nusd, estimated=call.exactness == ESTIMATED)
        style = palette.faint if call.told_nusd is None else palette.text
        line.cell(cost, _COST, style, "right")
        if entry.cold is not None:
            line.add("  ").extend(cold_mark(entry.cold, width - line.width - 2, palette).pieces)
        return line

    def _when(self, at_ms: int) -> str:
        if fmt.day(at_ms, self._zone) == fmt.day(self.now_ms, self._zone):
            return fmt.clock(at_ms, self._zone, seconds=True)
        return fmt.moment(at_ms, self.now_ms, self._zone)


def _project_width(width: int) -> int:
    if width < _WITH_COUNT["read"]:
        return max(1, width - _TIME - 2 - _COST)
    return 32 if width >= 150 else 20 if width >= 110 else 14


def told(call: HotCall, count: int) -> int | None:
    """A count of a call; unknown if its log tells of no token at all: no call uses none."""
    return count if call.total else None


def cold_mark(cold: ColdTurn, room: int, palette: Palette) -> Line:
    """What a cold turn cost more, and why it was cold; what has no room is left out, never cut."""
    extra = "" if cold.extra_nusd is None else f" +{fmt.money(cold.extra_nusd)}"
    if cold.why == "expired" and cold.expired_ms is not None:
        reason = f", cache gone {fmt.span(cold.expired_ms)} before"
    elif cold.why == "model":
        reason = ", other model"
    else:
        reason = ", cache lost"
    cold_turn = f"▲ cold{extra}"
    for mark, why in ((cold_turn, reason), (cold_turn, ""), (f"▲{extra}", ""), ("▲", "")):
        if len(mark) + len(why) <= room:
            return Line().add(mark, palette.warning).add(why, palette.dim)
    return Line()
