"""List prices over time, to tell a change of prices from every other reason to pay more."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from toktui.clock import Range
    from toktui.model import Tier
    from toktui.pricing.rates import RateBook

_EPOCH: Final = datetime.date(1970, 1, 1)
_NOON_MS: Final = DAY_MS // 2


class ListRates:
    """What the book says of the models of a store, at any time: rates of short prompts, wherever
    no place was asked for, at noon where they depend on the hour."""

    def __init__(self, db: sqlite3.Connection, book: RateBook) -> None:
        self._book = book
        names = db.execute(
            "select n.text from name n where exists"
            " (select 1 from session_total t where t.model = n.id)"
        )
        days = {
            rate.valid_from
            for (model,) in names
            for rate in book.rates_of(model)
            if rate.valid_from is not None
        }
        self._changes = sorted((day - _EPOCH).days * DAY_MS for day in days)

    def changes_in(self, within: Range) -> list[int]:
        """UTC times inside a range at which the list price of any model changed."""
        return [at for at in self._changes if within.start_ms < at < within.end_ms]

    def name(self, model: str) -> str:
        """The book's id of a model as logged, else what the log says."""
        return self._book.canonical(model) or model

    def listed(
        self, model: str, tier: Tier, at_ms: int, tokens: Sequence[int]
    ) -> tuple[int, ...] | None:
        """Per bucket tokens times rate (nano-dollars per million); None: not in the book."""
        noon = at_ms - at_ms % DAY_MS + _NOON_MS
        rate = self._book.rate_for(model, noon, tier)
        if rate is None:
            return None
        return tuple(n * r for n, r in zip(tokens, rate.bands[0].rates, strict=True))
