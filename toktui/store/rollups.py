"""The rollups: what calls add up to, kept in the transaction that changes them.

    quarter        a quarter of an hour, agent, model, priced, tier, project, branch
    day            a UTC day, and the same
    day_model      a UTC day, agent, model, priced, tier
    session_part   a session, the agent inside it, model, priced, tier, project, branch
    session_total  a session, model, priced, tier

Long ranges are sums of days, and of quarters at their ends: a zone's days begin on quarters. The
parts of a session tell in which it has a call on a branch or by a sub-agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import BUCKETS, EXACTNESS
from toktui.store.absurd import guard_marked, held_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

MEASURES: Final = (
    "calls",
    "exact",
    "placeholder",
    "estimated",
    "residual",
    "unpriced",
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "reasoning",
    "web_search",
    "estimated_tokens",
    "unpriced_tokens",
    "cost_nusd",
    "cost_input",
    "cost_cache_read",
    "cost_cache_write_5m",
    "cost_cache_write_1h",
    "cost_output",
    "cost_fees",
    "saved_nusd",
    "reported_nusd",
)
"""What every rollup sums, in the order of its columns. `exact` to `unpriced` count calls."""

QUARTERS: Final = 96
"""Of an hour, in a UTC day."""

QUARTER_KEYS: Final = ("quarter", "agent", "model", "priced", "tier", "project", "branch")
DAY_KEYS: Final = ("day", *QUARTER_KEYS[1:])
DAY_MODEL_KEYS: Final = DAY_KEYS[:5]
PART_KEYS: Final = ("session", "agent_id", *QUARTER_KEYS[2:])
SESSION_KEYS: Final = ("session", "model", "priced", "tier")
KEYS: Final = {
    "quarter": QUARTER_KEYS, "day": DAY_KEYS, "day_model": DAY_MODEL_KEYS,
    "session_part": PART_KEYS, "session_total": SESSION_KEYS,
}  # fmt: skip
"""Of each rollup."""

COLUMNS: Final = ",\n  ".join(f"{measure} integer not null default 0" for measure in MEASURES)
"""The sums, as a table has them."""


def of_a_call(measure: str, call: str = "") -> str:
    """What one row of `call` adds to a measure, in SQL; `call` is what stands for the table."""
    at = f"{call}." if call else ""
    tokens = " + ".join(f"{at}{bucket}" for bucket in BUCKETS)
    match measure:
        case "calls":
            return "1"
        case "unpriced":
            return f"({at}cost_nusd is null)"
        case "estimated_tokens":
            return f"iif({at}exactness = {EXACTNESS.index('estimated')}, {tokens}, 0)"
        case "unpriced_tokens":
            return f"iif({at}cost_nusd is null, {tokens}, 0)"
        case "cost_nusd" | "reported_nusd":
            return f"coalesce({at}{measure}, 0)"
        case exactness if exactness in EXACTNESS:
            return f"({at}exactness = {EXACTNESS.index(exactness)})"
        case _:
            return f"{at}{measure}"


SUM_OF_CALLS: Final = ", ".join(f"coalesce(sum({of_a_call(m)}), 0)" for m in MEASURES)
"""All measures over a group of rows of `call`."""


def _table(name: str) -> str:
    keys = KEYS[name]
    typed = ",\n  ".join(f"{key} integer not null" for key in keys)
    return (
        f"create table {name} (\n  {typed},\n  {COLUMNS},\n  primary key ({', '.join(keys)})\n)"
        " without rowid"
    )


def _fill(name: str, source: str, keys: Sequence[str], sums: str) -> str:
    grouped = ", ".join(str(number + 1) for number in range(len(keys)))
    return (
        f"insert into {name} ({', '.join((*KEYS[name], *MEASURES))})"
        f" select {', '.join(keys)}, {sums} from {source} group by {grouped}"
    )


_SUMS: Final = ", ".join(f"sum({measure})" for measure in MEASURES)
_DAYS_VIEW: Final = f"""create view utc_days as
select
  date(d.day * 86400, 'unixepoch') as day, a.text as agent, m.text as model,
  sum(d.calls) as calls, {", ".join(f"{held_sum(f'd.{b}')} as {b}" for b in BUCKETS)},
  iif(sum(d.calls) = sum(d.unpriced), null, {held_sum("d.cost_nusd")}) as cost_nusd
from day_model d
join name a on a.id = d.agent
join name m on m.id = d.model
group by d.day, d.agent, d.model"""


def m008_rollups(db: Database) -> None:
    """Days, so that a year is read at once, and the parts of sessions."""
    guard_marked(db.conn)
    for statement in (
        _table("day"),
        _table("day_model"),
        _table("session_part"),
        _fill("day", "quarter", (f"quarter / {QUARTERS}", *DAY_KEYS[1:]), _SUMS),
        _fill("day_model", "day", DAY_MODEL_KEYS, _SUMS),
        _fill("session_part", "call", PART_KEYS, SUM_OF_CALLS),
        "drop view utc_days",
        _DAYS_VIEW,
    ):
        db.conn.execute(statement)


def m012_estimated(db: Database) -> None:
    """Sessions with estimated calls are found without a look at all sessions."""
    db.conn.execute(
        "create index session_total_estimated on session_total (session) where estimated > 0"
    )
