"""What Claude Code's logs say beside calls: web searches, the agent's own ledger, its status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents._claude_rows import LedgerRow, ResultRow, as_tool_row
from toktui.agents._claude_status import status_facts
from toktui.agents.base import NOTHING, Parsed
from toktui.facts import Ledger, LedgerModel, Searches, encode
from toktui.model import Fact, Misread
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from toktui.agents._claude_state import State

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a typed decoder raises on a line that it cannot take in one step."""


def remember_searches(line: bytes, key: str, state: State) -> None:
    """Notes which searches the call `key` asked for."""
    try:
        content = as_tool_row(line).message
    except UNREADABLE:
        return
    for block in (content.content or ()) if content else ():
        if block.type == "tool_use" and block.name == "WebSearch" and block.id:
            state.asked_for(clean_id(block.id), key)


def searches(row: ResultRow, state: State) -> Parsed:
    """How many searches the result of the CLI's own tool stands for."""
    count = (row.toolUseResult.searchCount or 0) if row.toolUseResult else 0
    for block in (row.message.content or ()) if row.message else ():
        tool_use = clean_id(block.tool_use_id) if block.tool_use_id else ""
        key = state.searches.get(tool_use)
        if key and count:
            body = encode(Searches(tool_use, count))
            return Parsed(facts=(Fact(kind="search", subject=key, body=body, latest=False),))
    return NOTHING


def ledger(row: LedgerRow, state: State) -> Fact:
    """What the agent itself has added up for its session."""
    models = tuple(
        LedgerModel(clean(name, 120), entry.tokens(), entry.webSearchRequests or 0)
        for name, entry in (row.modelUsage or {}).items()
    )
    started = int(row.startTime) if row.startTime and 0 < row.startTime < 2**53 else None
    session = clean_id(row.sessionId) if row.sessionId else state.stem
    body = encode(Ledger(money(row.totalCostUSD), started, models))
    return Fact(kind="ledger", subject=session, body=body, at_ms=started)


def status(line: bytes) -> Parsed:
    """What our own spool holds: see `_claude_status`."""
    try:
        return Parsed(facts=status_facts(line))
    except UNREADABLE as error:
        return Parsed(misread=(Misread(clean(str(error), 160)),))


def money(usd: float | None) -> int | None:
    """Nano-dollars of an amount that an agent logs; None where it cannot be meant."""
    return round(usd * 1e9) if usd is not None and 0 <= usd < 1e9 else None
