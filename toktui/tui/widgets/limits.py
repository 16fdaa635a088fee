"""The windows of plans: how full, since when, and when they run out; as much as there is room."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from toktui.tui import format as fmt
from toktui.tui.glyphs import gauge
from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.metrics.limits import Limit
    from toktui.metrics.live import Live
    from toktui.metrics.pace import RunsOut
    from toktui.tui.theme import Palette

MOST_ROWS: Final = 3
_HIGH: Final = 75.0
_FULL: Final = 90.0
_OLD_MS: Final = 15 * 60_000
_DAYS_MS: Final = 2 * 86_400_000
_HEAD: Final = "LIMITS  "
_GAP: Final = "    "
_BARE, _SHORT, _SMALL, _USUAL, _WHOLE = range(5)
"""How much is said of a window: its share; when it is full; a small gauge; when it ends; all."""


class LimitRows(Drawing):
    """A row for each agent with its windows side by side; one row for all where it is low."""

    live: Live | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def rows(self, *, tall: bool) -> int:
        """How many rows there is something for."""
        limits = self.live.limits if self.live else ()
        agents = len({limit.agent for limit in limits})
        return min(agents, MOST_ROWS if tall else 1)

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Rows, all with as much detail as the longest can have."""
        live = self.live
        if live is None or not live.limits:
            return []
        if self.rows(tall=True) > height:
            line = limits_line(live, width - len(_HEAD), palette, self._zone)
            return [Line().add(_HEAD, palette.dim).extend(line.pieces)]
        by_agent = [list(group) for _, group in groupby(live.limits, lambda limit: limit.agent)]
        lines: list[Line] = []
        for detail in range(_WHOLE, -1, -1):
            writer = _Writer(live.at_ms, self._zone, palette, detail)
            lines = _table([writer.windows(limits) for limits in by_agent], by_agent, palette)
            if all(line.width <= width for line in lines):
                break
        return lines[:height]


def _table(
    rows: Sequence[Sequence[Line]], by_agent: Sequence[Sequence[Limit]], palette: Palette
) -> list[Line]:
    """Windows below each other where agents have the same ones."""
    agents = max(len(limits[0].agent) for limits in by_agent)
    widths = [
        max((row[i].width for row in rows if i < len(row)), default=0)
        for i in range(max(map(len, rows)))
    ]
    lines: list[Line] = []
    for number, (row, limits) in enumerate(zip(rows, by_agent, strict=True)):
        line = Line().add(_HEAD if not number else " " * len(_HEAD), palette.dim)
        line.cell(limits[0].agent, agents + 2, palette.faint)
        used = line.width
        for window, width in zip(row, widths, strict=False):
            line.fill(used).extend(window.pieces)
            used += width + len(_GAP)
        lines.append(line)
    return lines


def limits_line(live: Live, room: int, palette: Palette, zone: ZoneInfo) -> Line:
    """All windows in one line; where they do not fit, those that run out first."""
    for detail in range(_WHOLE, -1, -1):
        writer = _Writer(live.at_ms, zone, palette, detail)
        line = writer.joined(live.limits)
        if line.width <= room:
            return line
    pressing = sorted(live.limits, key=_urgency)
    while pressing and _Writer(live.at_ms, zone, palette, _SHORT).joined(pressing).width > room:
        pressing.pop()
    return _Writer(live.at_ms, zone, palette, _SHORT).joined(pressing)


def _urgency(limit: Limit) -> tuple[bool, float, float]:
    """What will run out before what may last, then the sooner, then the fuller."""
    when = limit.runs_out
    lasts = when is None or when.late_ms is None
    return (lasts, when.early_ms if when else float("inf"), -(limit.used_percent or 0))


class _Writer:
    """Writes windows with one amount of detail."""

    def __init__(self, now_ms: int, zone: ZoneInfo, palette: Palette, detail: int) -> None:
        self._now_ms = now_ms
        self._zone = zone
        self._palette = palette
        self._detail = detail

    def windows(self, limits: Sequence[Limit]) -> list[Line]:
        """Each window with its name."""
        return [self._window(limit) for limit in limits]

    def joined(self, limits: Sequence[Limit]) -> Line:
        """Windows behind each other, the agent's name before its first."""
        line, agent = Line(), ""
        for limit in limits:
            line.add(_GAP if self._detail > _SHORT else "  ") if line.pieces else None
            if limit.agent != agent:
                line.add(f"{limit.agent} ", self._palette.faint)
                agent = limit.agent
            line.extend(self._window(limit).pieces)
        return line

    def _window(self, limit: Limit) -> Line:
        line = Line().add(f"{limit.name} ", self._palette.faint)
        if limit.source == "derived":
            return self._derived(line, limit)
        if limit.used_percent is None:
            line.add(fmt.UNKNOWN, self._palette.text)
            return line.add(" begun anew", self._palette.faint) if self._detail > _SMALL else line
        return self._official(line, limit, limit.used_percent)

    def _derived(self, line: Line, limit: Limit) -> Line:
        palette = self._palette
        line.add(block_money(limit), palette.text)
        if self._detail > _BARE:
            line.add(" in the block", palette.dim)
        if self._detail > _SMALL and limit.resets_ms is not None:
            line.add(f", {self._left(limit.resets_ms)}", palette.dim)
        return line.add(" (derived)", palette.faint) if self._detail == _WHOLE else line

    def _official(self, line: Line, limit: Limit, used: float) -> Line:
        palette, detail = self._palette, self._detail
        if detail > _SHORT:
            cells = 10 if detail > _SMALL else 5
            line.extend(gauge(used / 100, cells, heat(used, palette), palette.faint).pieces)
            line.add(" ")
        line.add(f"{used:.0f} %", palette.text)
        if limit.runs_out is not None and detail > _BARE:
            text = full_text(limit.runs_out, self._now_ms, self._zone)
            line.add(f"  {text}", urgency(limit.runs_out, palette))
        if limit.resets_ms is not None and (
            detail == _WHOLE or (detail == _USUAL and limit.runs_out is None)
        ):
            line.add(f"  {self._left(limit.resets_ms)}", palette.dim)
        if limit.pace is not None and detail == _WHOLE:
            line.add(f"  pace ×{limit.pace:.2g}", palette.dim)
        age = self._now_ms - limit.as_of_ms
        if age >= _OLD_MS and detail > _SMALL:
            line.add(f"  ({fmt.span(age)} old)", palette.faint)
        return line

    def _left(self, until_ms: int) -> str:
        return f"{fmt.span(until_ms - self._now_ms)} left"


def block_money(limit: Limit) -> str:
    """What a derived window has cost so far, with its marks."""
    return fmt.money(limit.cost_nusd, lacks=limit.unpriced > 0, estimated=limit.estimated > 0)


def urgency(when: RunsOut, palette: Palette) -> Style:
    """The colour of `full_text`: what may last needs no hand."""
    return palette.dim if when.late_ms is None else palette.warning


def full_text(when: RunsOut, now_ms: int, zone: ZoneInfo) -> str:
    """`full 16:10–17:05`, `not full before 16:10` where it may last; in some days only the day."""
    begins = _moment(when.early_ms, now_ms, zone)
    if when.late_ms is None:
        return f"not full before {begins}"
    early = f"full {begins}"
    if when.late_ms <= now_ms:
        return "probably full"
    day = fmt.day(when.early_ms, zone) == fmt.day(when.late_ms, zone)
    near = when.early_ms - now_ms <= _DAYS_MS
    late = (
        fmt.clock(when.late_ms, zone) if day and near else _moment(when.late_ms, now_ms, zone)
    )
    return early if early.endswith(late) else f"{early}–{late}"


def _moment(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """Minutes of what is days away are not known."""
    far = at_ms - now_ms > _DAYS_MS
    return fmt.day_of_month(at_ms, zone) if far else fmt.moment(at_ms, now_ms, zone).strip()


def heat(percent: float, palette: Palette) -> Style:
    """The colour of a share: red where it is nearly full."""
    if percent >= _FULL:
        return palette.error
    return palette.warning if percent >= _HIGH else palette.accent
