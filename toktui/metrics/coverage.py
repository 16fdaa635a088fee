"""How much of the store is exact, priced and understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3


class Unpriced(msgspec.Struct, frozen=True):
    """Calls of a model without a known price."""

    agent: str
    model: str
    tier: str
    calls: int
    tokens: int
    last_ms: int


def unpriced_models(db: sqlite3.Connection) -> tuple[Unpriced, ...]:
    """Models with unpriced calls, most tokens first."""
    from toktui.model import TIERS  # noqa: PLC0415

    rows: list[tuple[str, str, int, int, int, int]] = db.execute(
        "select a.text, m.text, q.tier, sum(q.unpriced), sum(q.unpriced_tokens),"
        " max(q.quarter) * 900000 from quarter q"
        " join name a on a.id = q.agent join name m on m.id = q.model"
        " where q.unpriced > 0 group by q.agent, q.model, q.tier order by 5 desc, 1, 2, 3"
    ).fetchall()
    return tuple(
        Unpriced(agent, model, TIERS[tier], calls, tokens, last_ms)
        for agent, model, tier, calls, tokens, last_ms in rows
    )


def unpriced_calls(db: sqlite3.Connection) -> int:
    """How many calls have no price."""
    row = db.execute("select coalesce(sum(unpriced), 0) from session_total").fetchone()
    return int(row[0])


def not_understood(db: sqlite3.Connection, agents: tuple[str, ...] = ()) -> int:
    """Lines, or values on them, that were not understood; of all agents if none is named."""
    marks = ", ".join("?" * len(agents))
    which = f" where a.text in ({marks})" if agents else ""
    row = db.execute(
        "select count(*) from misread x join log l on l.id = x.log"
        f" join name a on a.id = l.agent{which}",
        agents,
    ).fetchone()
    return int(row[0])
