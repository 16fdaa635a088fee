"""The burn rate, large, and the last hour minute by minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from toktui.clock import MINUTE_MS
from toktui.metrics.burn import HEADLINE, HOUR
from toktui.model import BUCKETS
from toktui.tui import format as fmt
from toktui.tui.glyphs import columns, large
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.metrics.burn import Burn
    from toktui.metrics.live import Live
    from toktui.tui.theme import Palette

ChartMode = Literal["tokens", "agents", "dollars"]
CHART_MODES: Final[tuple[ChartMode, ...]] = ("tokens", "agents", "dollars")
_BUCKET_WORDS: Final = ("input", "cache read", "write 5m", "write 1h", "output")


def burn_money(burn: Burn) -> str:
    """The burn in dollars per hour, without the unit."""
    return fmt.money(burn.nusd_per_hour, lacks=bool(burn.unpriced), estimated=bool(burn.estimated))


class BurnMeter(Drawing):
    """Dollars per hour in large signs; tokens per minute and the long window below."""

    live: Live | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A caption, three lines of signs, and as many figures as fit."""
        live = self.live
        title = Line().add("BURN", palette.dim).add(f"  {HEADLINE} min", palette.faint)
        if live is None:
            return [title]
        burn = live.headline
        style = palette.hot if burn.cost_nusd else palette.faint
        signs = large(burn_money(burn))
        lines = [title]
        spare = width - max(map(len, signs))
        if spare >= len("/h"):
            lines.extend(Line().add(row, style) for row in signs)
            lines[-1].add(" /h" if spare >= len(" /h") else "/h", palette.dim)
        else:
            lines.append(Line().add(burn_money(burn), style).add(" /h", palette.dim))
        lines.append(
            Line()
            .add(fmt.tokens(burn.tokens_per_min), palette.strong if burn.calls else palette.faint)
            .add(" tok/min  ", palette.dim)
            .add(
                fmt.tokens(burn.output_tokens_per_min),
                palette.text if burn.calls else palette.faint,
            )
            .add(" out", palette.dim)
        )
        one, _, long = live.burn
        lines.append(
            Line()
            .add("1 min ", palette.faint)
            .add(burn_money(one), palette.dim)
            .add("  15 min ", palette.faint)
            .add(burn_money(long), palette.dim)
        )
        return lines[:height]


class HourChart(Drawing):
    """The last hour, a column for each minute, stacked."""

    live: Live | None = None
    mode: ChartMode = "tokens"

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Caption and legend, the columns, and the times below."""
        live = self.live
        if live is None or height < 3:
            return [Line().add("LAST HOUR", palette.dim)]
        series, styles, words = self._series(live, palette)
        minutes, wide, gap = _grid(width)
        shown = [_grouped(values, minutes) for values in series]
        top = max(map(sum, zip(*shown, strict=True)), default=0)
        unit = "tok/min" if self.mode == "tokens" else "$/min"
        per = HOUR // minutes
        peak = fmt.tokens(top / per) if self.mode == "tokens" else fmt.money(round(top / per))
        title = Line().add("LAST HOUR", palette.dim).add(f"  {unit}", palette.faint)
        across = min(width, minutes * (wide + gap))
        legend = _legend(series, styles, words, palette, across - title.width - 2)
        most = f"  peak {peak}" if top else ""
        if title.width + len(most) + 2 + legend.width <= across:
            title.add(most, palette.faint)
        caption = both_ends(title, legend, across)
        body = columns(shown, styles, height=height - 2, top=top, wide=wide, gap=gap)
        if not top:
            body = _flat(height - 2, minutes * (wide + gap), palette)
        return [caption, *body, self._axis(live, minutes * (wide + gap), palette)]

    def _series(
        self, live: Live, palette: Palette
    ) -> tuple[Sequence[Sequence[int]], Sequence[Style], Sequence[str]]:
        hour = live.hour
        if self.mode == "agents":
            agents = hour.agents[: len(palette.series)]
            if not agents:
                return ((0,) * HOUR,), palette.series[:1], ("",)
            return (
                [agent.nusd for agent in agents],
                palette.series[: len(agents)],
                [agent.agent for agent in agents],
            )
        by_bucket = hour.tokens if self.mode == "tokens" else hour.nusd[: len(BUCKETS)]
        fresh, read, short, long, output = by_bucket
        written = tuple(a + b for a, b in zip(short, long, strict=True))
        return (
            (read, written, fresh, output),
            (palette.read, palette.write, palette.fresh, palette.output),
            ("read", "write", "input", "output"),
        )

    def _axis(self, live: Live, width: int, palette: Palette) -> Line:
        start, end = live.hour.start_ms, live.hour.end_ms - MINUTE_MS
        first, last = fmt.clock(start, self._zone), fmt.clock(end, self._zone)
        middle = fmt.clock((start + end + MINUTE_MS) // 2, self._zone)
        left = (width - len(middle)) // 2 - len(first)
        right = width - len(first) - left - len(middle) - len(last)
        if left < 2 or right < 2:
            return both_ends(
                Line().add(first, palette.faint), Line().add(last, palette.faint), width
            )
        return Line().add(f"{first}{' ' * left}{middle}{' ' * right}{last}", palette.faint)


def _grid(width: int) -> tuple[int, int, int]:
    """Columns, cells of each, and cells between them: sixty minutes in so many cells."""
    if width >= HOUR * 3:
        return HOUR, 2, 1
    if width >= HOUR * 2:
        return HOUR, 2, 0
    if width >= HOUR:
        return HOUR, 1, 0
    for minutes in (30, 20, 15, 12, 10, 6):
        if width >= minutes:
            return minutes, width // minutes if width // minutes < 3 else 2, 0
    return 6, 1, 0


def _grouped(values: Sequence[int], count: int) -> list[int]:
    """`values` added up into `count` equal groups."""
    each = len(values) // count
    return [sum(values[i : i + each]) for i in range(0, each * count, each)]


def _flat(height: int, width: int, palette: Palette) -> list[Line]:
    """An hour in which nothing happened."""
    lines = [Line() for _ in range(height)]
    if lines:
        lines[-1] = Line().add("▁" * width, palette.faint)
    return lines


def _legend(
    series: Sequence[Sequence[int]],
    styles: Sequence[Style],
    words: Sequence[str],
    palette: Palette,
    room: int,
) -> Line:
    """What the colours mean, with shares where there is room."""
    total = sum(map(sum, series))
    full, short = Line(), Line()
    for values, style, word in zip(series, styles, words, strict=True):
        if not word:
            continue
        share = fmt.percent(sum(values) / total) if total else ""
        for line, text in ((full, f"{word} {share}".strip()), (short, word)):
            line.add("  " if line.pieces else "").add("■ ", style).add(text, palette.dim)
    return full if full.width <= room else short if short.width <= room else Line()
