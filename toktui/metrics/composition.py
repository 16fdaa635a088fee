"""What fills the window of a session: its last prompt, taken apart.

The provider reports one number for a prompt. What the log has of it is counted and scaled, so that
the parts add up to that number; what the log does not have (the system prompt, the tools) is what
the first prompt of the same conversation had beyond its own text.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents.content import PieceKind
from toktui.ingest.conversation import conversation
from toktui.ingest.estimate import MODEL, MODEL_JOINS, own_calibrations
from toktui.metrics.probable import has_estimates
from toktui.model import FLAG_SUM
from toktui.pricing.calibrate import ARGUMENT_TOKENS, SEALED_HEAD, TOOL_TOKENS, calibration_for

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from toktui.agents.content import Piece
    from toktui.pricing.calibrate import Calibration
    from toktui.pricing.rates import RateBook

IMAGE_TOKENS: Final = 1_500
"""What an image of a usual size takes; its own size is not looked at."""
RESULT_TOKENS: Final = 15
"""The frame of a tool's result."""
SYSTEM: Final = "system"
NAMES: Final = {
    "system": "system prompt, tools, and all that no log has",
    "prompt": "prompts",
    "summary": "summary of what was compacted",
    "text": "what the model said",
    "thinking": "thinking",
    "call": "calls of",
    "result": "results of",
    "file": "files",
    "image": "images",
    "reminder": "reminders of the agent to the model",
}
_PROMPT: Final = "(c.input + c.cache_read + c.cache_write_5m + c.cache_write_1h)"
_LAST: Final = (
    f"select {{columns}} from call c join name a on a.id = c.agent{MODEL_JOINS}"
    f" where c.session = ? and c.agent_id = 0 and {_PROMPT} > 0"
    f" and not c.flags & {FLAG_SUM}"
    " order by c.at_ms desc, c.id desc limit 1"
)

Kind = PieceKind | str


class Part(msgspec.Struct, frozen=True):
    """A part of a prompt. `kind` is one of a piece, or `system`: system prompt, tools, and all else
    that is in no log."""

    kind: Kind
    tool: str
    """Of `call` and `result`; may be empty where the log does not tell."""
    tokens: int
    count: int
    """How many pieces it is made of; 0: unknown."""

    @property
    def name(self) -> str:
        """`results of Bash`."""
        name = NAMES.get(self.kind, self.kind)
        return f"{name} {self.tool or 'a tool'}" if self.kind in ("call", "result") else name


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """The prompt of a call; the parts add up to `prompt`, the largest first."""

    call: str
    agent: str
    model: str
    at_ms: int
    prompt: int
    window: int | None
    parts: tuple[Part, ...]
    scale: float
    """By what the counts were multiplied to add up; far from 1 the log has not what was sent."""
    source: str
    """Whose calls the counts are calibrated by: `own`, `shipped`, `unmeasured`."""


def last_prompt(db: sqlite3.Connection, session: int) -> tuple[int, int] | None:
    """Number and time of the call that `load_composition` takes apart."""
    return db.execute(_LAST.format(columns="c.id, c.at_ms"), (session,)).fetchone()


def load_composition(
    db: sqlite3.Connection, book: RateBook, session: int, count: Callable[[str], int]
) -> Composition | None:
    """Of the last call of a session's own conversation; None if its log cannot be read, or has
    nothing of what was sent.

    `count` counts the tokens of a text. Takes about a second for 150k tokens.
    """
    columns = f"c.id, c.key, a.text, m.text, {MODEL}, c.at_ms, {_PROMPT}, c.window"
    row = db.execute(_LAST.format(columns=columns), (session,)).fetchone()
    if row is None:
        return None
    call, key, agent, model, name, at_ms, prompt, window = row
    found = conversation(db, call)
    if found is None:
        return None
    by = calibration_for(name, own_calibrations(db) if has_estimates(db) else {})
    weights = _weights(found.pieces, by, count)
    if not weights:
        return None
    opening = 0
    if found.first_key:
        opening = _prompt_of(db, agent, found.first_key)
    elif found.begins:
        opening = _first_prompt(db, session)
    unseen = None
    if opening:
        unseen = opening - sum(n for n, _ in _weights(found.opening, by, count).values())
    parts, scale = _scaled(weights, prompt, unseen)
    return Composition(
        call=key,
        agent=agent,
        model=model,
        at_ms=at_ms,
        prompt=prompt,
        window=window or book.window(model),
        parts=parts,
        scale=round(scale, 3),
        source=by.source,
    )


def _prompt_of(db: sqlite3.Connection, agent: str, key: str) -> int:
    found = db.execute(
        f"select {_PROMPT} from call c join name a on a.id = c.agent"
        " where c.key = ? and a.text = ?",
        (key, agent),
    ).fetchone()
    return 0 if found is None else int(found[0])


def _first_prompt(db: sqlite3.Connection, session: int) -> int:
    found = db.execute(
        f"select {_PROMPT} from call c where c.session = ? and c.agent_id = 0"
        " order by c.at_ms, c.id limit 1",
        (session,),
    ).fetchone()
    return 0 if found is None else int(found[0])


_Weights = dict[tuple[str, str], tuple[float, int]]


def _weights(
    pieces: Sequence[Piece], by: Calibration, count: Callable[[str], int]
) -> _Weights:
    """Tokens and number of pieces, by kind and tool."""
    tools = {piece.id: piece.tool for piece in pieces if piece.kind == "call"}
    sums: defaultdict[tuple[str, str], tuple[float, int]] = defaultdict(lambda: (0.0, 0))
    for piece in pieces:
        tool = piece.tool or tools.get(piece.id, "")
        key = (piece.kind, tool if piece.kind in ("call", "result") else "")
        tokens, n = sums[key]
        sums[key] = (tokens + _tokens(piece, by, count), n + 1)
    return {key: found for key, found in sums.items() if found[0]}


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


def _scaled(
    weights: _Weights, prompt: int, unseen: float | None
) -> tuple[tuple[Part, ...], float]:
    """Parts that add up to the prompt; `unseen` tokens of it are in no log, None: the rest."""
    seen = sum(tokens for tokens, _ in weights.values())
    rest = prompt - seen if unseen is None else unseen
    rest = min(max(0.0, rest), float(prompt))
    scale = (prompt - rest) / seen if seen else 0.0
    exact = {(SYSTEM, ""): (prompt - scale * seen, 0)} | {
        key: (scale * tokens, n) for key, (tokens, n) in weights.items()
    }
    whole = _rounded([tokens for tokens, _ in exact.values()], prompt)
    parts = (
        Part(kind, tool, tokens, n)
        for ((kind, tool), (_, n)), tokens in zip(exact.items(), whole, strict=True)
    )
    shown = (part for part in parts if part.tokens)
    return tuple(sorted(shown, key=lambda part: (-part.tokens, part.kind, part.tool))), scale


def _rounded(exact: Iterable[float], total: int) -> list[int]:
    """Whole numbers that add up to the total: what is cut off goes to the largest remainders."""
    values = list(exact)
    floors = [int(value) for value in values]
    by_rest = sorted(range(len(values)), key=lambda i: (floors[i] - values[i], i))
    for i in by_rest[: total - sum(floors)]:
        floors[i] += 1
    return floors
