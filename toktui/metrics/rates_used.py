"""Which rates priced the calls of a model in a range, and where these come from."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import BEGINNING_MS, END_OF_TIME_MS, Range
from toktui.pricing.derive import RateRow
from toktui.pricing.periods import DAY_MS, Rate

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.pricing.rates import RateBook

_EPOCH: Final = datetime.date(1970, 1, 1)


class UsedRate(msgspec.Struct, frozen=True):
    """A rate and the UTC day before which it held; None: it still does."""

    rate: Rate
    until: datetime.date | None
    book: str
    """The version of the book that it is from; empty: the present one."""


def stored_rates(db: sqlite3.Connection) -> dict[str, list[UsedRate]]:
    """Every rate that ever priced a call of this store, by the book's name of the model."""
    found: dict[str, list[UsedRate]] = {}
    for (body,) in db.execute("select body from rate order by id"):
        try:
            row = msgspec.json.decode(body, type=RateRow)
        except msgspec.DecodeError:
            continue
        found.setdefault(row.rate.priced_as, []).append(UsedRate(row.rate, None, row.book))
    return found


def book_rates(book: RateBook, model: str) -> list[UsedRate]:
    """Every rate that the present book has of a model."""
    return [UsedRate(rate, None, "") for rate in book.rates_of(model)]


def all_rates(
    db: sqlite3.Connection, book: RateBook, model: str, tier: str
) -> tuple[UsedRate, ...]:
    """Those of the book and those that priced calls, each once, oldest first."""
    used = stored_rates(db).get(model, [])
    known = {one.rate.rate_id for one in used}
    rates = [*used, *(one for one in book_rates(book, model) if one.rate.rate_id not in known)]
    return rates_within(rates, tier, Range(BEGINNING_MS, END_OF_TIME_MS))


def rates_within(rates: Iterable[UsedRate], tier: str, within: Range) -> tuple[UsedRate, ...]:
    """Those of a tier that held at some time of a range, oldest first, each with its end."""
    of_tier = [used for used in rates if used.rate.tier == tier]
    days = sorted({used.rate.valid_from or datetime.date.min for used in of_tier})
    ends = dict(zip(days, [*days, None][1:], strict=True))
    dated = [
        msgspec.structs.replace(used, until=ends[used.rate.valid_from or datetime.date.min])
        for used in of_tier
    ]
    dated.sort(key=lambda used: (used.rate.valid_from or datetime.date.min, used.rate.rate_id))
    kept = [used for used in dated if _overlaps(used, within)]
    return tuple(kept or _first(dated, within))


def _first(dated: Sequence[UsedRate], within: Range) -> list[UsedRate]:
    """Of calls older than every price: the first one, which is used nevertheless."""
    older = [used for used in dated if _start_ms(used) >= within.end_ms]
    return older[:1]


def _overlaps(used: UsedRate, within: Range) -> bool:
    ends = used.until is None or _day_ms(used.until) > within.start_ms
    return ends and _start_ms(used) < within.end_ms


def _start_ms(used: UsedRate) -> int:
    day = used.rate.valid_from
    return -(1 << 62) if day is None else _day_ms(day)


def _day_ms(day: datetime.date) -> int:
    return (day - _EPOCH).days * DAY_MS
