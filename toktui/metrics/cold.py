"""Turns that wrote to the cache again what could have been read from it, as the store has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from toktui.store.cold_turns import WHY, Why, cold_turns_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from toktui.metrics.burn import HotCall


class ColdTurn(msgspec.Struct, frozen=True, gc=False):
    """A turn that paid for its context again."""

    tokens: int
    """Tokens of the context before that were sent anew instead of read."""
    extra_nusd: int | None
    """What that cost more than reading them; None if not priced."""
    why: Why
    expired_ms: int | None = None
    """For how long the cache had been gone, if that is why."""


def cold_turns_among(db: sqlite3.Connection, calls: Iterable[HotCall]) -> dict[int, ColdTurn]:
    """Those of the calls that were cold, by number; none where the store does not know any."""
    if cold_turns_of(db) is None:
        return {}
    rows = db.execute(
        "select t.call, t.tokens, t.extra_nusd, t.why, t.expired_ms from json_each(?) j"
        " cross join cold_turn t on t.at_ms = json_extract(j.value, '$[0]')"
        " and t.call = json_extract(j.value, '$[1]')",
        (json.dumps([(call.at_ms, call.number) for call in calls]),),
    )
    return {
        call: ColdTurn(tokens, extra, WHY[int(why)], expired_ms)
        for call, tokens, extra, why, expired_ms in rows
    }
