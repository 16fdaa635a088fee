"""What landed changes are worth, by size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.server.tables import LANDED
from toktui.team.wire.document import SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toktui.team.wire.document import Size

WORTH: Final[Mapping[str, float]] = {"XS": 0, "S": 1, "M": 4, "L": 16, "XL": 64}
"""Units of a change by its size: four of the size below, as its lines are, so that a change that is
split into four is worth what it was. XS, of less than 16 lines, is worth nothing: anybody can make
any number of those, and every change can be split into them."""


def units_of(one: Mapping[str, Any]) -> float:
    """Worth of the changes that landed, of a row with the columns of LANDED."""
    return sum(one[name] * WORTH[size] for name, size in zip(LANDED, SIZES, strict=True))


def counting(changes: Mapping[Size, int]) -> int:
    """How many changes, by size, are worth something: those of which a place needs enough."""
    return sum(count for size, count in changes.items() if WORTH[size] > 0)
