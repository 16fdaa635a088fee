"""Numbers as people read them: the only rounding of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from msgspec import UnsetType

    from toktui.metrics.probable import Probable

UNKNOWN: Final = "–"
_STEPS: Final = ("", "k", "M", "B", "T", "Qd", "Qt")
"""Of counts, as the screens show them: a billion tokens is `1B`."""
_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def count(n: int) -> str:
    """`12,345`."""
    return f"{n:,}"


def count_of(n: int, noun: str) -> str:
    """`1 call`, `12,345 calls`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def short(n: float) -> str:
    """Three significant digits and a step: `812`, `12.3k`, `4.56M`."""
    text, step = _three_digits(n)
    return text + _STEPS[step]


def size(n: float) -> str:
    """`1.23 MB`."""
    text, step = _three_digits(n)
    return f"{text} {_SIZES[step]}"


def _three_digits(n: float) -> tuple[str, int]:
    """The figure and how often it was divided by a thousand."""
    value, step = float(n), 0
    while abs(value) >= 999.5 and step < len(_STEPS) - 1:
        value /= 1000
        step += 1
    if not step:
        return f"{value:.0f}", 0
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f}", step


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


def percent(share: float | None) -> str:
    """`93.1 %`."""
    return UNKNOWN if share is None else f"{share * 100:.1f} %"


def span(seconds: float) -> str:
    """`45 s`, `3 min`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
