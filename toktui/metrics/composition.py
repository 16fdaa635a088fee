"""What fills the window of a session: its last prompt, taken apart.

The provider reports one number for a prompt. What the log has of it is counted and scaled, so that
the parts add up to that number; what the log does not have (the system prompt, the tools) is what
the first prompt of the same conversation had beyond its own text.

What was counted is kept in the store. It holds as long as it would be counted so again, and when
the log is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from toktui.agents.content import PieceKind
from toktui.ingest.count_prompt import (
    Counted,
    count_prompt,
    decode_counted,
    state_of_counted,
)
from toktui.ingest.estimate import MODEL, MODEL_JOINS, own_calibrations
from toktui.ingest.looked_at import LookedAt
from toktui.metrics.probable import has_estimates
from toktui.model import FLAG_SUM
from toktui.pricing.calibrate import calibration_for
from toktui.store.compositions import kept_composition

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from toktui.ingest.count_prompt import Share
    from toktui.pricing.calibrate import Calibration
    from toktui.pricing.rates import RateBook

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
_COLUMNS: Final = f"c.id, c.key, a.text, m.text, {MODEL}, c.at_ms, {_PROMPT}, c.window"
_CALL: Final = f"select {_COLUMNS} from call c join name a on a.id = c.agent{MODEL_JOINS}"
_LAST: Final = (
    f" where c.session = ? and c.agent_id = 0 and {_PROMPT} > 0 and not c.flags & {FLAG_SUM}"
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
    computed_ms: int
    log: Literal["read", "gone"]
    """`gone`: it cannot be read any more, or was written anew; this is what was kept of it."""


class _Call(NamedTuple):
    """Whose prompt it is."""

    id: int
    key: str
    agent: str
    model: str
    calibrated: str
    """The name by which its model is calibrated."""
    at_ms: int
    prompt: int
    window: int


def last_prompt(db: sqlite3.Connection, session: int) -> tuple[int, int] | None:
    """Number and time of the call that `load_composition` takes apart."""
    call = _last(db, session)
    return None if call is None else (call.id, call.at_ms)


def load_kept(db: sqlite3.Connection, book: RateBook, session: int) -> Composition | None:
    """What is kept of a session's last prompt; None where there is nothing, or where its log says
    something else by now. Nothing is counted."""
    call = _last(db, session)
    kept = kept_composition(db, session)
    counted = None if kept is None else _decoded(kept.body)
    if call is None or kept is None or counted is None or kept.call != call.id:
        return None
    state = state_of_counted(db, call.id, _calibration(db, call), counted)
    if state == "changed":
        return None
    log = "read" if state == "same" else "gone"
    return _composition(db, book, session, call, counted, kept.computed_ms, log)


def load_composition(
    db: sqlite3.Connection,
    book: RateBook,
    session: int,
    count: Callable[[str], int],
    now_ms: int,
    *,
    keep: Callable[[LookedAt], object] | None = None,
) -> Composition | None:
    """Of the last call of a session's own conversation; None if its log cannot be read, or has
    nothing of what was sent, and nothing is kept of it.

    `count` counts the tokens of a text; `keep` hears of what had to be counted, which takes about
    a second for 150k tokens. Of a log that cannot be read any more it is what was kept last.
    """
    call = _last(db, session)
    if call is None:
        return None
    kept = load_kept(db, book, session)
    if kept is not None:
        return kept
    counted = count_prompt(db, call.id, _calibration(db, call), count)
    if counted is None:
        return _last_kept(db, book, session)
    if keep is not None:
        keep(LookedAt(call.agent, call.key, now_ms, counted))
    return _composition(db, book, session, call, counted, now_ms, "read")


def _last(db: sqlite3.Connection, session: int) -> _Call | None:
    row = db.execute(_CALL + _LAST, (session,)).fetchone()
    return None if row is None else _Call(*row)


def _last_kept(db: sqlite3.Connection, book: RateBook, session: int) -> Composition | None:
    """What was kept last, be it of an earlier prompt, or counted otherwise."""
    kept = kept_composition(db, session)
    counted = None if kept is None else _decoded(kept.body)
    if kept is None or counted is None:
        return None
    call = _Call(*db.execute(f"{_CALL} where c.id = ?", (kept.call,)).fetchone())
    return _composition(db, book, session, call, counted, kept.computed_ms, "gone")


def _decoded(body: bytes) -> Counted | None:
    try:
        return decode_counted(body)
    except msgspec.DecodeError:
        return None


def _calibration(db: sqlite3.Connection, call: _Call) -> Calibration:
    return calibration_for(call.calibrated, own_calibrations(db) if has_estimates(db) else {})


def _composition(
    db: sqlite3.Connection, book: RateBook, session: int, call: _Call, counted: Counted,
    computed_ms: int, log: Literal["read", "gone"],
) -> Composition:  # fmt: skip
    opening = 0
    if counted.first_key:
        opening = _prompt_of(db, call.agent, counted.first_key)
    elif counted.begins:
        opening = _first_prompt(db, session)
    unseen = opening - counted.opening if opening else None
    parts, scale = _scaled(counted.shares, call.prompt, unseen)
    return Composition(
        call=call.key,
        agent=call.agent,
        model=call.model,
        at_ms=call.at_ms,
        prompt=call.prompt,
        window=call.window or book.window(call.model),
        parts=parts,
        scale=round(scale, 3),
        source=counted.source,
        computed_ms=computed_ms,
        log=log,
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


def _scaled(
    shares: Sequence[Share], prompt: int, unseen: float | None
) -> tuple[tuple[Part, ...], float]:
    """Parts that add up to the prompt; `unseen` tokens of it are in no log, None: the rest."""
    seen = sum(share.tokens for share in shares)
    rest = prompt - seen if unseen is None else unseen
    rest = min(max(0.0, rest), float(prompt))
    scale = (prompt - rest) / seen if seen else 0.0
    exact = [prompt - scale * seen, *(scale * share.tokens for share in shares)]
    system, *whole = _rounded(exact, prompt)
    parts = [Part(SYSTEM, "", system, 0)]
    for share, tokens in zip(shares, whole, strict=True):
        parts.append(Part(share.kind, share.tool, tokens, share.count))
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
