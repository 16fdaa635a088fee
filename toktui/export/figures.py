"""Numbers as people read them on the command line; `rounding.py` rounds them, and for screens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.rounding import UNKNOWN, percent, size
from toktui.rounding import tokens as short

if TYPE_CHECKING:
    from msgspec import UnsetType

    from toktui.metrics.probable import Probable

__all__ = ["UNKNOWN", "percent", "short", "size"]


def count(n: int) -> str:
    """`12,345`."""
    return f"{n:,}"


def count_of(n: int, noun: str) -> str:
    """`1 call`, `12,345 calls`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def lacks_output(n: int) -> str:
    """How many calls have less output than they had, without a stop at its end."""
    whose = "its" if n == 1 else "their"
    return f"{count_of(n, 'call')} never got {whose} final output count"


def dollars(nusd: int | None, *, lacking: bool = False) -> str:
    """`$12.34`, `$0.0123`; `–` if unknown, `≥` if unpriced calls are missing."""
    if nusd is None:
        return UNKNOWN
    mark = "≥" if lacking else ""
    sign = "-" if nusd < 0 else ""
    value = abs(nusd) / 1e9
    if 0 < value < 0.00005:
        return f"{mark}{sign}<$0.0001"
    return f"{mark}{sign}${value:,.4f}" if 0 < value < 0.99995 else f"{mark}{sign}${value:,.2f}"


def probably(probable: Probable | UnsetType | None) -> str:
    """`+$9.04` of what calls probably cost beyond their logs; `+12.3k tokens` without a price."""
    from msgspec import UNSET  # noqa: PLC0415  the status line does without

    if probable is None or probable is UNSET:
        return ""
    if probable.cost_nusd is None:
        return f"+{short(probable.output)} tokens"
    return f"+{dollars(probable.cost_nusd, lacking=probable.unpriced_calls > 0)}"


def span(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
