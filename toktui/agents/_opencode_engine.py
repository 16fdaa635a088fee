"""The engine of OpenCode, which other agents are built on: where its logs are, and how read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents._one_database import data_home
from toktui.agents._opencode_message import (
    Place,
    Session,
    Step,
    kin,
    may_have_steps,
    nth_place,
    read_message,
    sightings,
)
from toktui.agents.base import Agent, Document, UnreadableError, place_of
from toktui.agents.documents import (
    NotUnderstoodError,
    Pages,
    at_places,
    decode,
    load,
    load_if_there,
    whole,
)
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_DATABASE: Final = ".db"
_STEP: Final = b"step-finish"
_HEAD: Final = 512
"""Bytes within which a part says what it is."""


class OpenCodeEngine(Agent):
    """An agent that keeps OpenCode's files and databases under a name of its own."""

    folder: str
    """Below the folder for data; also how its databases' names begin."""
    database_variable: str
    """Names the database, where it is another one."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        usual = data_home(home, env) / self.folder
        named = env.get(self.database_variable, "").strip()
        if not named or named.startswith(":"):
            return [usual]
        return [usual, (usual / home.__class__(named).expanduser()).parent]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / ".local/share" / self.folder]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) == 1:
            return parts[0].endswith(_DATABASE)
        return (
            len(parts) == 4
            and parts[0] == "storage"
            and parts[1] in ("message", "session")
            and parts[3].endswith(".json")
        )

    def is_entered(self, parts: Sequence[str]) -> bool:
        if parts[0] != "storage" or len(parts) > 3:
            return False
        return len(parts) == 1 or parts[1] in ("message", "session")

    def is_document(self, path: str) -> bool:
        return True

    def is_database(self, path: str) -> bool:
        return path.endswith(_DATABASE)

    def beside(self, path: str) -> Sequence[str]:
        if self.is_database(path):
            return super().beside(path)
        return (_parts_folder(path),) if _kind(path) == "message" else ()

    def read(self, path: str, since: bytes) -> Document:
        if not self.is_database(path):
            return _read_session(path) if _kind(path) == "session" else _read_message(path)
        from toktui.agents._opencode_database import read_database  # noqa: PLC0415  loads SQLite

        found = read_database(path, since)
        if found is None and os.path.basename(path).startswith(self.folder):
            raise UnreadableError("another schema: no table of messages")
        return found or Document()

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        if not self.is_database(path):
            return at_places(_message_places(path), places)
        from toktui.agents._opencode_quotes import find_entries  # noqa: PLC0415  loads SQLite

        return find_entries(path, places)


class _Kind(Struct):
    type: str | None = None


def _read_message(path: str) -> Document:
    pages, data = Pages(), load(path)
    pages.looked()
    name = os.path.basename(path).removesuffix(".json")
    try:
        message = read_message(whole(data))
        place = Place(clean_id(message.session or os.path.basename(os.path.dirname(path))))
        steps = _steps(path) if may_have_steps(message) else []
        shapes = [decode(step, Step) for step in steps]
        for nth, sighting in sightings(message, place, shapes):
            length = len(steps[nth]) if len(steps) > 1 else len(data)
            pages.entry(nth_place(message.id or name, nth), length, sighting)
    except NotUnderstoodError as error:
        pages.doubt(place_of(name), error)
    return pages.document()


def _read_session(path: str) -> Document:
    pages = Pages()
    try:
        session = decode(whole(load(path)), Session)
    except NotUnderstoodError as error:
        pages.doubt(0, error)
    else:
        if session.id and session.parent:
            pages.fact(kin(clean_id(session.id), clean_id(session.parent)))
    return pages.document()


def _message_places(path: str) -> Iterator[tuple[int, bytes]]:
    data = load(path)
    try:
        message = read_message(data)
    except NotUnderstoodError:
        return
    name = message.id or os.path.basename(path).removesuffix(".json")
    steps = _steps(path) if may_have_steps(message) else []
    for nth, part in enumerate(steps if len(steps) > 1 else [data]):
        yield nth_place(name, nth), part


def _steps(path: str) -> list[bytes]:
    """The parts that end a step, in the order of their ids, which is that of time.

    Raises UnreadableError while one that can be such a part is half written.
    """
    folder = _parts_folder(path)
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    parts = (load_if_there(os.path.join(folder, name)) for name in names)
    return [part for part in parts if _ends_step(part)]


def _ends_step(part: bytes) -> bool:
    if len(part) >= _HEAD and _STEP not in part:
        return False
    try:
        return decode(whole(part), _Kind).type == "step-finish"
    except NotUnderstoodError:
        return False


def _parts_folder(path: str) -> str:
    storage, _, _, name = path.rsplit("/", 3)
    return f"{storage}/part/{name.removesuffix('.json')}"


def _kind(path: str) -> str:
    return path.rsplit("/", 3)[1]
