"""What of a response can be counted, read back from the lines that report its call."""

from __future__ import annotations

from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.evidence import unpack
from toktui.ingest.quote import LogRow, OpenLogs, quotes
from toktui.pricing.calibrate import SEALED_HEAD, Weight

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from toktui.agents.content import Block

METHOD: Final = 1
"""Rises when the same lines are weighed otherwise: they are then read again."""

_pack: Final = msgspec.msgpack.Encoder().encode


class Places(msgspec.Struct, frozen=True):
    """Where one log reports a call: offsets and lengths of lines."""

    log: LogRow
    generation: int
    spots: tuple[tuple[int, int], ...]


class Reported(msgspec.Struct, frozen=True):
    """A call and every line that reports it."""

    agent: str
    key: str
    places: tuple[Places, ...]

    @property
    def digest(self) -> bytes:
        """Differs where the lines do, or the method by which they are weighed."""
        known = [(p.log.number, p.generation, p.spots) for p in self.places]
        return blake2b(_pack((METHOD, known)), digest_size=8).digest()


def reported(db: sqlite3.Connection, call: int) -> Reported | None:
    """The lines of a call; None if it is gone."""
    rows = db.execute(
        "select a.text, c.key, l.id, l.path, l.offset, l.head, l.tail, l.generation,"
        " x.generation, x.body from call c join name a on a.id = c.agent"
        " join sighting x on x.call = c.id join source o on o.id = x.source"
        " join log l on l.id = o.log where c.id = ? order by l.path, o.id",
        (call,),
    ).fetchall()
    if not rows:
        return None
    name, key = rows[0][:2]
    return Reported(name, key, tuple(_places(*row) for row in rows))


def _places(
    name: str, key: str, number: int, path: str, offset: int, head: bytes, tail: bytes,
    log_generation: int, generation: int, body: bytes,
) -> Places:  # fmt: skip
    del key
    log = LogRow(number, path, offset, head, tail, log_generation, name)
    spots = tuple((spot.offset, spot.length) for spot in unpack(body).places())
    return Places(log, generation, spots)


def weigh_call(opened: OpenLogs, call: Reported, count: Callable[[str], int]) -> Weight | None:
    """The weight of a call; None where no line of it can be read, or says what was written."""
    blocks = list(_blocks(opened, call))
    return weigh(blocks, count) if blocks else None


def _blocks(opened: OpenLogs, call: Reported) -> Iterator[Block]:
    said = agent(call.agent).said
    for places in call.places:
        for quote in quotes(opened, places.log, places.spots, places.generation):
            if quote.state == "read":
                yield from said(quote.line, call.key)


def weigh(blocks: Iterable[Block], count: Callable[[str], int]) -> Weight:
    """The blocks of one response, each once however often rows repeat it."""
    tokens = tools = arguments = thinking = thoughts = sealed = 0
    for block in _distinct(blocks):
        counted = count(block.text)
        if block.kind == "thinking":
            thoughts += 1
            thinking += counted
            sealed += max(0, block.sealed - SEALED_HEAD)
            continue
        tokens += counted
        if block.kind == "tool":
            tools += 1
            arguments += len(block.arguments)
            tokens += sum(count(name) + count(value) for name, value in block.arguments)
    return Weight(tokens, tools, arguments, thinking, thoughts, sealed)


def _distinct(blocks: Iterable[Block]) -> list[Block]:
    """Without repetitions, and without the beginnings of what another row has whole."""
    once = sorted(set(blocks), key=lambda block: (block.kind, block.text, block.sealed))
    return [
        block
        for block, after in zip_longest(once, once[1:])
        if after is None or not _begins(block, after)
    ]


def _begins(block: Block, after: Block) -> bool:
    if block.kind != after.kind or block.kind == "tool" or not block.text:
        return False
    return after.text.startswith(block.text) and after.sealed >= block.sealed
