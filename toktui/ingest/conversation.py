"""What was sent with a call, read back from its log."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.ingest.origin import Origin, digest_of, stat_now
from toktui.ingest.quote import OpenLogs
from toktui.ingest.tail import Mark, blocks, is_same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from toktui.agents.content import Piece, Turn
    from toktui.ingest.weigh import Places, Reported

_MADE: Final = ("text", "thinking", "call")
"""Pieces that the model writes: at the end of a conversation they are the answer."""


class Conversation(msgspec.Struct, frozen=True):
    """What was sent, in its order, without the answer."""

    pieces: tuple[Piece, ...]
    opening: tuple[Piece, ...]
    """Those that were sent with the first response of it."""
    first_key: str
    """Of the call of that response; empty if the log does not name it."""
    begins: bool
    """Whether it begins with the session: nothing was compacted."""
    origin: Origin


class _Place(msgspec.Struct, frozen=True, gc=False):
    """A line that is a turn: where it is, what it links."""

    offset: int
    length: int
    id: str
    parent: str
    key: str
    calls: frozenset[str]
    results: frozenset[str]


def conversation(lines: Reported) -> Conversation | None:
    """What was sent with a call; None if no log of it can be read, or its agent keeps no text."""
    with closing(OpenLogs()) as opened:
        for places in lines.places:
            try:
                # Before it is read: what is written meanwhile shows as a change.
                stat = stat_now(lines.agent, places.log.path)
                turns, end = _turns(opened, lines.agent, places)
                if turns:
                    digest = digest_of(opened.descriptor(places.log.path), end) if end else b""
                    return _conversation(turns, Origin(places.log.number, end, digest, stat))
            except OSError:
                continue
    return None


def _turns(opened: OpenLogs, name: str, places: Places) -> tuple[list[Turn], int]:
    """The turns up to the first line that reports the call, and where that ends; 0: a document."""
    log = places.log
    if agent(name).is_document(log.path):
        return list(agent(name).turns(log.path, places.spots[-1][0])), 0
    fd = opened.descriptor(log.path)
    if places.generation != log.generation or not is_same(fd, Mark(log.offset, log.head, log.tail)):
        return [], 0
    at, length = places.spots[0]
    chain = _chain(_links(fd, name, at), at)
    lines = (os.pread(fd, place.length, place.offset) for place in chain)
    turns = (agent(name).turn(line.strip(b"\r\n")) for line in lines)
    return [turn for turn in turns if turn is not None], at + length


def _links(fd: int, name: str, end: int) -> list[_Place]:
    """Every turn of the log up to `end`, since the last that begins the conversation anew."""
    found: list[_Place] = []
    for offset, line in _lines(fd, end):
        turn = agent(name).turn(line)
        if turn is None:
            continue
        if turn.restarts and not turn.id:
            found.clear()
        found.append(
            _Place(
                offset,
                len(line),
                turn.id,
                turn.parent,
                turn.key,
                frozenset(p.id for p in turn.pieces if p.kind == "call" and p.id),
                frozenset(p.id for p in turn.pieces if p.kind != "call" and p.id),
            )
        )
    return found


def _lines(fd: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Offsets and lines up to the one that begins at `end`, that one too."""
    for block in blocks(fd, 0):
        at, start = block.at, block.start
        while block.data and at < block.end:
            if at > end:
                return
            newline = block.data.index(b"\n", start)
            yield at, block.data[start:newline]
            at += newline + 1 - start
            start = newline + 1


def _chain(places: list[_Place], end: int) -> list[_Place]:
    """The lines from which the one at `end` follows, with the results of every tool they call.

    A response may call several tools, whose results are then not all among its ancestors.
    """
    if not any(place.id for place in places):
        return _last_of_each(places)
    by_id = {place.id: place for place in places}
    at = next((place for place in places if place.offset == end), None)
    chain: set[_Place] = set()
    while at is not None and at not in chain:
        chain.add(at)
        at = by_id.get(at.parent)
    called = frozenset[str]().union(*(place.calls for place in chain))
    return [place for place in places if place in chain or place.results & called]


def _last_of_each(places: list[_Place]) -> list[_Place]:
    """Without rows that a later row of the same response has taken the place of."""
    last = {place.key: place.offset for place in places if place.key}
    return [place for place in places if not place.key or last[place.key] == place.offset]


def _conversation(turns: list[Turn], origin: Origin) -> Conversation:
    pieces = list(_without_answer(piece for turn in turns for piece in turn.pieces))
    first = next(
        (i for i, turn in enumerate(turns) if any(p.kind in _MADE for p in turn.pieces)), len(turns)
    )
    opening = [piece for turn in turns[:first] for piece in turn.pieces]
    key = turns[first].key if first < len(turns) else ""
    begins = not any(turn.restarts for turn in turns)
    return Conversation(tuple(pieces), tuple(opening), key, begins, origin)


def _without_answer(pieces: Iterable[Piece]) -> list[Piece]:
    kept = list(pieces)
    while kept and kept[-1].kind in _MADE:
        kept.pop()
    return kept
