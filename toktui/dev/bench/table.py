"""What was measured, against what was promised."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Verdict = Literal["ok", "miss", ""]
_HEADS: Final = ("", "what", "measured", "target", "beside")


class Result(msgspec.Struct, frozen=True):
    """One line of the table. `ok` is None where there is no target or nothing to compare with."""

    what: str
    measured: str
    target: str = ""
    ok: bool | None = None
    beside: str = ""

    @property
    def verdict(self) -> Verdict:
        """In a word."""
        return "" if self.ok is None else "ok" if self.ok else "miss"


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]


def megabytes(count: float) -> str:
    """Bytes in units of a million."""
    return f"{count / 1e6:,.0f} MB"


def table(results: Sequence[Result]) -> str:
    """All results under each other."""
    rows = [_HEADS, *((r.verdict, r.what, r.measured, r.target, r.beside) for r in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)
