"""Residual calls: what an agent's own ledger of a session has beyond the calls in its logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from toktui import facts
from toktui.agents.resolve import Copies, Resolved
from toktui.evidence import Evidence, pack
from toktui.ingest.gather import DAY_MS, EARLIEST_MS
from toktui.ingest.seen import LEDGER_KIND
from toktui.model import BUCKETS, FLAG_SUM, Tokens
from toktui.store.absurd import held_sum
from toktui.store.writer import CALL_COLUMNS, CallRow, keep_price

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toktui.facts import Ledger
    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler

_KEY = "ledger:"
# The store is marked as absurd only at the end of the transaction.
_SUMS = ", ".join(held_sum(f"c.{count}") for count in (*BUCKETS, "reasoning", "web_search"))


class _LedgerAt(msgspec.Struct, frozen=True):
    ledger: Ledger
    log: int
    offset: int
    length: int


class _Known(msgspec.Struct):
    """Calls of a session on one model, without residuals."""

    tokens: Tokens = Tokens()
    web_search: int = 0
    last_ms: int = 0


def settle_ledgers(settler: Settler, agent: int, sessions: Iterable[str], outcome: Outcome) -> None:
    """Makes the residual calls of these sessions what ledger minus calls is now."""
    with_ledger = settler.db.execute(
        "select distinct f.subject from json_each(?) j"
        " join fact f on f.kind = 'ledger' and f.subject = j.value"
        " join log l on l.id = f.log where l.agent = ?",
        (json.dumps(sorted(set(sessions))), agent),
    ).fetchall()
    for (session,) in with_ledger:
        _settle(settler, agent, session, outcome)


def _settle(settler: Settler, agent: int, session: str, outcome: Outcome) -> None:
    number = settler.writer.session(agent, session)
    forgotten = settler.forgetting.is_tombstone(agent, f"{_KEY}{session}")
    found = None if forgotten else _ledger(settler, agent, session)
    columns = ", ".join(CALL_COLUMNS)
    stored: dict[str, CallRow] = {
        row[2]: CallRow(*row)
        for row in settler.db.execute(
            f"select {columns} from call where agent = ? and session = ? and key like 'ledger:%'",
            (agent, number),
        )
    }
    wanted = _residuals(settler, agent, session, number, found, stored) if found else {}
    new: list[CallRow] = []
    old: list[CallRow] = []
    for key, row in wanted.items():
        before = stored.pop(key, None)
        if before == row:
            continue
        new.append(row)
        if before is None:
            outcome.new += 1
        else:
            outcome.updated += 1
            old.append(before)
    settler.writer.put_calls(new, old)
    gone = list(stored.values())
    settler.writer.drop_calls(gone)
    settler.db.executemany("delete from sighting where call = ?", [(row.id,) for row in gone])


def _ledger(settler: Settler, agent: int, session: str) -> _LedgerAt | None:
    """The most complete ledger row of a session; None for forks, which inherit their parent's."""
    forked = settler.db.execute(
        "select 1 from source s join log l on l.id = s.log"
        " where s.session = ? and s.origin <> '' and l.agent = ? limit 1",
        (session, agent),
    ).fetchone()
    if forked:
        return None
    rows = settler.db.execute(
        "select f.log, f.offset, f.length, f.body, l.path from fact f join log l on l.id = f.log"
        " where f.kind = 'ledger' and f.subject = ? and l.agent = ?",
        (session, agent),
    ).fetchall()
    best = max(
        rows,
        key=lambda row: (_size(facts.decode_ledger(row[3])), row[4], row[1]),
    )
    return _LedgerAt(facts.decode_ledger(best[3]), best[0], best[1], best[2])


def _size(ledger: Ledger) -> int:
    return sum(model.tokens.total for model in ledger.models)


def _plain(model: str) -> str:
    """The ledger adds the context variant to a name, `[1m]`, that rows do not carry."""
    return model.split("[", 1)[0]


def _residuals(
    settler: Settler,
    agent: int,
    session: str,
    number: int,
    found: _LedgerAt,
    stored: dict[str, CallRow],
) -> dict[str, CallRow]:
    known: dict[str, _Known] = {}
    for model, at_ms, *counts, searches in settler.db.execute(
        f"select m.text, max(c.at_ms), {_SUMS} from call c join name m on m.id = c.model"
        " where c.agent = ? and c.session = ? and c.key not like 'ledger:%' group by c.model",
        (agent, number),
    ):
        before = known.get(_plain(model))
        tokens = Tokens(*counts)
        if before is not None:
            tokens = _add(tokens, before.tokens)
            at_ms, searches = max(at_ms, before.last_ms), searches + before.web_search
        known[_plain(model)] = _Known(tokens, searches, at_ms)
    last = settler.db.execute(
        "select c.at_ms, p.text, b.text, v.text from call c join name p on p.id = c.project"
        " join name b on b.id = c.branch join name v on v.id = c.version"
        " where c.agent = ? and c.session = ? and c.key not like 'ledger:%'"
        " order by c.at_ms desc, c.key desc limit 1",
        (agent, number),
    ).fetchone()
    ledger = found.ledger
    at_ms, project, branch, version = last or (_started(settler, ledger), ledger.project, "", "")
    if not at_ms:
        return {}
    rows: dict[str, CallRow] = {}
    for entry in found.ledger.models:
        have = known.get(_plain(entry.model), _Known())
        tokens = _beyond(entry.tokens, have.tokens)
        searches = max(0, entry.web_search - have.web_search)
        if not tokens.total and not searches:
            continue
        key = f"{_KEY}{session}:{entry.model}"
        evidence = Evidence(
            have.last_ms or at_ms,
            branch,
            version,
            have.last_ms or at_ms,
            True,
            entry.model,
            tokens,
            searches,
            "standard",
            "",
            True,
            FLAG_SUM,
            0,
            None,
            True,
            [found.offset, found.length, 0],
        )
        resolved = Resolved(
            evidence,
            session,
            "",
            evidence.at_ms,
            project,
            branch,
            version,
            "residual",
            FLAG_SUM,
            0,
            None,
            0,
            (Copies(""),),
        )
        before = stored.get(key)
        call = before.id if before else settler.writer.new_call_id()
        rows[key] = keep_price(settler.rows.resolved(agent, call, key, resolved, 0), before)
        _point_at(settler, call, session, found, evidence)
    return rows


def _started(settler: Settler, ledger: Ledger) -> int:
    """When the session began, if that is a time at all; else 0."""
    at_ms = ledger.started_ms or 0
    return at_ms if EARLIEST_MS <= at_ms <= settler.writer.stamp + DAY_MS else 0


def _add(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(*(a + b for a, b in zip(_counts(one), _counts(other), strict=True)))


def _beyond(ledger: Tokens, calls: Tokens) -> Tokens:
    left = [max(0, a - b) for a, b in zip(_counts(ledger), _counts(calls), strict=True)]
    left[5] = min(left[4], left[5])
    return Tokens(*left)


def _counts(t: Tokens) -> tuple[int, int, int, int, int, int]:
    return (t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h, t.output, t.reasoning)


def _point_at(
    settler: Settler, call: int, session: str, found: _LedgerAt, evidence: Evidence
) -> None:
    """Stores the ledger's line as the one sighting of a residual call."""
    db = settler.db
    db.execute("delete from sighting where call = ?", (call,))
    db.execute(
        "insert into source (log, kind, session, origin, agent_id) values (?, ?, ?, '', '')"
        " on conflict do nothing",
        (found.log, LEDGER_KIND, session),
    )
    (source,) = db.execute(
        "select id from source where log = ? and kind = ? and session = ?",
        (found.log, LEDGER_KIND, session),
    ).fetchone()
    db.execute(
        "insert into sighting"
        " (call, source, generation, parser, reason, stream, reemit, rows, body)"
        " select ?, ?, generation, parser, -1, 0, 0, 0, ? from log where id = ?",
        (call, source, pack(evidence), found.log),
    )
