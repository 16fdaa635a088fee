"""The sub-agents that work inside a session, folded by type and model."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.metrics.burn import HEADLINE, Burn, HotCall, burn_of
from toktui.metrics.state import WORKING_MS, State
from toktui.metrics.sums import Sums

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.pricing.rates import RateBook

SUB_AGENT_MS: Final = 15 * 60_000
"""A sub-agent leaves its parent's fold so long after its last call."""


class SubAgent(msgspec.Struct, frozen=True):
    """Sub-agents of one type and model inside a session, folded into one line."""

    kind: str
    """The agent's own word for the type; empty if it has none."""
    count: int
    state: State
    model: str
    context_tokens: int
    context_window: int | None
    burn: Burn
    sums: Sums


def sub_agents_of(
    db: sqlite3.Connection,
    book: RateBook,
    number: int,
    key: str,
    calls: Sequence[HotCall],
    *,
    now_ms: int,
) -> tuple[SubAgent, ...]:
    """Sub-agents that called lately, folded by type and model, those that burn most first.

    `number` and `key` are the session's, `calls` its hot ones by time.
    """
    latest: dict[str, HotCall] = {}
    for call in calls:
        if call.agent_id and now_ms - call.at_ms < SUB_AGENT_MS:
            latest[call.agent_id] = call
    if not latest:
        return ()
    kinds = _kinds(db, key, latest)
    folds: defaultdict[tuple[str, str], list[HotCall]] = defaultdict(list)
    for agent_id, call in latest.items():
        folds[kinds.get(agent_id, ""), call.model].append(call)
    sums = _sums_by_agent(db, number, latest)
    found: list[SubAgent] = []
    for (kind, model), lasts in folds.items():
        ids = {call.agent_id for call in lasts}
        last = max(lasts, key=lambda call: call.at_ms)
        working = now_ms - last.at_ms < WORKING_MS
        found.append(
            SubAgent(
                kind,
                len(ids),
                "working" if working else "idle",
                model,
                max(call.prompt for call in lasts),
                last.window or book.window(model),
                burn_of((call for call in calls if call.agent_id in ids), now_ms, HEADLINE),
                _added([sums[each] for each in ids if each in sums]),
            )
        )
    return tuple(sorted(found, key=lambda sub: (-sub.burn.tokens, sub.kind, sub.model)))


def _kinds(db: sqlite3.Connection, session_key: str, ids: Iterable[str]) -> dict[str, str]:
    rows = db.execute(
        "select o.agent_id, max(o.agent_type) from json_each(?) j"
        " join source o on o.session = ? and o.agent_id = j.value group by o.agent_id",
        (json.dumps(list(ids)), session_key),
    )
    return dict(rows.fetchall())


def _sums_by_agent(db: sqlite3.Connection, session: int, ids: Iterable[str]) -> dict[str, Sums]:
    """Calls, buckets and cost of each sub-agent over its whole life."""
    rows = db.execute(
        "select g.text, count(*), count(*) - count(c.cost_nusd), sum(c.input), sum(c.cache_read),"
        " sum(c.cache_write_5m), sum(c.cache_write_1h), sum(c.output), sum(c.cost_nusd),"
        " sum(c.exactness = 2)"
        " from call c join name g on g.id = c.agent_id"
        " where c.session = ? and g.text in (select value from json_each(?)) group by c.agent_id",
        (session, json.dumps(list(ids))),
    )
    return {
        agent_id: Sums(
            calls=calls,
            unpriced=unpriced,
            input=fresh,
            cache_read=read,
            cache_write_5m=short,
            cache_write_1h=long,
            output=output,
            priced_nusd=cost or 0,
            estimated=estimated,
        )
        for agent_id, calls, unpriced, fresh, read, short, long, output, cost, estimated in rows
    }


def _added(many: Sequence[Sums]) -> Sums:
    rows = [msgspec.structs.astuple(one) for one in many]
    return Sums(*map(sum, zip(*rows, strict=True))) if rows else Sums()
