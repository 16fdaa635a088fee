"""Which turns were cold, call by call, as `counting.md` and people would say it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from itertools import pairwise

from toktui.model import FLAG_SUM, TIERS, Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import RateBook
from toktui.store.writer import CALL_COLUMNS, CallRow

Cold = tuple[str, int, int | None, int | None]
"""Why, tokens sent anew, what that cost more, for how long the cache had been gone."""
RESIDUAL = 3


def cold_turns(db: sqlite3.Connection, book: RateBook) -> dict[str, Cold]:
    """By the key of the call. The store's calls have the prices of `book`."""
    names = dict(db.execute("select id, text from name"))
    conversations: defaultdict[tuple[int, int], list[CallRow]] = defaultdict(list)
    for row in map(CallRow._make, db.execute(f"select {', '.join(CALL_COLUMNS)} from call")):
        if row.exactness != RESIDUAL:
            conversations[row.session, row.agent_id].append(row)
    found: dict[str, Cold] = {}
    for calls in conversations.values():
        calls.sort(key=lambda call: (call.at_ms, call.key))
        before: CallRow | None = None
        for last, call in pairwise([calls[0], *calls]):
            before = last if last.at_ms < call.at_ms else before
            cold = before and _cold(book, names, call, before)
            if cold:
                found[call.key] = cold
    return found


def _cold(book: RateBook, names: dict[int, str], call: CallRow, before: CallRow) -> Cold | None:
    if (call.flags | before.flags) & FLAG_SUM:
        return None
    cached = before.cache_read + before.cache_write_5m + before.cache_write_1h
    again = min(cached, call.tokens.prompt) - call.cache_read
    is_small = again < 4_096 or again < cached - again
    compacted = call.tokens.prompt < 0.8 * before.tokens.prompt
    mostly_read = call.cache_read >= call.tokens.prompt - call.cache_read
    if is_small or compacted or mostly_read:
        return None
    extra = None if call.cost_nusd is None else _extra(book, names[call.model], call, again)
    if call.model != before.model:
        return "model", again, extra, None
    lives = book.lifetimes(names[before.model])
    life = lives.long_ms if before.cache_write_1h else lives.short_ms
    if life is not None and call.at_ms - before.at_ms > life:
        return "expired", again, extra, call.at_ms - before.at_ms - life
    return "lost", again, extra, None


def _extra(book: RateBook, model: str, call: CallRow, again: int) -> int | None:
    """The long writes first, then the short ones, then the plain input would have been read."""
    t = call.tokens
    long = min(again, t.cache_write_1h)
    short = min(again - long, t.cache_write_5m)
    fresh = min(again - long - short, t.input)
    read = t.cache_read + long + short + fresh
    costs = [
        price(
            book, model=model, at_ms=call.at_ms, tier=TIERS[call.tier], geo=call.geo, tokens=tokens
        )
        for tokens in (
            Tokens(t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h),
            Tokens(t.input - fresh, read, t.cache_write_5m - short, t.cache_write_1h - long),
        )
    ]  # fmt: skip
    if costs[0] is None or costs[1] is None:
        return None
    return costs[0].total_nusd - costs[1].total_nusd


def stored_cold_turns(db: sqlite3.Connection) -> dict[str, Cold]:
    """What the store says, in the same form."""
    words = ("expired", "model", "lost")
    return {
        key: (words[why], tokens, extra, expired_ms)
        for key, why, tokens, extra, expired_ms in db.execute(
            "select c.key, t.why, t.tokens, t.extra_nusd, t.expired_ms"
            " from cold_turn t left join call c on c.id = t.call and c.at_ms = t.at_ms"
            " and c.session = t.session and c.agent = t.agent and c.model = t.model"
            " and c.priced = t.priced and c.project = t.project and c.branch = t.branch"
        )
    }
