"""Calls of one model by how large their prompts are, for rates that depend on it.

Many models cost more beyond so many tokens of a prompt, which the rollup does not know call by
call. A quarter of an hour with no more prompt tokens in all than that has no such call; what is
left is read call by call where there are few enough, and else it is not sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.cut import One, meant
from toktui.model import FLAG_SUM

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.metrics.cut import Slices
    from toktui.metrics.filters import Filters
    from toktui.model import Tier
    from toktui.pricing.periods import Rate

MOST_READ: Final = 12_000
"""Calls that are read one by one; more would take longer than a screen may."""
_PROMPT: Final = "(t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h)"
_TOKENS: Final = (
    "sum(t.input), sum(t.cache_read), sum(t.cache_write_5m), sum(t.cache_write_1h), sum(t.output),"
    " sum(t.web_search)"
)


class Pile(msgspec.Struct, frozen=True):
    """Tokens by bucket of calls with prompts above the first `over` thresholds; if not `sure`, of
    calls of which none is above more than these."""

    over: int
    sure: bool
    tokens: tuple[int, int, int, int, int]
    web_search: int


class Piles(msgspec.Struct, frozen=True):
    """Calls of one model and tier, by how large their prompts are."""

    thresholds: tuple[int, ...]
    piles: tuple[Pile, ...]


def load_piles(
    db: sqlite3.Connection,
    *,
    name: str,
    tier: Tier,
    filters: Filters,
    slices: Slices,
    rates: Iterable[Rate | None],
) -> Piles:
    """The calls of a model and tier, by the thresholds of the rates."""
    edges = sorted({band.above for rate in rates if rate for band in rate.bands if band.above})
    if not slices.count:
        return Piles((), ())
    where = " and ".join(meant(db, filters, One(model=name, tier=tier)))
    rolled_up = _rolled_up(db, where, slices, edges)
    if all(pile.over == 0 for pile in rolled_up):
        return Piles(tuple(edges), tuple(rolled_up))
    one_by_one = _one_by_one(db, name, where, slices, edges)
    return Piles(tuple(edges), tuple(rolled_up if one_by_one is None else one_by_one))


def _over(edges: Sequence[int], prompt: str) -> str:
    return " + ".join(f"({prompt} > {edge})" for edge in edges) or "0"


def _rolled_up(
    db: sqlite3.Connection, where: str, slices: Slices, edges: Sequence[int]
) -> list[Pile]:
    rows = db.execute(
        f"select {_over(edges, _PROMPT)}, max(t.calls > 1), {_TOKENS} from quarter t"
        f" where t.quarter >= ? and t.quarter < ? and {where} group by 1, t.calls > 1",
        (slices.starts[0], slices.end),
    )
    return [Pile(row[0], not row[0] or not row[1], row[2:7], row[7]) for row in rows]


def _one_by_one(
    db: sqlite3.Connection, name: str, where: str, slices: Slices, edges: Sequence[int]
) -> list[Pile] | None:
    """By an index, the calls of the sessions that used the model; None: too many of them."""
    within = slices.within
    users = (
        "(select x.session from name n join session_total x on x.model = n.id where n.text = ?1"
        " union"
        " select x.session from name n join session_total x on x.priced = n.id where n.text = ?1)"
    )
    values = (name, within.start_ms, within.end_ms)
    (calls,) = db.execute(
        f"select coalesce(sum(s.calls), 0) from {users} u cross join session s"
        " on s.id = u.session where s.last_ms >= ?2 and s.first_ms < ?3",
        values,
    ).fetchone()
    if calls > MOST_READ:
        return None
    prompt = f"iif(t.flags & {FLAG_SUM}, 0, {_PROMPT})"
    rows = db.execute(
        f"select {_over(edges, prompt)}, {_TOKENS} from {users} u cross join session s"
        " on s.id = u.session cross join call t on t.session = s.id"
        " where s.last_ms >= ?2 and s.first_ms < ?3 and t.at_ms >= ?2 and t.at_ms < ?3"
        f" and {where} group by 1",
        values,
    )
    return [Pile(row[0], True, row[1:6], row[6]) for row in rows]
