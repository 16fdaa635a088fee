"""What the threads in Zed's database say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Raw, Struct

from toktui.agents._sqlite_values import as_bytes, as_ms, as_text
from toktui.agents._zstd import decompressed
from toktui.agents.base import Document, excerpt_at, place_of
from toktui.agents.documents import Count, NotUnderstoodError, Pages, decode
from toktui.facts import Ledger, LedgerModel, Thread, encode
from toktui.model import FLAG_TIME_MOVED, Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.agents._sqlite_vfs import Value
    from toktui.agents.database import Snapshot

_PAGE: Final = 50
_LATER: Final = ("parent_id", "folder_paths", "created_at")
"""Columns that came later."""
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[str, str]).decode


class _Usage(Struct):
    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None

    def tokens(self) -> Tokens:
        return Tokens(
            input=self.input_tokens or 0,
            cache_read=self.cache_read_input_tokens or 0,
            cache_write_5m=self.cache_creation_input_tokens or 0,
            output=self.output_tokens or 0,
        )


class _Model(Struct):
    model: str | None = None


class _Data(Struct):
    """A thread; before version 0.3 its requests are a list, one for each message."""

    model: _Model | None = None
    requests: Raw = msgspec.field(default=Raw(b"null"), name="request_token_usage")
    every: _Usage | None = msgspec.field(default=None, name="cumulative_token_usage")


class _Row(Struct, frozen=True):
    """A row of `threads` without its data."""

    session: str
    parent: str
    project: str
    at_ms: int | None
    is_moved: bool


def read_threads(db: Snapshot, since: bytes) -> Document:
    """Threads that were changed after those that are known, or at the same time as the last."""
    known = _unpack(since) if since else ("", "")
    db.need("threads", "id", "updated_at", "data_type", "data")
    there = db.tables()["threads"]
    later = ", ".join(name if name in there else "null" for name in _LATER)
    rows = db.rows(
        f"select id, updated_at, data_type, cast(data as blob), {later} from threads"
        f" where (updated_at, id) > (?, ?) order by updated_at, id limit {_PAGE}",
        known,
    )
    pages = Pages()
    for row in rows:
        pages.looked()
        _read_thread(row, pages)
    if len(rows) < _PAGE:
        last = as_text(rows[-1][1]) if rows else known[0]
        return pages.document(since=_pack((last, "")))
    return pages.document(since=_pack((as_text(rows[-1][1]), as_text(rows[-1][0]))), more=True)


def _read_thread(row: Sequence[Value], pages: Pages) -> None:
    name, updated, kind, data, parent, folders, created = row
    session = clean_id(as_text(name))
    begun_ms = as_ms(created)
    thread = _Row(
        session,
        clean_id(as_text(parent)),
        clean(as_text(folders).split("\n")[0], 512),
        begun_ms if begun_ms is not None else as_ms(updated),
        begun_ms is None or as_text(created) != as_text(updated),
    )
    try:
        found = decode(_json(kind, data), _Data)
        requests = _requests(bytes(found.requests))
    except NotUnderstoodError as error:
        pages.doubt(place_of(session), error)
        return
    if thread.parent:
        body = encode(Thread(session, thread.parent, True, None))
        pages.fact(Fact(kind="thread", subject=session, body=body))
    model = clean((found.model.model or "") if found.model is not None else "", 120) or "unknown"
    for request, usage in requests.items():
        used = usage.tokens()
        if used.total:
            one = _sighting(f"{session}:{request}", used, model, thread)
            pages.entry(place_of(one.key), len(msgspec.json.encode(usage)), one)
    every = (found.every or _Usage()).tokens()
    if every.total:
        models = (LedgerModel(model, every, 0),)
        ledger = Ledger(None, thread.at_ms, models, thread.project)
        pages.fact(Fact(kind="ledger", subject=session, body=encode(ledger), at_ms=thread.at_ms))


def _sighting(key: str, used: Tokens, model: str, thread: _Row) -> Sighting:
    return Sighting(
        key=clean_id(key),
        session=thread.session,
        at_ms=thread.at_ms,
        model=model,
        tokens=used,
        project=thread.project,
        flags=FLAG_TIME_MOVED if thread.is_moved else 0,
    )


def _json(kind: Value, data: Value) -> bytes:
    return decompressed(as_bytes(data)) if kind == "zstd" else as_bytes(data)


def _requests(data: bytes) -> dict[str, _Usage]:
    if data[:1] == b"[":
        return {str(nth): usage for nth, usage in enumerate(decode(data, list[_Usage]))}
    return {} if data == b"null" else decode(data, dict[str, _Usage])


def find_threads(db: Snapshot, places: set[int]) -> dict[int, bytes]:
    """Requests at places, as they stand in their thread; of a place of a thread its sum."""
    found: dict[int, bytes] = {}
    for name, kind, data in db.rows("select id, data_type, cast(data as blob) from threads"):
        session = clean_id(as_text(name))
        try:
            thread = decode(_json(kind, data), _Data)
            requests = _requests(bytes(thread.requests))
        except NotUnderstoodError:
            continue
        if place_of(session) in places:
            data = msgspec.json.encode({"cumulative_token_usage": thread.every})
            found[place_of(session)] = excerpt_at(data, "threads", f"id {session}")
        for request, usage in requests.items():
            place = place_of(clean_id(f"{session}:{request}"))
            if place in places:
                data = msgspec.json.encode({"request_token_usage": {request: usage}})
                key = f"id {session}, request_token_usage {request}"
                found[place] = excerpt_at(data, "threads", key)
        if len(found) == len(places):
            break
    return found
