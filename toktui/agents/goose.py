"""Goose.

Logs:      <data>/goose/sessions/sessions.db; <data> is $XDG_DATA_HOME, else ~/.local/share;
           ~/Library/Application Support/goose or Block/goose on macOS;
           AppData/Roaming/Block/goose/data on Windows; $GOOSE_PATH_ROOT/data
Record:    a row of `usage_ledger`; of databases without it the running total of a session
Tokens:    `input_tokens` holds what was read from and written to a cache
Identity:  session, number and time of the row: numbers alone are each database's own
Exactness: exact; the running totals of older databases are residual
Live:      the database and its write-ahead log
Seen:      schema 15, and 1 to 14 as its source has them; golden/goose/
Unknown:   sessions from before the ledger, once a database has one; caches and times in older
           databases: a session is one call at the time of its last change
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.agents._one_database import OneDatabase
from toktui.agents._sqlite_values import (
    AMONG,
    as_count,
    as_dollars,
    as_ms,
    as_text,
    json_of,
    row_of,
)
from toktui.agents.base import Document, UnreadableError, excerpt_at, place_of
from toktui.agents.documents import NotUnderstoodError, Pages, nusd
from toktui.agents.folders import data_home, named_folder
from toktui.model import FLAG_SUM, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents.database import Snapshot

_PAGE: Final = 5_000
_LEDGER: Final = (
    "id", "session_id", "created_timestamp", "model", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "cost",
)  # fmt: skip
_TOTALS: Final = (
    "id", "updated_at", "working_dir", "model_config_json", "accumulated_input_tokens",
    "accumulated_output_tokens", "accumulated_cost",
)  # fmt: skip
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[int, int]).decode


class _Goose(OneDatabase):
    name = "goose"
    label = "Goose"
    database = "sessions.db"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = named_folder(home, env, "GOOSE_PATH_ROOT")
        places = [
            *([named / "data"] if named else []),
            data_home(home, env) / "goose",
            home / "Library/Application Support/goose",
            home / "Library/Application Support/Block/goose",
            home / "AppData/Roaming/Block/goose/data",
        ]
        return [place / "sessions" for place in places]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / "sessions", folder / "data/sessions"]

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        del path
        if "usage_ledger" in db.tables():
            db.need("usage_ledger", *_LEDGER)
            return _read_ledger(db, _unpack(since) if since else (0, 0))
        if "accumulated_input_tokens" in db.tables().get("sessions", ()):
            db.need("sessions", "id", "updated_at", "accumulated_output_tokens")
            return _read_totals(db)
        raise UnreadableError("another schema: no table usage_ledger")

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        if "usage_ledger" in db.tables():
            rows = db.rows(
                f"select {', '.join(_LEDGER)} from usage_ledger where id {AMONG}",
                (json_of(sorted(places)),),
            )
            return {
                int(str(row[0])): excerpt_at(row_of(_LEDGER, row), "usage_ledger", f"id {row[0]}")
                for row in rows
            }
        found = ((place_of(clean_id(as_text(row[0]))), row) for row in _totals(db))
        return {
            place: excerpt_at(row_of(_TOTALS, row), "sessions", f"id {as_text(row[0])}")
            for place, row in found
            if place in places
        }


def _read_ledger(db: Snapshot, known: tuple[int, int]) -> Document:
    """Rows behind the last one, if that is still the row that it was; else all."""
    pages, (last, stamp) = Pages(), known
    if not db.rows(
        "select 1 from usage_ledger where id = ? and created_timestamp = ?", (last, stamp)
    ):
        last = -1
    rows = db.rows(
        f"select {', '.join(_LEDGER)} from usage_ledger where id > ? order by id limit {_PAGE}",
        (last,),
    )
    folders = _folders(db, {as_text(row[1]) for row in rows})
    for row in rows:
        pages.looked()
        place = row[0] if isinstance(row[0], int) else 0
        try:
            one = _of_row(row, folders)
        except NotUnderstoodError as error:
            pages.doubt(place, error)
            continue
        if one is not None:
            pages.entry(place, len(row_of(_LEDGER, row)), one)
    if rows:
        known = (int(str(rows[-1][0])), rows[-1][2] if isinstance(rows[-1][2], int) else 0)
    return pages.document(since=_pack(known), more=len(rows) == _PAGE)


def _of_row(row: Sequence[Any], folders: Mapping[str, str]) -> Sighting | None:
    number, session, stamp, model, *counts, cost = row
    given, output, read, written = map(as_count, counts, _LEDGER[4:8])
    reported = nusd(as_dollars(cost, "cost"))
    used = Tokens(
        input=given - read - written if given >= read + written else given,
        cache_read=read,
        cache_write_5m=written,
        output=output,
    )
    if not used.total:
        return None
    at_ms = as_ms(stamp)
    return Sighting(
        key=clean_id(f"{session}:{number}:{stamp}"),
        session=clean_id(as_text(session)),
        at_ms=at_ms,
        model=clean(as_text(model) or "unknown", 120),
        tokens=used,
        project=clean(folders.get(as_text(session), ""), 512),
        reported_nusd=reported,
    )


def _folders(db: Snapshot, sessions: set[str]) -> dict[str, str]:
    if not {"id", "working_dir"} <= db.tables().get("sessions", frozenset()):
        return {}
    rows = db.rows(
        f"select id, working_dir from sessions where id {AMONG}", (json_of(sorted(sessions)),)
    )
    return {as_text(name): as_text(folder) for name, folder in rows}


def _read_totals(db: Snapshot) -> Document:
    """Each session as one call, for want of anything less."""
    pages = Pages()
    for row in _totals(db):
        pages.looked()
        name, updated, folder, config, given, output, cost = row
        session = clean_id(as_text(name))
        try:
            used = Tokens(input=as_count(given, _TOTALS[4]), output=as_count(output, _TOTALS[5]))
            reported = nusd(as_dollars(cost, _TOTALS[6]))
        except NotUnderstoodError as error:
            pages.doubt(place_of(session), error)
            continue
        if used.total:
            one = Sighting(
                key=f"{session}:total",
                session=session,
                at_ms=as_ms(updated),
                model=_model(config),
                tokens=used,
                project=clean(as_text(folder), 512),
                residual=True,
                flags=FLAG_SUM,
                reported_nusd=reported,
            )
            pages.entry(place_of(session), len(row_of(_TOTALS, row)), one)
    return pages.document()


def _totals(db: Snapshot) -> list[Any]:
    there = db.tables()["sessions"]
    asked = ", ".join(name if name in there else "null" for name in _TOTALS)
    return db.rows(f"select {asked} from sessions order by rowid")


class _Config(msgspec.Struct):
    model_name: str | None = None


def _model(config: object) -> str:
    try:
        found = msgspec.json.decode(as_text(config), type=_Config) if config else _Config()  # pyright: ignore[reportArgumentType]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _Config()
    return clean(found.model_name or "unknown", 120)


AGENT: Final = _Goose()
