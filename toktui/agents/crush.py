"""Crush.

Logs:      <project>/.crush/crush.db of each project in projects.json, which is in
           $CRUSH_GLOBAL_DATA, else $XDG_DATA_HOME/crush, else ~/.local/share/crush;
           AppData/Local/crush on Windows; crush.db in that folder itself
Record:    `cost` of a session without a parent; a sub-agent's is added to its parent's
Tokens:    unknown: the columns hold the context of the last response, not what was used
Identity:  the session: it is one call, which grows
Exactness: residual: only the money that Crush has worked out is known
Live:      the money, at the time of the session's last change; never in burn rates
Seen:      2025 and 2026, as its source has it; golden/crush/
Unknown:   tokens and models of all calls; the money where Crush knows no price
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from toktui.agents._one_database import OneDatabase
from toktui.agents._sqlite_values import as_dollars, as_ms, as_text, row_of
from toktui.agents.base import Document, excerpt_at, place_of
from toktui.agents.documents import NotUnderstoodError, Pages, load_if_there, nusd
from toktui.agents.folders import data_home, named_folder
from toktui.model import Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents.database import Snapshot

_FOLDER: Final = ".crush"
_COLUMNS: Final = ("id", "cost", "updated_at")


class _Project(Struct):
    data_dir: str | None = None


class _Projects(Struct):
    projects: list[_Project] = []


class _Crush(OneDatabase):
    name = "crush"
    label = "Crush"
    database = "crush.db"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        usual = named_folder(home, env, "CRUSH_GLOBAL_DATA") or data_home(home, env) / "crush"
        places = [usual, home / "AppData/Local/crush"]
        folders = [folder for place in places for folder in _data_folders(place)]
        return [*places, *map(home.__class__, folders)]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / _FOLDER, *map(folder.__class__, _data_folders(folder))]

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        del since
        db.need("sessions", "parent_session_id", *_COLUMNS)
        return _read(db, _project(path))

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        found = ((place_of(clean_id(as_text(row[0]))), row) for row in _rows(db))
        return {
            place: excerpt_at(row_of(_COLUMNS, row), "sessions", f"id {as_text(row[0])}")
            for place, row in found
            if place in places
        }


def _data_folders(place: Path) -> list[str]:
    """Where the projects that Crush was used in keep their databases."""
    data = load_if_there(os.fspath(place / "projects.json"))
    try:
        listed = msgspec.json.decode(data, type=_Projects).projects if data else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    named = [one.data_dir for one in listed if one.data_dir and "\0" not in one.data_dir]
    return [folder for folder in named if os.path.isabs(folder)]


def _project(path: str) -> str:
    folder = os.path.dirname(path)
    return os.path.dirname(folder) if os.path.basename(folder) == _FOLDER else ""


def _read(db: Snapshot, project: str) -> Document:
    pages = Pages()
    for row in _rows(db):
        pages.looked()
        session = clean_id(as_text(row[0]))
        try:
            reported = nusd(as_dollars(row[1], "cost"))
        except NotUnderstoodError as error:
            pages.doubt(place_of(session), error)
            continue
        if session and reported is not None:
            one = Sighting(
                key=f"{session}:total",
                session=session,
                at_ms=as_ms(row[2]),
                model="unknown",
                tokens=Tokens(),
                project=clean(project, 512),
                residual=True,
                reported_nusd=reported,
            )
            pages.entry(place_of(session), len(row_of(_COLUMNS, row)), one)
    return pages.document()


def _rows(db: Snapshot) -> list[tuple[int | float | str | bytes | None, ...]]:
    """The sessions that no other one has started."""
    return db.rows(
        f"select {', '.join(_COLUMNS)} from sessions"
        " where coalesce(parent_session_id, '') = '' order by rowid"
    )


AGENT: Final = _Crush()
