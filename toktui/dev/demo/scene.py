"""What a session of the demo is about, and what its imitation writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Feature = Literal[
    "agents", "archived", "cold", "fast", "fork", "ledger", "old", "priority", "relay", "search",
]
"""`agents` spawns sub-agents; `cold` rests until its cache is gone; `fork` is copied into a new
session, which goes on; `old` is a build that logs no final output and copies on resume; `relay`
speaks to a model that has no price."""


class Scene(msgspec.Struct, frozen=True):
    """One session. `turns` are prompts of the user, None without end."""

    agent: str
    seed: str
    project: str
    branch: str
    starts_ms: int
    turns: int | None
    features: frozenset[Feature] = frozenset()

    @property
    def in_full(self) -> bool:
        """Whether its log has as much text as is billed: somebody looks at sessions that are open,
        and of weeks that would be tens of megabytes."""
        return self.turns is None


How = Literal["append", "replace", "sql"]
"""What becomes of rows: lines at the end of a log, the whole of a document, or questions (`sql_of`)
to a database, in one transaction."""


class Write(NamedTuple):
    """Rows that are written at a time. `path` is below the home."""

    at_ms: int
    path: str
    rows: tuple[bytes, ...]
    how: How = "append"


def sql_of(sql: str, *args: str | float | None) -> bytes:
    """A statement with its arguments, as a row."""
    return msgspec.json.encode((sql, args))


def in_order(writes: Iterable[Iterator[Write]]) -> Iterator[Write]:
    """Several actors at once, by time."""
    import heapq

    return heapq.merge(*writes, key=lambda write: write.at_ms)
