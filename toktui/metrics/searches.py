"""The result rows of a search tool that a fee was charged for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.facts import decode_searches
from toktui.ingest.quote import LogRow, OpenLogs, Quote, quotes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_SAYS: Final = b'"searchCount"'


class SearchRow(msgspec.Struct, frozen=True):
    """What the store knows of the row that counts the searches of one use of the tool."""

    tool_use: str
    count: int
    log: LogRow
    offset: int
    length: int


class SearchSeen(msgspec.Struct, frozen=True):
    """One line that says how often was searched."""

    count: int
    log: str
    offset: int
    length: int
    quote: Quote


def search_rows(db: sqlite3.Connection, key: str) -> list[SearchRow]:
    """The rows for the call of a key, one for each use of the tool, as logs and offsets go.

    Of copies it is the one with the largest count, which is what was charged; then the first.
    """
    by_use: dict[str, SearchRow] = {}
    for body, offset, length, *log in db.execute(
        "select f.body, f.offset, f.length, l.id, l.path, l.offset, l.head, l.tail, l.generation"
        " from fact f join log l on l.id = f.log where f.kind = 'search' and f.subject = ?"
        " order by l.path, f.offset",
        (key,),
    ):
        found = decode_searches(body)
        row = SearchRow(found.tool_use, found.count, LogRow(*log), offset, length)
        known = by_use.setdefault(row.tool_use, row)
        if row.count > known.count:
            by_use[row.tool_use] = row
    return sorted(by_use.values(), key=lambda row: (row.log.path, row.offset))


def searches_seen(opened: OpenLogs, rows: Iterable[SearchRow]) -> tuple[SearchSeen, ...]:
    """The same with their lines, read from the logs."""
    return tuple(
        SearchSeen(row.count, row.log.path, row.offset, row.length, _quote(opened, row))
        for row in rows
    )


def _quote(opened: OpenLogs, row: SearchRow) -> Quote:
    """The line, if it is still the one: a fact outlives the writing anew of its log."""
    (quote,) = quotes(opened, row.log, [(row.offset, row.length)], row.log.generation)
    if quote.state != "read" or (_SAYS in quote.line and row.tool_use.encode() in quote.line):
        return quote
    return Quote("changed", why="the log was written anew since it was read")
