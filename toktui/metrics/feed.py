"""The latest calls, newest first, with the turns that need not have been cold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import Range
from toktui.metrics.burn import CALL_JOINS, CALL_SELECT, RESIDUAL, HotCall, call_of
from toktui.metrics.cold import ColdTurn, cold_turns_among
from toktui.metrics.filters import columns_of, conditions
from toktui.metrics.scope import EVERYTHING, Scope, overlap

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence


LENGTH: Final = 60


class FeedCall(msgspec.Struct, frozen=True):
    """A call, and whether it paid for a context that could have been read from the cache."""

    call: HotCall
    agent_kind: str
    """Type of the sub-agent that made it; empty for the conversation itself."""
    cold: ColdTurn | None = None


def load_feed(
    db: sqlite3.Connection,
    hot: Sequence[HotCall],
    now_ms: int,
    scope: Scope = EVERYTHING,
) -> tuple[FeedCall, ...]:
    """The last calls of the scope; `hot` are those of the last hour, oldest first."""
    calls = list(hot[-LENGTH:][::-1])
    if len(calls) < LENGTH:
        calls = _latest(db, now_ms, scope)
    kinds = _kinds(db, calls)
    cold = cold_turns_among(db, calls)
    feed: list[FeedCall] = []
    for call in calls:
        kind = kinds.get(call.agent_id, "sub-agent") if call.agent_id else ""
        feed.append(FeedCall(call, kind, cold.get(call.number)))
    return tuple(feed)


def _latest(db: sqlite3.Connection, now_ms: int, scope: Scope) -> list[HotCall]:
    """The last calls, whenever they were; within a scope those of the last sessions.

    A session whose last call is older than all that were found cannot hold a newer one.
    """
    found: list[HotCall] = []
    within = overlap(Range(0, now_ms + 1), scope.within)
    meant = "".join(f" and {each}" for each in conditions(db, scope.filters, columns_of("c")))
    sessions = db.execute(
        "select id, last_ms from session indexed by session_last"
        " where last_ms is not null and last_ms >= ? order by last_ms desc limit ?",
        (within.start_ms, 2 * LENGTH),
    ).fetchall()
    for number, last_ms in sessions:
        if len(found) == LENGTH and found[-1].at_ms > last_ms:
            break
        rows = db.execute(
            f"{CALL_SELECT} from call c join session s on s.id = c.session{CALL_JOINS}"
            f" where c.session = ? and c.at_ms >= ? and c.at_ms < ? and c.exactness <> ?{meant}"
            " order by c.at_ms desc limit ?",
            (number, *within, RESIDUAL, LENGTH),
        )
        found.extend(call_of(row) for row in rows)
        found.sort(key=lambda call: (-call.at_ms, -call.number))
        del found[LENGTH:]
    return found


def _kinds(db: sqlite3.Connection, calls: Sequence[HotCall]) -> dict[str, str]:
    ids = sorted({call.agent_id for call in calls if call.agent_id})
    sessions = sorted({call.session_key for call in calls if call.agent_id})
    rows = db.execute(
        "select o.agent_id, max(o.agent_type) from json_each(?) j join source o"
        " on o.session = j.value where o.agent_id in (select value from json_each(?))"
        " and o.agent_type <> '' group by o.agent_id",
        (json.dumps(sessions), json.dumps(ids)),
    )
    return dict(rows.fetchall())
