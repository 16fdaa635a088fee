"""Qwen Code's own ledger: a row per request of any session, also of those beside a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents.lines import Count, added
from toktui.clock import parse_ms
from toktui.facts import Ledger, LedgerModel, encode
from toktui.model import Fact, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator

_SESSIONS: Final = 256
"""Sessions and models of one ledger whose sums are remembered."""
Numbers = tuple[int, int, int, int, int]
"""prompt, candidates, cached, thoughts, total: as the log says."""


class Used(Struct):
    """A row of the ledger: one request of any session."""

    sessionId: str | None = None
    timestamp: str | None = None
    model: str | None = None
    inputTokens: Count = None
    outputTokens: Count = None
    cachedTokens: Count = None
    thoughtsTokens: Count = None
    totalTokens: Count = None


class Spent(Struct, array_like=True):
    """What a session has used of one model by its rows of the ledger."""

    session: str
    model: str
    tokens: Tokens


def accounted(row: Used, known: list[Spent]) -> Iterator[Fact]:
    """A request in the ledger: its session has used that much more. `known` is moved on in place,
    the sessions written of last at its end."""
    session = clean_id(row.sessionId or "")
    if not session:
        return
    model = clean(row.model or "unknown", 120)
    tokens = tokens_of(
        (
            row.inputTokens or 0,
            row.outputTokens or 0,
            row.cachedTokens or 0,
            row.thoughtsTokens or 0,
            row.totalTokens or 0,
        )
    )
    for spent in known:
        if (spent.session, spent.model) == (session, model):
            known.remove(spent)
            tokens = added(spent.tokens, tokens)
            break
    known.append(Spent(session, model, tokens))
    del known[:-_SESSIONS]
    models = tuple(
        LedgerModel(spent.model, spent.tokens, 0)
        for spent in sorted(known, key=lambda spent: spent.model)
        if spent.session == session
    )
    at_ms = parse_ms(row.timestamp) if row.timestamp else None
    body = encode(Ledger(None, at_ms, models))
    yield Fact(kind="ledger", subject=session, body=body, at_ms=at_ms)


def tokens_of(numbers: Numbers) -> Tokens:
    """In our buckets; thoughts are beside the candidates only where the total says so."""
    prompt, candidates, cached, thoughts, total = numbers
    beside = thoughts if thoughts and total == prompt + candidates + thoughts else 0
    output = candidates + beside
    return Tokens(
        input=max(0, prompt - cached),
        cache_read=cached,
        output=output,
        reasoning=min(output, thoughts),
    )
