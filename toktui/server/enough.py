"""When the numbers of 28 days are enough to say what a change cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from toktui.server.tables import LANDED
from toktui.server.worth import counting
from toktui.team.wire.document import SIZES, Size

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_CHANGES: Final = 8
LEAST_DAYS: Final = 6
MOST_REVERTED: Final = 0.2
MOST_UNPRICED: Final = 0.1
_BUCKETS: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")

TooLittle = Literal[
    "", "too few changes", "too few days", "too many reverted", "too much without a price"
]


def too_little(one: Mapping[str, Any]) -> TooLittle:
    """Why the sums of 28 days do not make an index; empty if they do."""
    changes = counting(changes_of(one))
    if changes < LEAST_CHANGES:
        return "too few changes"
    if one["days"] < LEAST_DAYS:
        return "too few days"
    if one["reverted"] > MOST_REVERTED * changes:
        return "too many reverted"
    tokens = tokens_of(one)
    if not tokens or one["unpriced_tokens"] > MOST_UNPRICED * tokens:
        return "too much without a price"
    return ""


def spent_of(one: Mapping[str, Any]) -> float:
    """Nano-dollars of all tokens: those without a price are taken to cost what the others do.

    So nobody gains by using a model that nobody can price.
    """
    tokens = tokens_of(one)
    priced = tokens - one["unpriced_tokens"]
    return one["cost_nusd"] * tokens / priced if priced > 0 else one["cost_nusd"]


def changes_of(one: Mapping[str, Any]) -> dict[Size, int]:
    """Landed changes by size."""
    return {size: one[name] for name, size in zip(LANDED, SIZES, strict=True)}


def tokens_of(one: Mapping[str, Any]) -> int:
    """Tokens of all buckets."""
    return sum(one[name] for name in _BUCKETS)
