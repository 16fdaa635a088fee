"""What stands in a column of another program's database, which holds it to no type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents.base import MAX_COUNT
from toktui.agents.documents import NotUnderstoodError
from toktui.clock import parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toktui.agents._sqlite_vfs import Value


_MILLISECONDS_FROM: Final = 100_000_000_000
"""A number of seconds from here on is 3,000 years away."""
AMONG: Final = "in (select value from json_each(?))"
"""Behind a column, with `json_of` as its argument."""


def as_bytes(value: Value) -> bytes:
    """A document in a column, however it was bound."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def as_text(value: Value) -> str:
    """A text; anything else is empty."""
    return value if isinstance(value, str) else ""


def as_count(value: Value, name: str) -> int:
    """A number of tokens; null is 0. Raises NotUnderstoodError, which names the column."""
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise NotUnderstoodError(f"Expected a count - at `{name}`")
    return value


def as_dollars(value: Value, name: str) -> float:
    """Dollars; null is 0. Raises NotUnderstoodError, which names the column."""
    if value is None:
        return 0.0
    if not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
        raise NotUnderstoodError(f"Expected dollars - at `{name}`")
    return float(value)


def json_of(values: Iterable[str | int]) -> str:
    """The values as the one argument of `AMONG`."""
    return msgspec.json.encode(list(values)).decode()


def as_ms(value: Value) -> int | None:
    """UTC milliseconds of a time in seconds, in milliseconds, or as `2026-11-22 10:00:00`."""
    if isinstance(value, str):
        return parse_ms(value)
    if not isinstance(value, int | float) or not 0 <= value <= MAX_COUNT:
        return None
    return int(value if value >= _MILLISECONDS_FROM else value * 1000)


def row_of(columns: Sequence[str], row: Sequence[Value]) -> bytes:
    """A row as it is quoted: JSON with the columns' names."""
    values = (
        value if not isinstance(value, bytes) else value.decode("utf-8", "replace") for value in row
    )
    return msgspec.json.encode(dict(zip(columns, values, strict=True)))
