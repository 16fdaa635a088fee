"""The session or call that somebody means by the beginning of its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.errors import UsageError
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3

_MOST: Final = 50
_NAMED: Final = 10
_BEHIND: Final = "\U0010ffff"
"""Sorts behind every character that an id may have."""


class Target(msgspec.Struct, frozen=True):
    """A session or a call; `number` is that of its row."""

    kind: Literal["session", "call"]
    number: int
    id: str
    agent: str


def find(db: sqlite3.Connection, text: str) -> Target:
    """The one session or call whose id is `text` or begins with it; `kilo:abc` is one of Kilo's.

    A whole id beats a beginning; a session beats its own calls, where their ids begin with its id.
    Raises `UsageError` with the candidates if there are several, or if there is none.
    """
    if not text:
        raise UsageError("The id is empty.", "Give a session or call id, or the beginning of one.")
    found = _all(db, text)
    agent, _, rest = text.partition(":")
    if not found and rest:
        found = [target for target in _all(db, rest) if target.agent == agent]
        text = rest if found else text
    whole = [target for target in found if target.id == text]
    candidates = whole or _without_own_calls(found)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UsageError(
            f"No session or call has an id that begins with {clean(text)!r}.",
            "`toktui sessions` lists sessions; `toktui why SESSION` lists its calls.",
        )
    named = [f"  {t.kind} {clean(t.id, 120)} ({t.agent})" for t in candidates[:_NAMED]]
    if len(candidates) > _NAMED:
        more = len(candidates) - _NAMED
        named.append(f"  and {'many' if len(candidates) >= _MOST else more} more")
    same = len({target.id for target in candidates}) == 1
    hint = f"Put the agent before it: {found[0].agent}:{clean(found[0].id, 120)}."
    raise UsageError(
        f"{clean(text)!r} can mean several:",
        "\n".join([*named, hint if same else "Give more of the id."]),
    )


def _all(db: sqlite3.Connection, text: str) -> list[Target]:
    return [*_sessions(db, text), *_calls(db, text)]


def _sessions(db: sqlite3.Connection, text: str) -> list[Target]:
    rows = db.execute(
        "select s.id, s.key, a.text from session s join name a on a.id = s.agent"
        " where s.key >= ? and s.key < ? and s.first_ms is not null order by s.key, a.text limit ?",
        (text, text + _BEHIND, _MOST),
    )
    return [Target("session", *row) for row in rows]


def _calls(db: sqlite3.Connection, text: str) -> list[Target]:
    rows = db.execute(
        "select c.id, c.key, a.text from call c join name a on a.id = c.agent"
        " where c.key >= ? and c.key < ? order by c.key, a.text limit ?",
        (text, text + _BEHIND, _MOST),
    )
    return [Target("call", *row) for row in rows]


def _without_own_calls(found: list[Target]) -> list[Target]:
    sessions = [target for target in found if target.kind == "session"]
    return [
        target for target in found
        if target.kind == "session"
        or not any(s.agent == target.agent and target.id.startswith(s.id) for s in sessions)
    ]
