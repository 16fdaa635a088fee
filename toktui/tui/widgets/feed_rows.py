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

    from toktui.metrics.cold import ColdTurn
    from toktui.metrics.feed import FeedCall
    from toktui.tui.theme import Palette

_WITH_AGENT = 92
_WITH_MODEL = 64
_WITH_INPUT = 78


class FeedRows(Drawing):
    """One line per call; a turn that need not have been cold says what it cost more."""

    DEFAULT_CSS = "FeedRows { height: 1fr; }"

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self.calls: Sequence[FeedCall] = ()
        self.now_ms = 0

    def take(self, calls: Sequence[FeedCall], now_ms: int) -> None:
        """Shows these calls."""
        self.calls = calls
        self.now_ms = now_ms
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The caption and the calls."""
        lines = [Line().add("CALLS", palette.dim)]
        if not self.calls:
            lines.append(Line().add("none yet", palette.faint))
        for entry in self.calls[: height - 1]:
            lines.append(self._line(entry, width, palette))
        return lines

    def _line(self, entry: FeedCall, width: int, palette: Palette) -> Line:
        call = entry.call
        is_today = self.now_ms - call.at_ms < 20 * 3_600_000
        when = (
            fmt.clock(call.at_ms, self._zone, seconds=True)
            if is_today
            else fmt.moment(call.at_ms, self.now_ms, self._zone)
        )
        line = Line().cell(when, 8 if is_today else 12, palette.faint).add("  ")
        if width >= _WITH_AGENT:
            line.cell(call.agent, 12, palette.dim).add("  ")
        name = fmt.project_name(call.project)
        project = f"{name} › {entry.agent_kind}" if entry.agent_kind else name
        line.cell(project, 22 if width >= 120 else 14, palette.text).add("  ")
        if width >= _WITH_MODEL:
            line.cell(fmt.model_name(call.model, call.priced_as or None), 15, palette.dim).add("  ")
        self._buckets(line, entry, width, palette)
        cost = fmt.money(call.cost_nusd, estimated=call.exactness == ESTIMATED)
        style = palette.faint if call.cost_nusd is None else palette.strong
        line.cell(cost, 8, style, "right")
        if entry.cold is not None:
            line.add("  ").extend(_cold(entry.cold, width - line.width, palette).pieces)
        return line

    @staticmethod
    def _buckets(line: Line, entry: FeedCall, width: int, palette: Palette) -> None:
        call = entry.call
        written = call.cache_write_5m + call.cache_write_1h
        wordy = width >= 110
        parts = [
            (call.cache_read, "read", palette.dim, True),
            (written, "write", palette.warning if entry.cold else palette.dim, True),
            (call.input, "in", palette.dim, width >= _WITH_INPUT),
            (call.output, "out", palette.text, True),
        ]
        for count, word, style, shown in parts:
            if not shown:
                continue
            if wordy:
                line.cell(fmt.tokens(count), 6, style if count else palette.faint, "right")
                line.add(f" {word}  ", palette.faint)
            else:
                short = {"read": "r", "write": "w", "in": "i", "out": "o"}[word]
                line.cell(fmt.tokens(count), 5, style if count else palette.faint, "right")
                line.add(f"{short} ", palette.faint)


def _cold(cold: ColdTurn, room: int, palette: Palette) -> Line:
    extra = "" if cold.extra_nusd is None else f" +{fmt.money(cold.extra_nusd)}"
    if cold.why == "expired" and cold.expired_ms is not None:
        reason = f", cache gone {fmt.span(cold.expired_ms)} before"
    elif cold.why == "model":
        reason = ", other model"
    else:
        reason = ", cache lost"
    line = Line().add(f"▲ cold{extra}", palette.warning)
    if line.width + len(reason) <= room:
        line.add(reason, palette.dim)
    return line
