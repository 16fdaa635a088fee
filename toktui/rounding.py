"""Numbers as people read them: the only rounding, of the screens and of the command line.

Three significant digits, the step always with the number; `–` is unknown.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "–"
_STEPS: Final = ("", "k", "M", "B", "T", "Qd", "Qt")
"""Of counts and money: a billion tokens is `1B`."""
_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def three_digits(value: float) -> str:
    """`0.0123`, `1.23`, `12.3`, `123`, `1.23k`, `12.3M`; for what is not negative."""
    if value == 0:
        return "0"
    if value < 1:
        return _small(value)
    step = 0
    while step < len(_STEPS) - 1 and float(f"{value:.3g}") >= 1000:
        value /= 1000
        step += 1
    return f"{_rounded(value)}{_STEPS[step]}"


def _rounded(value: float) -> str:
    """`1.00`, `12.3`, `123`: three digits of what is at least 1 and below 1000."""
    rounded = float(f"{value:.3g}")
    digits = 2 if rounded < 10 else 1 if rounded < 100 else 0
    return f"{rounded:.{digits}f}"


def _small(value: float) -> str:
    for digits in (2, 3, 4):
        if round(value, digits) * 10**digits >= 100 or digits == 4:
            break
    text = f"{value:.{digits}f}" if value >= 0.1 else f"{value:.{min(4, digits)}f}"
    return text if float(text) else "<0.0001"


def tokens(count: float | None) -> str:
    """`0`, `853`, `12.3k`, `1.21M`."""
    if count is None:
        return UNKNOWN
    return str(round(count)) if count < 999.5 else three_digits(count)


def percent(share: float | None) -> str:
    """`96.7 %`, `100 %`; never 100 for what is less."""
    if share is None:
        return UNKNOWN
    value = share * 100
    if 99.95 <= value < 100:
        return "99.9 %"
    if value in (0, 100):
        return f"{value:.0f} %"
    return "<0.1 %" if 0 < value < 0.05 else f"{value:.1f} %"


def change(now: int | None, usual: int | None) -> str:
    """How far `now` is from `usual`: `+42 %`, `×3.1`; empty where it cannot be said."""
    if now is None or not usual:
        return ""
    ratio = now / usual
    if ratio >= 3:
        return f"×{three_digits(ratio)}"
    return f"{(ratio - 1) * 100:+.0f} %".replace("-", "−")


def size(count: float) -> str:
    """`812 B`, `1.21 MB`, `3.40 GB`."""
    unit = 0
    while unit < len(_SIZES) - 1 and count >= 999.5:
        count /= 1000
        unit += 1
    return f"{count:.0f} B" if unit == 0 else f"{_rounded(count)} {_SIZES[unit]}"
