"""Counts what the log of a session has of a prompt: all that is needed to take it apart, for which
a long log is read once."""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.agents import agent
from toktui.ingest.conversation import conversation
from toktui.ingest.origin import Origin, state_of
from toktui.ingest.weigh import reported
from toktui.pricing.calibrate import ARGUMENT_TOKENS, SEALED_HEAD, TOOL_TOKENS, Calibration
from toktui.pricing.tokenizer import NUMBER

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from toktui.agents.content import Piece
    from toktui.ingest.origin import State
    from toktui.ingest.weigh import Reported

METHOD: Final = 1
"""Rises when the same lines are counted otherwise."""
IMAGE_TOKENS: Final = 1_500
"""What an image of a usual size takes; its own size is not looked at."""
RESULT_TOKENS: Final = 15
"""The frame of a tool's result."""

_pack: Final = msgspec.msgpack.Encoder().encode


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The pieces of a prompt of one kind, of one tool where they are of tools."""

    kind: str
    tool: str
    tokens: float
    """As they are counted; the parts of a composition are scaled to what the provider reported."""
    count: int


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """What was sent with a call, as far as its log has it. No text: kinds, names of tools,
    numbers."""

    basis: bytes
    """Differs where anything differs that it was made by, or from which lines."""
    origin: Origin
    shares: tuple[Share, ...]
    opening: float
    """Tokens of what was sent with the first response of the conversation."""
    first_key: str
    """Of the call of that response; empty if the log does not name it."""
    begins: bool
    """Whether the conversation begins with the session: nothing was compacted."""
    source: Literal["own", "shipped", "unmeasured"]
    """Whose calls the counts are calibrated by."""


encode_counted: Final = _pack
decode_counted: Final = msgspec.msgpack.Decoder(Counted).decode


def count_prompt(
    db: sqlite3.Connection, call: int, by: Calibration, count: Callable[[str], int]
) -> Counted | None:
    """Of a call, by its number; None if its log cannot be read, or has nothing of what was sent.

    `count` counts the tokens of a text. Takes about a second for 150k tokens.
    """
    lines = reported(db, call)
    found = None if lines is None else conversation(lines)
    if lines is None or found is None:
        return None
    shares = _shares(found.pieces, by, count)
    if not shares:
        return None
    return Counted(
        basis=_basis(lines, by),
        origin=found.origin,
        shares=shares,
        opening=sum(share.tokens for share in _shares(found.opening, by, count)),
        first_key=found.first_key,
        begins=found.begins,
        source=by.source,
    )


def state_of_counted(
    db: sqlite3.Connection, call: int, by: Calibration, counted: Counted
) -> State:
    """Whether a call would be counted so again; `gone`: its log cannot be read any more."""
    lines = reported(db, call)
    if lines is None or _basis(lines, by) != counted.basis:
        return "changed"
    return state_of(db, lines.agent, counted.origin)


def _basis(lines: Reported, by: Calibration) -> bytes:
    parser = agent(lines.agent).PARSER
    return blake2b(_pack((METHOD, NUMBER, parser, lines.digest, by)), digest_size=16).digest()


def _shares(
    pieces: Sequence[Piece], by: Calibration, count: Callable[[str], int]
) -> tuple[Share, ...]:
    """By kind and tool, in the order in which they come first."""
    tools = {piece.id: piece.tool for piece in pieces if piece.kind == "call"}
    sums: defaultdict[tuple[str, str], tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for piece in pieces:
        tool = piece.tool or tools.get(piece.id, "")
        key = (piece.kind, tool if piece.kind in ("call", "result") else "")
        tokens, n = sums[key]
        sums[key] = (tokens + _tokens(piece, by, count), n + 1)
    return tuple(_listed(sums.items()))


def _listed(sums: Iterable[tuple[tuple[str, str], tuple[float, int]]]) -> Iterable[Share]:
    return (Share(*key, *found) for key, found in sums if found[0])


def _tokens(piece: Piece, by: Calibration, count: Callable[[str], int]) -> float:
    if piece.kind == "image":
        return IMAGE_TOKENS
    tokens = by.ratio * count(piece.text)
    if piece.kind == "call":
        return tokens + TOOL_TOKENS + ARGUMENT_TOKENS * piece.arguments
    if piece.kind == "result":
        return tokens + RESULT_TOKENS
    if piece.kind == "thinking":
        return max(tokens, by.sealed * max(0, piece.sealed - SEALED_HEAD))
    return tokens
