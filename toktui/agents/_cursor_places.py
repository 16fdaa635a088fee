"""In which folder a conversation of Cursor was held: each workspace lists its conversations."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from toktui.agents._sqlite_values import as_bytes
from toktui.agents.database import Snapshot, snapshot
from toktui.agents.documents import NotUnderstoodError, decode, load_if_there
from toktui.text import clean

_MOST_WORKSPACES: Final = 500
_DATABASE: Final = "state.vscdb"
_NAME: Final = "workspace.json"
_LISTS: Final = ("composer.composerData", "composer.composerHeaders")
"""The only keys that are asked for: others hold credentials."""


class _Workspace(Struct):
    folder: str | None = None


class _Listed(Struct):
    composerId: str | None = None


class _List(Struct):
    allComposers: list[_Listed] = []


def known_projects(path: str) -> dict[str, str]:
    """The folders of all conversations that a workspace beside the database knows, clean."""
    found: dict[str, str] = {}
    for workspace in _workspaces(path):
        database, file = f"{workspace}/{_DATABASE}", f"{workspace}/{_NAME}"
        folder = _folder(file, *_stamp(file))
        if folder:
            for conversation in _conversations(database, *_stamp(database)):
                found.setdefault(conversation, folder)
    return found


def places_beside(path: str) -> list[str]:
    """Every file that tells where a conversation was held."""
    return [
        f"{workspace}/{name}"
        for workspace in _workspaces(path)
        for name in (_DATABASE, f"{_DATABASE}-wal", _NAME)
    ]


def _workspaces(path: str) -> list[str]:
    above = os.path.join(os.path.dirname(os.path.dirname(path)), "workspaceStorage")
    try:
        return [f"{above}/{name}" for name in sorted(os.listdir(above))[:_MOST_WORKSPACES]]
    except OSError:
        return []


def _stamp(path: str) -> tuple[int, int]:
    """Changes whenever the file may have, or the commits beside it."""
    total, latest = 0, 0
    for file in (path, f"{path}-wal"):
        try:
            status = os.stat(file, follow_symlinks=False)
        except OSError:
            continue
        total, latest = total + status.st_size, max(latest, status.st_mtime_ns)
    return total, latest


@lru_cache(maxsize=_MOST_WORKSPACES)
def _conversations(database: str, size: int, mtime_ns: int) -> tuple[str, ...]:
    """The conversations of a workspace; none where its database cannot be read."""
    del mtime_ns
    if not size:
        return ()
    try:
        return snapshot(database, _listed)
    except OSError:
        return ()


def _listed(db: Snapshot) -> tuple[str, ...]:
    db.need("ItemTable", "key", "value")
    found: list[str] = []
    for (value,) in db.rows(
        "select cast(value as blob) from ItemTable where key in (?, ?)", _LISTS
    ):
        try:
            listed: Any = decode(as_bytes(value), _List)
        except NotUnderstoodError:
            continue
        found += [one.composerId for one in listed.allComposers if one.composerId]
    return tuple(found)


@lru_cache(maxsize=_MOST_WORKSPACES)
def _folder(file: str, size: int, mtime_ns: int) -> str:
    """A workspace's folder, as a path; one that is elsewhere keeps its address."""
    del size, mtime_ns
    try:
        address = msgspec.json.decode(load_if_there(file), type=_Workspace).folder or ""
    except msgspec.DecodeError:
        return ""
    parts = urlsplit(address)
    return clean(unquote(parts.path) if parts.scheme == "file" else address, 512)
