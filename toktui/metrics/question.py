"""A question about totals: what is added up, and by what."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from toktui.clock import BEGINNING_MS, END_OF_TIME_MS, Period, Range
from toktui.metrics.filters import NO_FILTERS, Filters

Key = Literal["agent", "model", "project", "session", "branch", "tier"]
KEYS: Final[tuple[Key, ...]] = ("agent", "model", "project", "session", "branch", "tier")
ALWAYS: Final = Range(BEGINNING_MS, END_OF_TIME_MS)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to add up."""

    period: Period = "all"
    by: tuple[Key, ...] = ()
    within: Range = ALWAYS
    filters: Filters = NO_FILTERS


def is_limited(within: Range) -> bool:
    """Whether the range has an end at all."""
    return within.start_ms > BEGINNING_MS or within.end_ms < END_OF_TIME_MS
