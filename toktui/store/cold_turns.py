"""Tables of the cold turns, so that a year of them is added up without a look at calls.

A row of `cold_turn` follows from two calls of one conversation and from nothing else; it is written
in the transaction that changes one of them. What a cold turn is says `ingest.cold_turns`.

    at_ms, call      when, and which call was cold
    session, agent_id
                     its conversation
    agent, model, priced, project, branch
                     those of the call, for filters
    why              number of a word of WHY
    tokens           sent anew instead of read
    extra_nusd       what that cost more than reading them; null: the call has no price
    expired_ms       for how long the cache had been gone, if that is why

`cold_day` has their sums by UTC day, session and all else that they share: `turns`, `tokens`,
`nusd` of those with a price, `unpriced` of those without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from toktui.model import EXACTNESS

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

Why = Literal["expired", "model", "lost"]
WHY: Final[tuple[Why, ...]] = ("expired", "model", "lost")
"""The cache had expired, another model was asked, or nothing in the log tells."""
SMALLEST: Final = 4_096
"""Tokens below which nobody minds."""
DAY_KEYS: Final = (
    "day", "session", "why", "agent", "model", "priced", "project", "branch",
)  # fmt: skip
"""Of `cold_day`; `day` is a number of UTC days since 1970."""
_RESIDUAL: Final = EXACTNESS.index("residual")
_READ_BY: Final = "cold"
"""The setting that holds the version of the rate book whose lifetimes of caches were used."""


def prompt_of(call: str) -> str:
    """SQL for the tokens that were sent; `call` is what stands for the table."""
    return f"({call}.input + {call}.cache_read + {call}.cache_write_5m + {call}.cache_write_1h)"


def is_uncached(call: str) -> str:
    """SQL for whether a call read less than half of a prompt that is large enough to mind."""
    return (
        f"{call}.cache_read * 2 < {prompt_of(call)} and {prompt_of(call)} >= {SMALLEST}"
        f" and {call}.exactness <> {_RESIDUAL}"
    )


def call_before(call: str) -> str:
    """SQL for the number of the call before it in its conversation, or null.

    Behind the calls of many sub-agents one of the session itself is found by its time, one of a
    sub-agent by an index of theirs.
    """
    main, sub = (_latest_before(call, index) for index in ("call_session", "call_sub_agent"))
    return f"iif({call}.agent_id = 0, {main}, {sub})"


def _latest_before(call: str, index: str) -> str:
    calls = f"from call indexed by {index} where session = {call}.session"
    same = f"agent_id = {call}.agent_id and exactness <> {_RESIDUAL}"
    if index == "call_sub_agent":
        same = f"agent_id <> 0 and {same}"
    at_ms = (
        f"select at_ms {calls} and {same} and at_ms < {call}.at_ms order by at_ms desc limit 1"
    )
    return f"(select id {calls} and {same} and at_ms = ({at_ms}) order by key desc limit 1)"


_STATEMENTS: Final = (
    """create table cold_turn (
  at_ms integer not null,
  call integer not null,
  session integer not null,
  agent_id integer not null,
  agent integer not null,
  model integer not null,
  priced integer not null,
  project integer not null,
  branch integer not null,
  why integer not null,
  tokens integer not null,
  extra_nusd integer,
  expired_ms integer,
  primary key (at_ms, call)
) without rowid""",
    "create index cold_turn_session on cold_turn (session)",
    "create index cold_turn_conversation on cold_turn (session, agent_id)",
    f"""create table cold_day (
  {", ".join(f"{key} integer not null" for key in DAY_KEYS)},
  turns integer not null,
  tokens integer not null,
  nusd integer not null,
  unpriced integer not null,
  primary key ({", ".join(DAY_KEYS)})
) without rowid""",
    "create index cold_day_session on cold_day (session)",
    # The call before one is found in an index alone.
    "drop index call_session",
    "create index call_session on call (session, at_ms, agent_id, exactness)",
    "create index call_sub_agent on call (session, agent_id, at_ms, exactness)"
    " where agent_id <> 0",
    "create index call_uncached on call (session, agent_id, at_ms)"
    f" where {is_uncached('call').replace('call.', '')}",
)


def m011_cold_turns(db: Database) -> None:
    """Cold turns; who has the rate book fills them in."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)


def cold_turns_of(db: sqlite3.Connection) -> str | None:
    """The version of the rate book by which all cold turns of a store were found; None: they are
    not known."""
    found = db.execute("select value from setting where name = ?", (_READ_BY,)).fetchone()
    return None if found is None else str(found[0])


def cold_turns_are_of(db: sqlite3.Connection, book: str) -> None:
    """Notes that all of them are found, by this version of the rate book."""
    db.execute("insert or replace into setting (name, value) values (?, ?)", (_READ_BY, book))
