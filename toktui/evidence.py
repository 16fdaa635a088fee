"""All sightings of one call by one source of one log, merged: what the store keeps of them.

A merge is commutative, associative and idempotent, so the order of reading, splits and repetitions
leave no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import FLAG_GAP, Kind, Sighting, Tier, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTINUED: Final = 1
"""Bit of a spot: no other call of the log has begun between the call's first row and this one."""


class Source(msgspec.Struct, frozen=True, gc=False):
    """Who speaks in a log: the session and sub-agent of the rows, and the origin that they name."""

    kind: Kind
    session: str
    origin: str
    agent_id: str


class Spot(msgspec.Struct, frozen=True, gc=False):
    """A line: byte `offset` and `length` in its log."""

    offset: int
    length: int
    continued: bool


class Evidence(msgspec.Struct, array_like=True, gc=False):
    """What one source of one log says of one call."""

    first_ms: int
    """Earliest time of any row."""
    branch: str
    """Of the earliest row, as is `version`."""
    version: str
    at_ms: int
    """Time of the row that gives the numbers, as is everything below."""
    final: bool
    model: str
    tokens: Tokens
    web_search: int
    tier: Tier
    geo: str
    residual: bool
    flags: int
    window: int
    reported_nusd: int | None
    any_final: bool
    spots: list[int]
    """Offset, length and bits of every row, by offset."""
    own_key: str = ""
    """The key that the log alone gives, where a lineage moved the call to another one."""
    grade: int = 0
    """See `Sighting.grade`."""
    low: int = 0
    """See `Sighting.low`."""
    high: int = 0

    def rank(self) -> tuple[object, ...]:
        """See `Sighting.rank`."""
        t = self.tokens
        return (
            self.grade,
            not self.flags & FLAG_GAP,
            t.output,
            self.final,
            self.at_ms,
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

    def places(self) -> Iterator[Spot]:
        """The rows, by offset."""
        s = self.spots
        for i in range(0, len(s), 3):
            yield Spot(s[i], s[i + 1], bool(s[i + 2] & CONTINUED))


def of_sighting(sighting: Sighting, at_ms: int, spot: tuple[int, int, int]) -> Evidence:
    """The evidence of a single row; `spot` is offset, length and bits."""
    s = sighting
    return Evidence(
        at_ms,
        s.branch,
        s.version,
        at_ms,
        s.final,
        s.model,
        s.tokens,
        s.web_search,
        s.tier,
        s.geo,
        s.residual,
        s.flags,
        s.window,
        s.reported_nusd,
        s.final,
        list(spot),
        grade=s.grade,
        low=s.low,
        high=s.high,
    )


def absorb(known: Evidence, row: Sighting, at_ms: int, spot: tuple[int, int, int]) -> bool:
    """Merges a later row in place where it repeats the known numbers; False where it does not.

    Does what `merge` does, for what nearly all rows of a response are.
    """
    if (
        spot[0] <= known.spots[-3]
        or row.tokens != known.tokens
        or row.model != known.model
        or row.web_search != known.web_search
        or row.tier != known.tier
        or row.geo != known.geo
        or row.residual != known.residual
        or row.grade != known.grade
        or row.high != known.high
        or row.low != known.low
        or (row.flags ^ known.flags) & FLAG_GAP
    ):
        return False
    if (row.final, at_ms) > (known.final, known.at_ms):
        known.final, known.at_ms = row.final, at_ms
    if at_ms <= known.first_ms and (
        (at_ms, row.branch, row.version) < (known.first_ms, known.branch, known.version)
    ):
        known.first_ms, known.branch, known.version = at_ms, row.branch, row.version
    known.any_final |= row.final
    known.flags |= row.flags
    known.window = max(known.window, row.window)
    if row.reported_nusd is not None:
        known.reported_nusd = max(known.reported_nusd or 0, row.reported_nusd)
    known.spots += spot
    return True


def merge(one: Evidence, other: Evidence) -> Evidence:
    """Both together; the spots of both, each offset once."""
    best, rest = (one, other) if one.rank() >= other.rank() else (other, one)
    early = min(one, other, key=lambda e: (e.first_ms, e.branch, e.version))
    reported = [e.reported_nusd for e in (one, other) if e.reported_nusd is not None]
    return Evidence(
        early.first_ms,
        early.branch,
        early.version,
        best.at_ms,
        best.final,
        best.model,
        best.tokens,
        best.web_search,
        best.tier,
        best.geo,
        one.residual and other.residual,
        best.flags | rest.flags & ~FLAG_GAP,
        max(best.window, rest.window),
        max(reported) if reported else None,
        one.any_final or other.any_final,
        _both(one.spots, other.spots),
        one.own_key or other.own_key,
        best.grade,
        best.low,
        best.high,
    )


def _both(one: list[int], other: list[int]) -> list[int]:
    """The spots of both by offset; where both have one, the call goes on only if both say so."""
    if one[-3] < other[0]:
        return one + other
    rows = {one[i]: (one[i + 1], one[i + 2]) for i in range(0, len(one), 3)}
    for i in range(0, len(other), 3):
        length, bits = rows.get(other[i], (0, CONTINUED))
        rows[other[i]] = (max(length, other[i + 1]), bits & other[i + 2])
    return [n for offset in sorted(rows) for n in (offset, *rows[offset])]


pack: Final = msgspec.msgpack.Encoder().encode
unpack: Final = msgspec.msgpack.Decoder(Evidence).decode
