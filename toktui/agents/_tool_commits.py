"""Commits that an agent's tools made, told by its turns: from the call of a tool to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from toktui.agents.base import MAX_COUNT
from toktui.agents.commits import COMMAND_WORD, MOST_OPEN, commits, ran
from toktui.agents.json_lines import holds
from toktui.clock import parse_ms
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toktui.agents.content import Piece, Turn
    from toktui.model import Fact

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _When(Struct):
    timestamp: Any = None
    """RFC 3339."""
    time: Any = None
    """Milliseconds since 1970."""


_as_when = msgspec.json.Decoder(_When).decode


def can_tell(
    block: bytes, pos: int, end: int, calls: tuple[bytes, ...], awaited: Iterable[str]
) -> bool:
    """Whether a line can call a tool to commit, or hold the result of one that is awaited; `calls`
    are words of which every row that calls a tool holds one."""
    if holds(block, pos, end, calls) and block.find(COMMAND_WORD, pos, end) >= 0:
        return True
    return any(block.find(name.encode(), pos, end) >= 0 for name in awaited)


def committed(line: bytes, turn: Turn | None, session: str, awaited: list[str]) -> tuple[Fact, ...]:
    """The commits of a line; `awaited`, the calls whose results are still to come, moves on."""
    if turn is None:
        return ()
    try:
        when = _as_when(line)
    except _UNREADABLE:
        return ()
    at_ms = parse_ms(when.timestamp) if isinstance(when.timestamp, str) else None
    if at_ms is None and type(when.time) is int and 0 <= when.time <= MAX_COUNT:
        at_ms = when.time
    return committed_in(turn.pieces, session, at_ms, awaited)


def committed_in(
    pieces: Iterable[Piece], session: str, at_ms: int | None, awaited: list[str]
) -> tuple[Fact, ...]:
    """The commits that calls and results tell of, which come in their order."""
    found: list[Fact] = []
    for piece in pieces:
        name = piece.id
        if piece.kind == "call" and name and name == clean_id(name) and name not in awaited:
            if commits(piece.text):
                awaited.append(name)
                del awaited[:-MOST_OPEN]
        elif piece.kind == "result" and name in awaited:
            awaited.remove(name)
            found += ran(piece.text, session, at_ms)
    return tuple(found)
