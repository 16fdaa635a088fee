"""Today beside the usual, and the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.burn import burn_money
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.limits import limits_line
from toktui.tui.widgets.probable import probable_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.live import Live
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette


def sum_money(sums: Sums) -> str:
    """The cost of many calls, with its marks."""
    return fmt.money(sums.told_nusd, lacks=bool(sums.unpriced), estimated=bool(sums.estimated))


def sum_tokens(sums: Sums) -> str:
    """The tokens of many calls, with their mark."""
    return fmt.tokens(sums.told_tokens, estimated=bool(sums.estimated))


def hit_text(sums: Sums) -> str:
    """The cache hit rate; unknown where every call is an estimate, which knows of no cache."""
    known = sums.calls > sums.estimated
    return fmt.percent(sums.cache_hit_rate if known else None)


def saved_money(sums: Sums) -> str:
    """What the cache saved of the priced calls; unknown if there are none, or only estimates, or
    nobody tells what was sent."""
    priced = sums.calls > max(sums.unpriced, sums.estimated) and sums.told_tokens is not None
    return fmt.money(sums.saved_nusd if priced else None, lacks=priced and bool(sums.unpriced))


class TodayCard(Drawing):
    """What the day cost so far, what is usual by now, calls, tokens, and the cache."""

    live: Live | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One figure per line, figures at the right."""
        live = self.live
        if live is None:
            return [Line().add("TODAY", palette.dim)]
        sums, usual = live.today.sums, live.today.usual
        cost = Line().add(sum_money(sums), palette.strong)
        title = Line().add("TODAY", palette.dim)
        if more := probable_money(live.today.probable):
            fits = title.width + cost.width + len(f"  probably {more} ") <= width
            title.add(f"  probably {more}" if fits else f"  {more}", palette.faint)
        lines = [
            both_ends(title, cost, width),
            self._usual(live, width, palette)
            if usual.nusd is not None
            else Line().add("usual: after two weeks", palette.faint),
            _row("calls", fmt.grouped(sums.calls), width, palette),
            _row("tokens", sum_tokens(sums), width, palette),
            _row("cache hit", _hit(live), width, palette),
            _row("saved by cache", saved_money(sums), width, palette),
        ]
        return lines[:height]

    def _usual(self, live: Live, width: int, palette: Palette) -> Line:
        against = _against_usual(live, palette)
        word = f"usual by {fmt.clock(live.at_ms, self._zone)}"
        word = word if len(word) + against.width < width else "usual"
        return both_ends(Line().add(word, palette.faint), against, width)


def _row(word: str, value: str, width: int, palette: Palette) -> Line:
    return both_ends(Line().add(word, palette.faint), Line().add(value, palette.text), width)


def _hit(live: Live) -> str:
    now, usual = live.today.sums.cache_hit_rate, live.today.usual.cache_hit_rate
    points = "" if now is None or usual is None else f"  {(now - usual) * 100:+.1f} pt"
    return fmt.percent(now) + points.replace("-", "−")


def _against_usual(live: Live, palette: Palette) -> Line:
    now, usual = live.today.sums.cost_nusd, live.today.usual.nusd
    more = now is not None and usual is not None and now > usual * 1.25
    return (
        Line()
        .add(fmt.money(usual), palette.text)
        .add(f"  {fmt.change(now, usual)}", palette.warning if more else palette.dim)
    )


class DayLines(Drawing):
    """Today and the cache in two lines, for narrow screens; limits in what is left."""

    live: Live | None = None
    with_burn = False
    """Whether the burn is shown too, where there is no room for it large."""

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Today, cache, limits."""
        live = self.live
        if live is None:
            return []
        sums, usual = live.today.sums, live.today.usual
        day = Line().add("TODAY  ", palette.dim).add(sum_money(sums), palette.strong)
        if more := probable_money(live.today.probable):
            day.add(f"  probably {more}", palette.faint)
        if usual.nusd is not None:
            day.add(f"  usual {fmt.money(usual.nusd)} ", palette.faint)
            day.add(fmt.change(sums.cost_nusd, usual.nusd), palette.dim)
        counts = Line().add(
            f"{fmt.plural(sums.calls, 'call')} · {sum_tokens(sums)} tokens", palette.dim
        )
        cache = (
            Line()
            .add("CACHE  ", palette.dim)
            .add(fmt.percent(sums.cache_hit_rate), palette.strong)
            .add(" hit   saved ", palette.faint)
            .add(saved_money(sums), palette.text)
        )
        limits = limits_line(live, width - cache.width - 3, palette, self._zone)
        lines = [
            both_ends(day, counts, width, keep_left=True),
            both_ends(cache, limits, width, keep_left=True),
        ]
        if self.with_burn:
            burn = Line().add("BURN   ", palette.dim).add(burn_money(live.headline), palette.hot)
            burn.add(" /h", palette.faint)
            tokens = Line().add(f"{fmt.tokens(live.headline.tokens_per_min)} tok/min", palette.dim)
            lines.insert(0, both_ends(burn, tokens, width, keep_left=True))
        return lines[:height]
