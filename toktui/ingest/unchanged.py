"""Whether a report can do without a sync: nothing is there that the store has not taken in.

The usual case, so it imports neither the parsers' pipeline nor prices.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toktui import pricing
from toktui.agents import agent
from toktui.errors import StoreError
from toktui.ingest.context import UPDATE_NAME
from toktui.ingest.discover import find_logs, log_roots
from toktui.store.connect import connect_reader, version_of
from toktui.store.schema import VERSION

if TYPE_CHECKING:
    from toktui.ingest.context import Context
    from toktui.ingest.discover import FoundLog

_KNOWN: Final = "select path, device, inode, size, mtime_ns, parser, gone_ms is not null from log"
_REFUSED: Final = "select exists (select 1 from misread where length(body) > 0)"
"""Lines that another time may make good."""
_UNPRICED: Final = "select exists (select 1 from session_total where unpriced > 0)"
_READ_BY: Final = "select value from setting where name = 'cold'"
"""The rate book by which cold turns were found."""
_PRICED_BY: Final = "select value from setting where name = 'book'"
_SHIPPED: Final = Path(pricing.__path__[0]) / "data/rates.json"
_HEAD: Final = 200
_VERSION: Final = re.compile(rb'"version":"([^"\\]+)"')


def is_unchanged(context: Context) -> bool:
    """True if a sync would find nothing; False if it might, or if the store needs the writer."""
    try:
        db = connect_reader(context.paths.store)
    except (StoreError, sqlite3.Error):
        return False
    try:
        if version_of(db) != VERSION or db.execute(_REFUSED).fetchone()[0]:
            return False
        books = db.execute(_READ_BY).fetchall()
        if db.execute(_UNPRICED).fetchone()[0]:
            books += db.execute(_PRICED_BY).fetchall() or [("",)]
        if set(books) != {(_book_version(context),)}:
            return False
        rows = {row[0]: row[1:] for row in db.execute(_KNOWN)}
    except (StoreError, sqlite3.Error):
        return False
    finally:
        db.close()
    found = find_logs(log_roots(context))
    if found.problems or not all(_is_known(log, rows.pop(log.path, None)) for log in found.logs):
        return False
    return all(gone for *_, gone in rows.values())


def _book_version(context: Context) -> str:
    """Of the whole book; where only the shipped one counts, from the first bytes of its file."""
    if not context.config.prices and not (context.paths.data / UPDATE_NAME).exists():
        with _SHIPPED.open("rb") as file:
            found = _VERSION.search(file.read(_HEAD))
        if found is not None:
            return found[1].decode()
    return context.book().version


def _is_known(log: FoundLog, row: tuple[int, int, int, int, int, int] | None) -> bool:
    s = log.stat
    parser = agent(log.agent).PARSER
    return row == (s.device, s.inode, s.size, s.mtime_ns, parser, 0)
