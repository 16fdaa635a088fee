"""Bringing calls to another rate book: unpriced ones at once, priced ones when the user says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import FLAG_SUM, TIERS
from toktui.pricing.price import price
from toktui.store.writer import CALL_COLUMNS, CallRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from toktui.ingest.settle import Settler
    from toktui.pricing.price import Cost
    from toktui.pricing.rates import RateBook

_COLUMNS: Final = ", ".join(f"c.{name}" for name in CALL_COLUMNS)
_BOOK: Final = "book"
_BATCH: Final = 5_000


class PriceChange(msgspec.Struct, frozen=True):
    """What a book changes for one model in one period; None is unpriced. Nano-dollars."""

    period: str
    agent: str
    model: str
    calls: int
    before_nusd: int | None
    after_nusd: int | None


def changes(
    db: sqlite3.Connection, book: RateBook, label: Callable[[int], str]
) -> list[PriceChange]:
    """What `reprice` would change, by period (`label` of a UTC time), agent and model."""
    sums: dict[tuple[str, str, str], list[int | None]] = {}
    for row, agent, model in _calls(db):
        cost = _cost(book, row, model)
        before = row.cost_nusd
        after = None if cost is None else cost.total_nusd
        if before == after:
            continue
        entry = sums.setdefault((label(row.at_ms), agent, model), [0, None, None])
        entry[0] = (entry[0] or 0) + 1
        entry[1] = _add(entry[1], before)
        entry[2] = _add(entry[2], after)
    return [
        PriceChange(period, agent, model, calls or 0, before, after)
        for (period, agent, model), (calls, before, after) in sorted(sums.items())
    ]


def _add(one: int | None, other: int | None) -> int | None:
    return one if other is None else (one or 0) + other


def reprice(settler: Settler, now_ms: int) -> int:
    """Prices every call by the settler's book; gives how many changed."""
    changed = _reprice(settler, now_ms, "true")
    _remember_book(settler)
    return changed


def price_unpriced(settler: Settler, now_ms: int) -> int:
    """Prices what had no price, if the book is another one than last time."""
    if stored_book(settler.db) == settler.book.version:
        return 0
    changed = _reprice(settler, now_ms, "c.cost_nusd is null")
    _remember_book(settler)
    return changed


def stored_book(db: sqlite3.Connection) -> str:
    """The version of the book that priced what was unpriced last."""
    row = db.execute("select value from setting where name = ?", (_BOOK,)).fetchone()
    return str(row[0]) if row else ""


def _remember_book(settler: Settler) -> None:
    settler.db.execute(
        "insert or replace into setting (name, value) values (?, ?)",
        (_BOOK, settler.book.version),
    )


def _reprice(settler: Settler, now_ms: int, where: str) -> int:
    changed = after = 0
    while rows := list(_calls(settler.db, f"c.id > {after} and {where}", _BATCH)):
        after = rows[-1][0].id
        with settler.writer.transaction():
            settler.writer.stamp = now_ms
            new: list[CallRow] = []
            old: list[CallRow] = []
            for row, _, model in rows:
                priced = settler.rows.priced(row, model)
                if priced != row:
                    new.append(priced)
                    old.append(row)
            settler.writer.put_calls(new, old)
            changed += len(new)
    return changed


def _calls(
    db: sqlite3.Connection, where: str = "true", most: int = -1
) -> Iterator[tuple[CallRow, str, str]]:
    """At most so many, with their agent and the log's name of their model, in a lasting order."""
    for row in db.execute(
        f"select {_COLUMNS}, a.text, m.text from call c join name a on a.id = c.agent"
        f" join name m on m.id = c.model where {where} order by c.id limit {most}"
    ):
        yield CallRow(*row[:-2]), row[-2], row[-1]


def _cost(book: RateBook, row: CallRow, model: str) -> Cost | None:
    return price(
        book,
        model=model,
        at_ms=row.at_ms,
        tier=TIERS[row.tier],
        geo=row.geo,
        tokens=row.tokens,
        web_search=row.web_search,
        summed=bool(row.flags & FLAG_SUM),
    )
