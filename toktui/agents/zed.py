"""Zed's own agent.

Logs:      threads/threads.db in $XDG_DATA_HOME/zed, else ~/.local/share/zed, on Linux (and in
           ~/.var/app/dev.zed.Zed/data/zed), ~/Library/Application Support/Zed on macOS,
           AppData/Local/Zed on Windows
Record:    a row of `threads`, compressed JSON: `request_token_usage` has the last request behind
           each of the user's messages, `cumulative_token_usage` the sum of all
Tokens:    `input_tokens` and both cache counts are disjoint
Identity:  thread and id of the user's message
Exactness: requests that are listed are exact; what the sum has beyond them is one residual call
           of the thread
Live:      the database and its write-ahead log; nothing is known of the moment, so that a thread
           is in no burn rate but at its beginning
Seen:      threads of version 0.1 to 0.3, as its source has them; golden/zed/
Unknown:   when a request was made: all count at the beginning of their thread; the model of
           requests before the last change of it; agents that Zed only hosts have logs of their own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from toktui.agents._one_database import OneDatabase, data_home
from toktui.agents._sqlite_values import as_bytes, as_ms, as_text
from toktui.agents._zstd import decompressed
from toktui.agents.base import MAX_COUNT, Document, place_of
from toktui.agents.documents import NotUnderstoodError, Pages, decode
from toktui.facts import Ledger, LedgerModel, Thread, encode
from toktui.model import FLAG_TIME_MOVED, Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents._sqlite_vfs import Value
    from toktui.agents.database import Snapshot

_Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None

_PAGE: Final = 50
_LATER: Final = ("parent_id", "folder_paths", "created_at")
"""Columns that came later."""
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[str, str]).decode


class _Usage(Struct):
    input_tokens: _Count = None
    output_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_read_input_tokens: _Count = None

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


class _Zed(OneDatabase):
    name = "zed"
    label = "Zed"
    database = "threads.db"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        places = [
            data_home(home, env) / "zed",
            home / ".var/app/dev.zed.Zed/data/zed",
            home / "Library/Application Support/Zed",
            home / "AppData/Local/Zed",
        ]
        return [place / "threads" for place in places]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "threads" else folder / "threads"]

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        del path
        return _read(db, _unpack(since) if since else ("", ""))

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        return _find(db, places)


def _read(db: Snapshot, known: tuple[str, str]) -> Document:
    """Threads that were changed after those that are known, or at the same time as the last."""
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


def _find(db: Snapshot, places: set[int]) -> dict[int, bytes]:
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
            found[place_of(session)] = msgspec.json.encode({"cumulative_token_usage": thread.every})
        for request, usage in requests.items():
            place = place_of(clean_id(f"{session}:{request}"))
            if place in places:
                found[place] = msgspec.json.encode({"request_token_usage": {request: usage}})
        if len(found) == len(places):
            break
    return found


AGENT: Final = _Zed()
