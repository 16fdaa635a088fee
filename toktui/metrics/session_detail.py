"""One session: what it cost by bucket and model over time, and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.burn import CALL_JOINS, CALL_SELECT, HotCall, call_of
from toktui.metrics.cold import ColdTurn, cold_turns_among
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.one_state import one_state
from toktui.metrics.question import is_limited
from toktui.metrics.scope import EVERYTHING, Scope
from toktui.metrics.session_list import SessionRow, load_row
from toktui.metrics.sums import SUM_OF_CALLS, SUM_SELECT, Sums, sums_of
from toktui.model import FLAG_SUM, TIERS

if TYPE_CHECKING:
    import sqlite3

    from toktui.pricing.rates import RateBook

STEPS: Final = 120
"""Into how many parts of equally many calls the life of a session is cut, at most."""
WINDOW: Final = 200
"""Calls in one window."""


class DetailQuestion(msgspec.Struct, frozen=True):
    """Which session, and which window of its calls, newest first."""

    session: int
    first: int = 0
    count: int = WINDOW


class ModelSums(msgspec.Struct, frozen=True):
    """What a session did on one model and tier."""

    model: str
    priced_as: str | None
    tier: str
    sums: Sums


class Step(msgspec.Struct, frozen=True, gc=False):
    """A few calls in a row; `parts` follow `model.PARTS`, in nano-dollars, and `tokens`
    `model.BUCKETS`."""

    start_ms: int
    calls: int
    parts: tuple[int, int, int, int, int, int]
    tokens: tuple[int, int, int, int, int]
    context: int
    """The largest prompt of the conversation itself; 0 if only sub-agents called."""


class SessionCall(msgspec.Struct, frozen=True):
    """A call with its copies."""

    call: HotCall
    agent_kind: str
    copies: int
    cold: ColdTurn | None


class SessionDetail(msgspec.Struct, frozen=True):
    """One session; `calls` are those from `first` on, newest first, of `found` in all."""

    question: DetailQuestion
    row: SessionRow
    branches: tuple[str, ...]
    models: tuple[ModelSums, ...]
    steps: tuple[Step, ...]
    window: int | None
    """Context window of its last model."""
    copies: int
    of_all: int
    """Calls of the whole session, those outside of the scope included."""
    found: int
    first: int
    calls: tuple[SessionCall, ...]
    now_ms: int


def load_detail(
    db: sqlite3.Connection,
    book: RateBook,
    question: DetailQuestion,
    now_ms: int,
    scope: Scope = EVERYTHING,
) -> SessionDetail | None:
    """The session, as far as its calls are in the scope; None if it is gone."""
    with one_state(db):
        try:
            row = load_row(db, question.session)
        except KeyError:
            return None
        of_all = row.sums.calls
        calls_of = _calls_of(db, question.session, scope)
        if scope.is_limited:
            sums = db.execute(f"select {SUM_OF_CALLS} {calls_of}").fetchone()
            row = msgspec.structs.replace(row, sums=sums_of(sums), probable=None)
        found = row.sums.calls
        first = max(0, min(question.first, found - 1))
        calls = _calls(db, question, first, calls_of)
        newest = calls[0].call if calls else None
        return SessionDetail(
            question=question,
            row=row,
            branches=_branches(db, calls_of),
            models=_models(db, calls_of)
            if scope.is_limited
            else _models_of_all(db, question.session),
            steps=_steps(db, calls_of),
            window=None if newest is None else newest.window or book.window(newest.model),
            copies=_copies_in_all(db, calls_of),
            of_all=of_all,
            found=found,
            first=first,
            calls=calls,
            now_ms=now_ms,
        )


def _calls_of(db: sqlite3.Connection, session: int, scope: Scope) -> str:
    """`from call c where ...` of the session's calls in the scope; it has no values to bind."""
    where = [f"c.session = {session:d}"]
    if is_limited(scope.within):
        start_ms, end_ms = scope.within
        where.append(f"c.at_ms >= {start_ms:d} and c.at_ms < {end_ms:d}")
    where += conditions(db, scope.filters, columns_of("c"))
    return f"from call c where {' and '.join(where)}"


def _branches(db: sqlite3.Connection, calls_of: str) -> tuple[str, ...]:
    rows = db.execute(
        "select b.text from (select c.branch as branch, min(c.at_ms) as at_ms"
        f" {calls_of} and c.branch <> 0 group by c.branch) x"
        " join name b on b.id = x.branch order by x.at_ms"
    )
    return tuple(text for (text,) in rows)


def _models(db: sqlite3.Connection, calls_of: str) -> tuple[ModelSums, ...]:
    rows = db.execute(
        f"select m.text, r.text, x.* from (select c.tier, c.model, c.priced, {SUM_OF_CALLS}"
        f" {calls_of} group by c.model, c.priced, c.tier order by sum(c.cost_nusd) desc) x"
        " join name m on m.id = x.model join name r on r.id = x.priced"
    )
    found = (
        ModelSums(row[0], row[1] or None, str(TIERS[int(row[2])]), sums_of(row[5:])) for row in rows
    )
    return tuple(sorted(found, key=lambda one: (-one.sums.priced_nusd, one.model)))


def _models_of_all(db: sqlite3.Connection, session: int) -> tuple[ModelSums, ...]:
    rows = db.execute(
        f"select m.text, r.text, t.tier, {SUM_SELECT} from session_total t"
        " join name m on m.id = t.model join name r on r.id = t.priced where t.session = ?"
        " group by t.model, t.priced, t.tier order by sum(t.cost_nusd) desc, m.text",
        (session,),
    )
    return tuple(
        ModelSums(row[0], row[1] or None, str(TIERS[int(row[2])]), sums_of(row[3:])) for row in rows
    )


def _steps(db: sqlite3.Connection, calls_of: str) -> tuple[Step, ...]:
    rows = db.execute(
        "select min(at_ms), count(*), sum(cost_input), sum(cost_cache_read),"
        " sum(cost_cache_write_5m), sum(cost_cache_write_1h), sum(cost_output), sum(cost_fees),"
        " sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output),"
        f" max(iif(agent_id = 0 and not flags & {FLAG_SUM},"
        " input + cache_read + cache_write_5m + cache_write_1h, 0))"
        f" from (select c.*, ntile(?) over (order by c.at_ms, c.id) as step {calls_of})"
        " group by step order by step",
        (STEPS,),
    )
    return tuple(
        Step(start, count, tuple(sums[:6]), tuple(sums[6:]), context)
        for start, count, *sums, context in rows
    )


_COPIES: Final = "coalesce(sum(x.rows + x.stream + x.reemit), 0)"


def _copies_in_all(db: sqlite3.Connection, calls_of: str) -> int:
    row = db.execute(
        f"select {_COPIES} from (select c.id {calls_of}) c join sighting x on x.call = c.id"
    ).fetchone()
    return int(row[0])


def _calls(
    db: sqlite3.Connection, question: DetailQuestion, first: int, calls_of: str
) -> tuple[SessionCall, ...]:
    rows = db.execute(
        f"{CALL_SELECT} from (select c.id as number {calls_of}"
        " order by c.at_ms desc, c.id desc limit ? offset ?) x join call c on c.id = x.number"
        f" join session s on s.id = c.session{CALL_JOINS} order by c.at_ms desc, c.id desc",
        (question.count, first),
    ).fetchall()
    kinds = dict(
        db.execute(
            "select o.agent_id, max(o.agent_type) from session s join source o on o.session = s.key"
            " where s.id = ? and o.agent_type <> '' group by o.agent_id",
            (question.session,),
        ).fetchall()
    )
    calls = list(map(call_of, rows))
    cold = cold_turns_among(db, calls)
    found: list[SessionCall] = []
    for call in calls:
        copies = db.execute(
            f"select {_COPIES} from sighting x where x.call = ?", (call.number,)
        ).fetchone()[0]
        kind = kinds.get(call.agent_id, "sub-agent") if call.agent_id else ""
        found.append(SessionCall(call, kind, copies, cold.get(call.number)))
    return tuple(found)
