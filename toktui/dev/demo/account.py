"""The ledger that the imitated Claude Code keeps of a session: every call, and side calls too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from toktui.dev.imitate.claude_shapes import Counts, LedgerEntry
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.pricing.rates import load_book

if TYPE_CHECKING:
    from toktui.dev.imitate.claude_lines import Lines
    from toktui.pricing.rates import RateBook


class Account:
    """Sums by model."""

    def __init__(self) -> None:
        self._calls: dict[str, list[Counts]] = {}
        self._searches: dict[str, int] = {}

    def call(self, model: str, counts: Counts) -> None:
        """A call that the log tells too."""
        self._calls.setdefault(model, []).append(counts)

    def beside(self, model: str, counts: Counts) -> None:
        """A call that no log tells: a title, a compaction."""
        self.call(model, counts)

    def searched(self, model: str) -> None:
        """A billed web search."""
        self._searches[model] = self._searches.get(model, 0) + 1

    def row(self, lines: Lines, started_ms: int) -> bytes:
        """The row that the client writes at its exit."""
        models = {name: self._entry(name, calls, started_ms) for name, calls in self._calls.items()}
        total = sum(entry.costUSD for entry in models.values())
        return lines.ledger(started_ms, round(total, 6), models)

    def _entry(self, model: str, calls: list[Counts], at_ms: int) -> LedgerEntry:
        written = sum(c.cache_write for c in calls)
        long = sum(c.cache_write for c in calls if c.long_lived)
        searches = self._searches.get(model, 0)
        costs = [price(_book(), model=model, at_ms=at_ms, tokens=_tokens(c)) for c in calls]
        nusd = sum(cost.total_nusd for cost in costs if cost) + searches * 10_000_000
        return LedgerEntry(
            sum(c.input for c in calls), sum(c.output for c in calls),
            sum(c.thinking for c in calls), sum(c.cache_read for c in calls), written,
            written - long, long, searches, round(nusd / 1e9, 6),
        )


@cache
def _book() -> RateBook:
    return load_book()


def _tokens(c: Counts) -> Tokens:
    long = c.cache_write if c.long_lived else 0
    return Tokens(c.input, c.cache_read, c.cache_write - long, long, c.output, c.thinking)
