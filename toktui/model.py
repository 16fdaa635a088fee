"""The words of toktui as types. Imported by every module; imports none of them.

Tokens are counts, money is whole nano-dollars, times are UTC milliseconds.
"""

from __future__ import annotations

from typing import Final, Literal, NewType

import msgspec

NanoUSD = NewType("NanoUSD", int)
"""Money as a whole number of 1e-9 dollars, so that sums do not depend on order."""

Tier = Literal["standard", "batch", "flex", "priority", "fast"]
Exactness = Literal["exact", "placeholder", "estimated", "residual"]
Reason = Literal["progress", "archive", "replay", "fork", "resume", "stream", "reemit"]

TIERS: Final[tuple[Tier, ...]] = ("standard", "batch", "flex", "priority", "fast")
EXACTNESS: Final[tuple[Exactness, ...]] = ("exact", "placeholder", "estimated", "residual")
REASONS: Final[tuple[Reason, ...]] = (
    "progress",
    "archive",
    "replay",
    "fork",
    "resume",
    "stream",
    "reemit",
)
BUCKETS: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
"""The disjoint token buckets, in the order that breaks ties when money is split."""
PARTS: Final = (*BUCKETS, "fees")
"""What the cost of a call is split into."""

FLAG_WEAK_ID: Final = 1
FLAG_GAP: Final = 2
FLAG_ASSUMED_TIER: Final = 4
FLAG_SESSION_GUESSED: Final = 8
FLAG_TIME_MOVED: Final = 16
FLAG_SUM: Final = 32
"""The numbers are a sum over calls that nobody logged one by one, so that its prompt is no prompt
and decides no band of prices. For us only: exactness tells the user."""
FLAGS: Final = {
    FLAG_WEAK_ID: "weak_id",
    FLAG_GAP: "gap",
    FLAG_ASSUMED_TIER: "assumed_tier",
    FLAG_SESSION_GUESSED: "session_guessed",
    FLAG_TIME_MOVED: "time_moved",
}


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call, in buckets that never overlap; `reasoning` is of which `output`."""

    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """Everything that was sent: read from a cache, written to one, or neither."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def total(self) -> int:
        """All buckets; `reasoning` is inside `output` and not added."""
        return self.prompt + self.output


Kind = Literal["row", "progress", "spawn", "ledger", "guess"]
"""What a sighting is: an ordinary row, an embedded report of another log's call, a row in the log
of a spawned session (so that a repetition is a replay), a line of the agent's own ledger, or a turn
of which a log only has the text, and no id that others share."""


class Sighting(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One place in a log that reports a call, as the parser read it: no clock, no prices.

    `key` is the identity of the call within its agent. `session` is the log's own session at that
    row; `origin` is the session that a marker on the row names instead. `at_ms` is UTC
    milliseconds, or None where the row has no readable time. All strings are clean.
    """

    key: str
    session: str
    at_ms: int | None
    model: str
    tokens: Tokens
    web_search: int = 0
    final: bool = True
    """The row has a final stop reason; a call without one is a placeholder."""
    kind: Kind = "row"
    origin: str = ""
    agent_id: str = ""
    agent_type: str = ""
    project: str = ""
    branch: str = ""
    version: str = ""
    tier: Tier = "standard"
    geo: str = ""
    residual: bool = False
    flags: int = 0
    window: int = 0
    """Context window that the log names, in tokens; 0 is not named."""
    reported_nusd: int | None = None
    repeats: bool = False
    """The parser knows that the very same row stood in this log before."""
    grade: int = 0
    """Where several kinds of sources report a call, those of the greatest grade give its numbers.
    Below 0 the numbers are estimated."""
    low: int = 0
    """Of an estimated output, 8 of 10 are between `low` and `high`."""
    high: int = 0

    def rank(self) -> tuple[object, ...]:
        """The total order that chooses the numbers of a call: it reads only the row.

        A row behind a gap holds what the missing rows used, too, so one without a gap is better.
        """
        t = self.tokens
        return (
            self.grade,
            not self.flags & FLAG_GAP,
            t.output,
            self.final,
            self.at_ms or 0,
            t.input,
            t.cache_read,
            t.cache_write_5m,
            t.cache_write_1h,
            t.reasoning,
            self.web_search,
            self.model,
            self.tier,
            self.geo,
            self.low,
            self.high,
        )


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something a log says that is no call: a ledger, a lineage, a limit, a search count.

    `subject` names what it is about (a session, a call key, a limit). Of a `latest` fact only the
    last one per log, kind and subject is kept. `body` is opaque to everything but the agent.
    """

    kind: str
    subject: str
    body: bytes
    at_ms: int | None = None
    latest: bool = True


class Misread(msgspec.Struct, frozen=True, gc=False):
    """A line or value that was not understood. `shape` names keys and types, never values."""

    shape: str
    version: str = ""
