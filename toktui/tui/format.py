"""Numbers as people read them on the screens; `rounding.py` rounds, here and for the command line.

Three significant digits, the unit always with the number. `–` is unknown, `~` estimated, `≥` lacks
something that has no price. Money comes in nano-dollars, times and spans in milliseconds.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from toktui.rounding import UNKNOWN, change, percent, size, three_digits
from toktui.rounding import tokens as shown_tokens

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["UNKNOWN", "change", "percent", "size", "three_digits", "tokens"]

ESTIMATED: Final = "~"
AT_LEAST: Final = "≥"
NOWHERE: Final = "no project"
"""Calls whose log names no folder."""
_USUAL_ID: Final = 36
"""Characters of a UUID."""
_NUSD: Final = 1_000_000_000
_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def window(count: int) -> str:
    """A context window, which is a round number: `200k`, `1M`."""
    for unit, sign in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.3g}{sign}"
    return str(count)


def tokens(count: float | None, *, estimated: bool = False) -> str:
    """`987`, `1.23k`, `12.3M`; `estimated` marks a sum that has estimates in it."""
    return (ESTIMATED if estimated else "") + shown_tokens(count)


def money(nusd: int | None, *, lacks: bool = False, estimated: bool = False) -> str:
    """`$0.0123`, `$1.23`, `$12.3`, `$1.23k`; `lacks` marks a sum without its unpriced calls.

    Takes eight cells at most, and one more below zero. What is too little for four decimals is
    `<$0.0001`, or with a mark the amount that the mark is right with.
    """
    if nusd is None:
        return UNKNOWN
    sign = "-" if nusd < 0 else ""
    shown = three_digits(abs(nusd) / _NUSD)
    if not shown.startswith("<"):
        return f"{AT_LEAST if lacks else ESTIMATED if estimated else ''}{sign}${shown}"
    if lacks and not sign:
        return f"{AT_LEAST}$0"
    mark = f"{AT_LEAST if lacks else ESTIMATED}{sign}" if lacks or estimated else f"{sign}<"
    return f"{mark}${shown.lstrip('<')}"


def exact_money(nusd: int | None) -> str:
    """To the nano-dollar: `$0.123456789`."""
    if nusd is None:
        return UNKNOWN
    whole, rest = divmod(abs(nusd), _NUSD)
    return f"{'-' if nusd < 0 else ''}${whole:,}.{rest:09}"


def countdown(span_ms: int) -> str:
    """`0:07`, `4:59`, `1:02:03`: what is left, cut off to whole seconds, never below zero."""
    seconds = max(0, span_ms) // _SECOND
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def span(span_ms: int) -> str:
    """`12 s`, `4 min`, `3 h 20 min`, `2 d`: roughly how long."""
    if span_ms < _MINUTE:
        return f"{max(0, span_ms) // _SECOND} s"
    if span_ms < _HOUR:
        return f"{span_ms // _MINUTE} min"
    if span_ms < _DAY:
        minutes = span_ms % _HOUR // _MINUTE
        return f"{span_ms // _HOUR} h {minutes} min" if minutes else f"{span_ms // _HOUR} h"
    hours = span_ms % _DAY // _HOUR
    return (
        f"{span_ms // _DAY} d {hours} h"
        if hours and span_ms < 10 * _DAY
        else f"{span_ms // _DAY} d"
    )


def clock(at_ms: int, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """`14:32`, `14:32:05`, in the zone."""
    return _local(at_ms, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at_ms: int, zone: ZoneInfo) -> str:
    """`2026-11-22`."""
    return _local(at_ms, zone).strftime("%Y-%m-%d")


def day_of_month(at_ms: int, zone: ZoneInfo) -> str:
    """`22 Nov`, `5 Dec`."""
    at = _local(at_ms, zone)
    return f"{at.day} {_MONTHS[at.month - 1]}"


def moment(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """The time of day if it is today, else the date and the time: `14:32`, `21 Nov 14:32`."""
    at, now = _local(at_ms, zone), _local(now_ms, zone)
    if at.date() == now.date():
        return at.strftime("%H:%M")
    if at.year == now.year:
        return f"{at.day:2} {_MONTHS[at.month - 1]} {at:%H:%M}"
    return at.strftime("%Y-%m-%d %H:%M")


def last_call(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """In 12 cells: the time of today, the day and time of this year, else only the day."""
    text = moment(at_ms, now_ms, zone)
    return text if len(text) <= 12 else day(at_ms, zone)


def last_quarter(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """A quarter of an hour in 12 cells, as exact as it is known: `14:30–14:45` of today, else the
    day."""
    at, now = _local(at_ms, zone), _local(now_ms, zone)
    if at.date() == now.date():
        return f"{clock(at_ms, zone)}–{clock(at_ms + 15 * _MINUTE, zone)}"
    return f"{at.day:2} {_MONTHS[at.month - 1]}" if at.year == now.year else day(at_ms, zone)


_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def project_name(project: str) -> str:
    """The last part of a project's folder; `no project` without one."""
    return project.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or project or NOWHERE


def place(path: str, home: str) -> str:
    """A path as people write it: `~/.codex/sessions`."""
    folder = home.rstrip("/")
    return f"~{path[len(folder):]}" if folder and path.startswith(f"{folder}/") else path


def model_name(model: str, priced_as: str | None = None) -> str:
    """A model without what every model of its maker has in front of it."""
    name = (priced_as or model).rpartition("/")[2]
    for prefix in ("claude-",):
        name = name.removeprefix(prefix)
    return name or UNKNOWN


def beginning(name: str, cells: int) -> str:
    """An id, or as many of its first characters as there is room for: commands take any beginning.

    Of ids of the usual length that do not fit, eight: the rest would look as if it were all.
    """
    if len(name) <= cells:
        return name
    return name[:cells] if len(name) > _USUAL_ID else name[: min(cells, 8)]


def grouped(count: int) -> str:
    """Every digit, in threes: `1 234`."""
    return f"{count:,}".replace(",", " ")


def plural(count: int, word: str, many: str = "") -> str:
    """`1 call`, `2 calls`, `1 234 calls`."""
    return f"{grouped(count)} {word if count == 1 else many or word + 's'}"


def _local(at_ms: int, zone: ZoneInfo) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_ms / 1000, zone)
