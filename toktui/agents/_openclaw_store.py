"""`openclaw-agent.sqlite`: the rows of all sessions of one of OpenClaw's agents.

A row of a transcript is what a line of a log was in older builds, so the lines' parser reads it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from toktui.agents._sqlite_values import AMONG, as_bytes, as_text, json_of
from toktui.agents._zstd import decompressed
from toktui.agents.base import UnreadableError, excerpt_at
from toktui.agents.database import snapshot
from toktui.agents.documents import NotUnderstoodError, Pages
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from toktui.agents._pi_rows import PiAgent, PiState
    from toktui.agents._sqlite_vfs import Value
    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot

_TABLE: Final = "transcript_events"
_PAGE: Final = 1_000
_LONGEST: Final = 8 << 20
"""Bytes of a row above which it is not looked into."""


class _Since(Struct, array_like=True):
    """The last row that was read."""

    last: int = 0


class _Row(NamedTuple):
    id: int
    session: str
    text: Value
    packed: Value

    def line(self) -> bytes:
        """The row as a line; raises NotUnderstoodError where it cannot be unpacked.

        Rows are packed long after they were written: where nothing is installed that unpacks them,
        they do not keep the others from being read.
        """
        if self.packed is None:
            return as_bytes(self.text)
        try:
            return decompressed(as_bytes(self.packed))
        except UnreadableError as error:
            raise NotUnderstoodError(error.strerror or "compressed") from None


class _Found(NamedTuple):
    highest: int
    rows: list[_Row]
    heads: list[_Row]
    """The first row of each session that has one among the rows."""


def read_store(lines: PiAgent, path: str, since: bytes) -> Document:
    """Calls of the rows since `since`. Raises OSError where the database cannot be read."""
    known = msgspec.msgpack.decode(since, type=_Since) if since else _Since()
    found = snapshot(path, lambda db: _found(db, known.last))
    if found.highest < known.last:
        found = snapshot(path, lambda db: _found(db, 0))
    states: dict[str, PiState] = {}
    for head in found.heads:
        states[head.session] = lines.start(f"{clean_id(head.session)}.jsonl")
        _read(lines, head, states, Pages())
    pages = Pages()
    for row in found.rows:
        _read(lines, row, states, pages)
    more = len(found.rows) == _PAGE
    last = found.rows[-1].id if more else found.highest
    return pages.document(since=msgspec.msgpack.encode(_Since(last)), more=more)


def _read(lines: PiAgent, row: _Row, states: dict[str, PiState], pages: Pages) -> None:
    """What one row says, by the state of its session."""
    pages.looked()
    state = states.get(row.session)
    if state is None:
        state = states[row.session] = lines.start(f"{clean_id(row.session)}.jsonl")
    try:
        line = row.line()
    except NotUnderstoodError as error:
        pages.doubt(row.id, error)
        return
    parsed = lines.parse(line, state)
    for sighting in parsed.sightings:
        pages.entry(row.id, len(line), sighting)
    for misread in parsed.misread:
        pages.doubt(row.id, NotUnderstoodError(misread.shape))


def quoted_rows(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The rows at these places, as they stand in the database."""
    columns = "rowid, '', event_json, event_zstd"
    rows = snapshot(
        path,
        lambda db: db.rows(
            f"select {columns} from {_TABLE} where rowid {AMONG}", (json_of(sorted(places)),)
        ),
    )
    found: dict[int, bytes] = {}
    for row in map(_row, rows):
        with suppress(NotUnderstoodError):
            found[row.id] = excerpt_at(row.line(), _TABLE, f"rowid {row.id}")
    return found


def _found(db: Snapshot, last: int) -> _Found:
    """The next rows that can hold a usage, and the first row of their sessions."""
    db.need(_TABLE, "session_id", "seq", "event_json", "event_zstd")
    ((highest,),) = db.rows(f"select max(rowid) from {_TABLE}")
    rows = [
        _row(row)
        for row in db.rows(
            f"select rowid, session_id, event_json, event_zstd from {_TABLE} where rowid > ?"
            " and (event_json is null or (length(event_json) <= ? and"
            " instr(event_json, '\"usage\"') > 0)) order by rowid limit ?",
            (last, _LONGEST, _PAGE),
        )
    ]
    heads = [
        _row(row)
        for row in db.rows(
            f"select e.rowid, e.session_id, e.event_json, e.event_zstd from {_TABLE} e"
            f" where e.session_id {AMONG} and e.seq ="
            f" (select min(f.seq) from {_TABLE} f where f.session_id = e.session_id)",
            (json_of(sorted({row.session for row in rows})),),
        )
    ]
    return _Found(highest if isinstance(highest, int) else 0, rows, heads)


def _row(row: tuple[Value, ...]) -> _Row:
    rowid, session, text, packed = row
    return _Row(rowid if isinstance(rowid, int) else 0, as_text(session), text, packed)
