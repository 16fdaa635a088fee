"""Bars, and a calendar: parts of a whole that differ by glyph where there is no colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui.lines import Line

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from rich.style import Style

    from toktui.tui.theme import Palette

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
FILLS: Final = ("█", "▓", "▒", "░", "▞", "▚", "▤", "▥")
"""Of the parts of a bar, in their order: they can be told apart without a colour."""
LEVELS: Final = ("·", "░", "▒", "▓", "█")
"""Of a day in the calendar: nothing, then four degrees."""


def bar(value: float | None, top: float, cells: int, style: Style) -> Line:
    """A bar in eighths of a cell; whatever is more than nothing shows a trace."""
    if value is None or value <= 0 or top <= 0 or cells <= 0:
        return Line()
    eighths = min(cells * 8, max(1, round(value / top * cells * 8)))
    whole, rest = divmod(eighths, 8)
    return Line().add("█" * whole + (_EIGHTHS[rest] if rest else ""), style)


def stacked_bar(
    parts: Sequence[int], top: int, cells: int, styles: Sequence[Style], *, plain: bool = True
) -> Line:
    """Parts one after the other; together as long as their sum is of `top`.

    With `plain` all are full blocks, else each has the glyph of its place in `FILLS`.
    """
    line = Line()
    total = sum(parts)
    if total <= 0 or top <= 0 or cells <= 0:
        return line
    length = min(cells, max(1, round(total / top * cells)))
    so_far = edge = 0
    for at, part in enumerate(parts):
        so_far += part
        until = round(so_far / total * length)
        glyph = "█" if plain else FILLS[at % len(FILLS)]
        line.add(glyph * (until - edge), styles[at % len(styles)])
        edge = until
    return line


def legend(
    names: Sequence[str], styles: Sequence[Style], width: int, palette: Palette
) -> Line:
    """A sign and a name for each part, as many as fit."""
    line = Line()
    for at, name in enumerate(names):
        piece = f"{FILLS[at % len(FILLS)]} "
        if line.width + len(name) + 4 > width:
            return line.add("…", palette.faint)
        line.add("  " if line.pieces else "").add(piece, styles[at % len(styles)])
        line.add(name, palette.dim)
    return line


def calendar(
    values: Mapping[datetime.date, int], last: datetime.date, width: int, palette: Palette
) -> list[Line]:
    """The weeks up to a day as columns, two cells each, Monday above; a line of months on top.

    The darkest fourth begins at three quarters of the largest day, in any colours: `LEVELS`.
    """
    weeks = max(0, (width - 4) // 2)
    if not weeks:
        return []
    monday = last.toordinal() - last.weekday() - 7 * (weeks - 1)
    kind = type(last)
    top = max((value for day, value in values.items() if day.toordinal() >= monday), default=0)
    months = Line().add("    ")
    label = ""
    for week in range(weeks):
        day = kind.fromordinal(monday + 7 * week)
        if day.day <= 7 and not label:
            label = f"{day:%b}"
        months.add(f"{label[:2]:2}", palette.faint)
        label = label[2:]
    lines = [months]
    for weekday in range(7):
        line = Line().add(("Mon ", "    ", "Wed ", "    ", "Fri ", "    ", "    ")[weekday],
                          palette.faint)  # fmt: skip
        for week in range(weeks):
            day = kind.fromordinal(monday + 7 * week + weekday)
            if day > last:
                break
            line.add(f"{LEVELS[level(values.get(day, 0), top)]} ", _shade(values, day, palette))
        lines.append(line)
    return lines


def level(value: int, top: int) -> int:
    """0 for nothing, else 1 to 4 by quarters of the largest."""
    return 0 if value <= 0 or top <= 0 else min(4, 1 + value * 4 // top)


def _shade(values: Mapping[datetime.date, int], day: datetime.date, palette: Palette) -> Style:
    return palette.accent if values.get(day, 0) > 0 else palette.faint
