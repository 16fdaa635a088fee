"""The days of a year as a calendar: a column for each week, a row for each day of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.style import Style

from toktui.metrics.year import WEEKS
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.today import sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.year import YearDay
    from toktui.tui.theme import Palette

HEIGHT: Final = 10
"""With an empty line before it: title, months, seven days."""
WEEK: Final = 7
_DAYS: Final = ("Mon", "", "Wed", "", "Fri", "", "Sun")
_LEVELS: Final = ("░", "▒", "▓", "█")


def year_lines(
    days: Sequence[YearDay], width: int, palette: Palette, chosen: int | None, tall: int = 1
) -> list[Line]:
    """As many weeks as fit, the last one at the right; a day is so many lines tall."""
    if not days:
        return [Line().add("…", palette.faint)]
    wide = max(1, min(3, (width - 5) // WEEKS))
    shown = max(1, min(-(-len(days) // 7), (width - 5) // wide))
    first = (-(-len(days) // 7) - shown) * 7
    edges = _edges([day.sums.priced_nusd for day in days])
    months, last_month = Line().add(" " * 4), 0
    for week in range(shown):
        day = days[first + week * 7].day
        if day.month != last_month and months.width <= 4 + week * wide:
            months.fill(4 + week * wide).add(f"{day:%b} ", palette.faint)
            last_month = day.month
    costs = [day.sums.cost_nusd for day in days if day.sums.calls]
    priced = [cost for cost in costs if cost is not None]
    total = fmt.money(
        sum(priced) if priced or not costs else None,
        lacks=any(day.sums.unpriced for day in days),
        estimated=any(day.sums.estimated for day in days),
    )
    used = sum(1 for day in days if day.sums.calls)
    head = Line().add("THE LAST YEAR", palette.dim)
    head.add(f"  {total} on {fmt.plural(used, 'day')}", palette.faint)
    scale = Line().add("less ", palette.faint).add("·" * wide + " ", palette.ground)
    scale.add(" ".join(level * wide for level in _LEVELS), palette.accent)
    scale.add(" more", palette.faint)
    lines = [both_ends(head, scale, 4 + shown * wide, keep_left=True), months]
    for row in range(WEEK):
        line = Line().cell(_DAYS[row], 4, palette.faint)
        for week in range(shown):
            index = first + week * 7 + row
            if index < len(days):
                char, style = _cell(days[index], edges, palette)
                if index == chosen:
                    style = style + palette.cursor + Style(bold=True, reverse=True)
                line.add(char * wide, style)
        lines += [line, *([_without_name(line)] * (tall - 1))]
    if chosen is not None:
        day = days[chosen]
        about = sum_money(day.sums) if day.sums.calls else "nothing"
        lines.append(
            Line().add(f"    {day.day:%a} {day.day.day} {day.day:%b %Y}  ", palette.strong)
            .add(about, palette.text).add(f"  {fmt.plural(day.sums.calls, 'call')}", palette.faint)
        )  # fmt: skip
    return lines


def _without_name(line: Line) -> Line:
    """The same once more below, where its name is read already."""
    return Line().cell("", 4).extend(line.pieces[1:])


def _edges(costs: Sequence[int]) -> tuple[int, int, int]:
    """Quarters of the days that cost anything."""
    spent = sorted(cost for cost in costs if cost)
    if not spent:
        return (0, 0, 0)
    return (spent[len(spent) // 4], spent[len(spent) // 2], spent[len(spent) * 3 // 4])


def _cell(day: YearDay, edges: tuple[int, int, int], palette: Palette) -> tuple[str, Style]:
    cost = day.sums.priced_nusd
    if not day.sums.calls:
        return "·", palette.ground
    level = sum(cost > edge for edge in edges)
    return _LEVELS[level], palette.accent
