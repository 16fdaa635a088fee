"""Which session uses how much of a window: parts that add up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.spent import whose
from toktui.model import EXACTNESS

if TYPE_CHECKING:
    import sqlite3

    from toktui.clock import Range

_Part = tuple[int, str, int, int, int, int, int, int]
"""Session, model, calls, tokens, cost, unpriced, estimated, last."""
_TOKENS: Final = "input + {t}.cache_read + {t}.cache_write_5m + {t}.cache_write_1h + {t}.output"


class Eater(msgspec.Struct, frozen=True, kw_only=True):
    """A session with all that it started, in one window. Money is nano-dollars.

    `cost_nusd` None: no call of it is priced.
    """

    number: int
    id: str
    project: str
    model: str
    """The one with most calls in the window, as priced or else as logged."""
    others: int
    """Sessions that it started, and theirs; they are counted with it."""
    calls: int
    tokens: int
    cost_nusd: int | None
    unpriced: int
    estimated: int
    """Calls whose tokens are estimated."""
    last_ms: int


class Eaten(msgspec.Struct, frozen=True, kw_only=True):
    """A window and who used it, the largest first. All sums are those of the parts."""

    eaters: tuple[Eater, ...]
    calls: int
    tokens: int
    cost_nusd: int | None
    unpriced: int
    estimated: int

    def share_of(self, eater: Eater) -> float | None:
        """Its part of the whole, by cost where every call has a price, else by tokens."""
        if self.cost_nusd and not self.unpriced:
            return (eater.cost_nusd or 0) / self.cost_nusd
        return eater.tokens / self.tokens if self.tokens else None


def load_eaten(db: sqlite3.Connection, agent: str, window: str, within: Range) -> Eaten:
    """The sessions of an agent, or of the models that a window is about, in `[start, end)`.

    Sessions that lived inside are read from their totals, the others call by call.
    """
    calls = whose(agent, window)
    found = db.execute(
        _STATEMENT, (within.start_ms, within.end_ms, calls.agent, calls.word)
    ).fetchall()
    parents = {number: parent for number, parent, *_ in found}
    parts: dict[int, list[_Part]] = {}
    for number, _, model, *sums in found:
        parts.setdefault(_top(db, number, parents), []).append((number, model, *sums))
    eaters = [_eater(db, top, rows) for top, rows in parts.items()]
    number, unpriced = sum(e.calls for e in eaters), sum(e.unpriced for e in eaters)
    eaten = Eaten(
        eaters=(),
        calls=number,
        tokens=sum(e.tokens for e in eaters),
        cost_nusd=None if number and unpriced == number else sum(e.cost_nusd or 0 for e in eaters),
        unpriced=unpriced,
        estimated=sum(e.estimated for e in eaters),
    )
    eaters.sort(key=lambda e: (-(eaten.share_of(e) or 0), -(e.cost_nusd or 0), -e.tokens, e.id))
    return msgspec.structs.replace(eaten, eaters=tuple(eaters))


_OF_TOTALS: Final = (
    "select s.id, s.agent, s.parent, s.last_ms, t.model, t.priced, t.calls,"
    f" t.{_TOKENS.format(t='t')} as tokens, t.cost_nusd, t.unpriced, t.estimated"
    " from session s indexed by session_last join session_total t on t.session = s.id"
    " where s.last_ms >= ?1 and s.last_ms < ?2 and s.first_ms >= ?1"
)
_OF_CALLS: Final = (
    "select s.id, s.agent, s.parent, s.last_ms, c.model, c.priced, 1,"
    f" c.{_TOKENS.format(t='c')}, coalesce(c.cost_nusd, 0), c.cost_nusd is null,"
    f" c.exactness = {EXACTNESS.index('estimated')}"
    " from session s indexed by session_last join call c on c.session = s.id"
    " and c.at_ms >= ?1 and c.at_ms < ?2"
    " where s.last_ms >= ?1 and s.first_ms < ?2 and (s.first_ms < ?1 or s.last_ms >= ?2)"
)
_STATEMENT: Final = (
    "select g.id, coalesce(p.id, 0), iif(g.priced, r.text, m.text), sum(g.calls), sum(g.tokens),"
    " sum(g.cost_nusd), sum(g.unpriced), sum(g.estimated), g.last_ms from"
    f" ({_OF_TOTALS} union all {_OF_CALLS}) g join name a on a.id = g.agent"
    " join name m on m.id = g.model join name r on r.id = g.priced"
    " left join session p on p.agent = g.agent and p.key = g.parent and g.parent <> ''"
    " where a.text = ?3 and (?4 = '' or instr(m.text, ?4)) group by g.id, 3"
)
_MOST_ABOVE: Final = 20


def _top(db: sqlite3.Connection, number: int, parents: dict[int, int]) -> int:
    """The session that started a session, or that one's, as far as any is known."""
    for _ in range(_MOST_ABOVE):
        if number not in parents:
            row = db.execute(
                "select coalesce(p.id, 0) from session s left join session p on p.agent = s.agent"
                " and p.key = s.parent and s.parent <> '' where s.id = ?",
                (number,),
            ).fetchone()
            parents[number] = int(row[0])
        above = parents[number]
        if not above or above == number:
            return number
        number = above
    return number


def _eater(
    db: sqlite3.Connection, number: int, rows: list[_Part]
) -> Eater:
    key, project = db.execute(
        "select s.key, p.text from session s join name p on p.id = s.project where s.id = ?",
        (number,),
    ).fetchone()
    by_model: dict[str, int] = {}
    for _, model, calls, *_rest in rows:
        by_model[model] = by_model.get(model, 0) + calls
    calls, unpriced = sum(row[2] for row in rows), sum(row[5] for row in rows)
    return Eater(
        number=number,
        id=key,
        project=project,
        model=min(by_model, key=lambda model: (-by_model[model], model)),
        others=len({row[0] for row in rows} - {number}),
        calls=calls,
        tokens=sum(row[3] for row in rows),
        cost_nusd=None if calls == unpriced else sum(row[4] for row in rows),
        unpriced=unpriced,
        estimated=sum(row[6] for row in rows),
        last_ms=max(row[7] for row in rows),
    )
