"""What a transaction holds in hand: sighting rows, and the tally of what it changes."""

from __future__ import annotations

from typing import Final

import msgspec

from toktui.evidence import Evidence, merge

LEDGER_KIND: Final = 3
"""The stored number of the kind `ledger`: the source of a residual call."""


class Outcome(msgspec.Struct):
    """What a transaction, or a run of many, changed."""

    logs_read: int = 0
    bytes_read: int = 0
    lines: int = 0
    new: int = 0
    updated: int = 0
    not_understood: int = 0
    unfinished: int = 0
    """Logs whose last line has no newline and was not read: it may still be written."""
    copies: dict[str, int] = msgspec.field(default_factory=dict)
    failed: dict[str, str] = msgspec.field(default_factory=dict)
    """Logs that could not be taken in, by path, with why."""

    def add(self, other: Outcome) -> None:
        """Adds what a later transaction changed."""
        self.logs_read += other.logs_read
        self.bytes_read += other.bytes_read
        self.lines += other.lines
        self.new += other.new
        self.updated += other.updated
        self.not_understood += other.not_understood
        self.unfinished += other.unfinished
        self.failed |= other.failed
        for reason, rows in other.copies.items():
            self.copies[reason] = self.copies.get(reason, 0) + rows


class Seen(msgspec.Struct):
    """A stored sighting row, or one that is about to be stored."""

    source: int
    generation: int
    parser: int
    evidence: Evidence
    reason: int = 0
    stream: int = 0
    reemit: int = 0
    rows: int = 0
    stored: bool = False
    in_place: bool = False
    """The entries of a document: read again, they replace what their places said before."""


def joined(known: Seen, new: Seen) -> Seen:
    """New evidence of the same source over what is known.

    The same bytes read by a newer parser replace; a log that was written anew keeps its best
    numbers, with the places of the new bytes.
    """
    newer_parse = new.parser > known.parser and new.generation == known.generation
    if newer_parse or (new.in_place and _covers(new.evidence, known.evidence)):
        evidence = new.evidence
    else:
        evidence = merge(known.evidence, new.evidence)
        if new.generation > known.generation:
            evidence.spots = new.evidence.spots
    return Seen(
        new.source,
        max(known.generation, new.generation),
        max(known.parser, new.parser),
        evidence,
        known.reason,
        known.stream,
        known.reemit,
        known.rows,
        known.stored,
        new.in_place,
    )


def _covers(new: Evidence, known: Evidence) -> bool:
    """Whether all places of what is known were read anew."""
    return set(known.spots[::3]) <= set(new.spots[::3])


def merged(stored: dict[int, Seen], new: dict[int, Seen]) -> list[Seen]:
    """All evidence of one call, by source."""
    both = dict(stored)
    for source, seen in new.items():
        known = both.get(source)
        both[source] = seen if known is None else joined(known, seen)
    return [both[source] for source in sorted(both)]
