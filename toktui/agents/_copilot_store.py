"""`session-store.db` of GitHub Copilot CLI: a row per response, for builds whose events have none.

What it adds up to is a ledger of each session, like the sums at a session's end: it counts only
where nothing else does, whichever of the two is read first or is gone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import Struct

from toktui.agents._copilot_sums import NONE, Sums, added, tokens_of
from toktui.agents._sqlite_values import as_count, as_text
from toktui.agents.base import excerpt_at, place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import NotUnderstoodError, Pages, open_beside
from toktui.clock import parse_ms
from toktui.facts import Ledger, LedgerModel, encode
from toktui.model import Fact
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from toktui.agents._sqlite_vfs import Value
    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot

_TABLE: Final = "assistant_usage_events"
_COUNTS: Final = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
)  # fmt: skip
_PAGE: Final = 5_000
_LOOKED_INTO: Final = 1 << 20
"""Bytes at the beginning of a session's events in which its first record must stand."""
_RECORD: Final = b'"session.usage_record"'


class _Spent(Struct, array_like=True):
    """What a session has used of one model."""

    session: str
    model: str
    counts: Sums


class _Since(Struct, array_like=True):
    """How far the table is read, and what was read of it."""

    last: int = 0
    spent: list[_Spent] = []
    recorded: list[str] = []
    """Sessions whose events have a record per response."""


class _Row(NamedTuple):
    id: Value
    session: Value
    model: Value
    created_at: Value
    cwd: Value
    counts: tuple[Value, ...]


def read_store(path: str, since: bytes) -> Document:
    """Ledgers of the sessions that have new rows. Raises OSError where it cannot be read."""
    known = msgspec.msgpack.decode(since, type=_Since) if since else _Since()
    highest, rows = snapshot(path, lambda db: _rows(db, known.last))
    if highest < known.last:
        known = _Since()
        _, rows = snapshot(path, lambda db: _rows(db, 0))
    sums = {(one.session, one.model): one.counts for one in known.spent}
    last_ms: dict[str, int | None] = {}
    projects: dict[str, str] = {}
    recorded = set(known.recorded)
    pages = Pages()
    for row in rows:
        place = row.id if isinstance(row.id, int) else 0
        known.last = max(known.last, place)
        session = clean_id(as_text(row.session))
        if not session or session in recorded:
            continue
        if session not in last_ms and _has_records(path, as_text(row.session)):
            recorded.add(session)
            continue
        try:
            counts = _counts(row)
        except NotUnderstoodError as error:
            pages.doubt(place, error)
            continue
        model = clean(as_text(row.model) or "unknown", 120)
        sums[session, model] = added(sums.get((session, model), NONE), counts)
        last_ms[session] = parse_ms(as_text(row.created_at)) or last_ms.get(session)
        projects[session] = clean(as_text(row.cwd), 512)
    for session, at_ms in last_ms.items():
        models = tuple(
            LedgerModel(model, tokens_of(counts), 0)
            for (whose, model), counts in sorted(sums.items())
            if whose == session
        )
        body = encode(Ledger(None, at_ms, models, projects[session]))
        pages.fact(Fact(kind="ledger", subject=session, body=body, at_ms=at_ms))
    pages.looked(len(rows))
    spent = [_Spent(*key, counts) for key, counts in sums.items() if key[0] not in recorded]
    now = _Since(known.last, spent, sorted(recorded))
    return pages.document(since=msgspec.msgpack.encode(now), more=len(rows) == _PAGE)


def quoted_rows(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The rows of the sessions whose ledgers have these places, as JSON."""
    return snapshot(path, lambda db: _quoted(db, places))


def _quoted(db: Snapshot, places: Collection[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    names = ("rowid", "model", "created_at", *_COUNTS)
    for (session,) in db.rows(f"select distinct session_id from {_TABLE}"):
        place = place_of(clean_id(as_text(session)))
        if place not in places:
            continue
        rows = db.rows(
            f"select rowid, substr(model, 1, 200), substr(created_at, 1, 40), {', '.join(_COUNTS)}"
            f" from {_TABLE} where session_id = ? order by rowid limit {_PAGE}",
            (session,),
        )
        data = msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows])
        found[place] = excerpt_at(data, _TABLE, f"session_id {as_text(session)}")
    return found


def _rows(db: Snapshot, last: int) -> tuple[int, list[_Row]]:
    """The highest row there is, and the next rows; none in a store of a build that did not count.

    A store that was made anew begins with low rows again.
    """
    if _TABLE not in db.tables():
        return last, []
    db.need(_TABLE, "session_id", "model", "created_at", *_COUNTS)
    counts = ", ".join(f"e.{name}" for name in _COUNTS)
    cwd, joined = "''", ""
    if {"id", "cwd"} <= db.tables().get("sessions", frozenset()):
        cwd, joined = "s.cwd", "left join sessions s on s.id = e.session_id"
    rows = db.rows(
        f"select e.rowid, substr(e.session_id, 1, 200), substr(e.model, 1, 200),"
        f" substr(e.created_at, 1, 40), substr({cwd}, 1, 1024), {counts}"
        f" from {_TABLE} e {joined} where e.rowid > ? order by e.rowid limit {_PAGE}",
        (last,),
    )
    ((highest,),) = db.rows(f"select max(rowid) from {_TABLE}")
    return (
        highest if isinstance(highest, int) else 0,
        [_Row(row[0], row[1], row[2], row[3], row[4], row[5:]) for row in rows],
    )


def _has_records(path: str, session: str) -> bool:
    """Whether the session's own log counts each response; not, if it is gone or names a path."""
    if not session or "/" in session or session.startswith("."):
        return False
    events = os.path.join(os.path.dirname(path), "session-state", session, "events.jsonl")
    try:
        with open_beside(events) as file:
            return _RECORD in file.read(_LOOKED_INTO)
    except (OSError, ValueError):
        return False


def _counts(row: _Row) -> Sums:
    a, b, c, d, e = (as_count(v, name) for v, name in zip(row.counts, _COUNTS, strict=True))
    return a, b, c, d, e
