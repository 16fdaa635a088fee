"""Messages and sessions of the OpenCode engine in files of their own, as until 1.1."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents._opencode_engine import parts_folder
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
from toktui.agents.base import Document, place_of
from toktui.agents.documents import (
    NotUnderstoodError,
    Pages,
    decode,
    load,
    load_if_there,
    whole,
)
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP: Final = b"step-finish"
_HEAD: Final = 512
"""Bytes within which a part says what it is."""


class _Kind(Struct):
    type: str | None = None


def read_message_file(path: str) -> Document:
    """The calls of the message in a file."""
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


def read_session(path: str) -> Document:
    """Whose child the session in a file is."""
    pages = Pages()
    try:
        session = decode(whole(load(path)), Session)
    except NotUnderstoodError as error:
        pages.doubt(0, error)
    else:
        if session.id and session.parent:
            pages.fact(kin(clean_id(session.id), clean_id(session.parent)))
    return pages.document()


def message_places(path: str) -> Iterator[tuple[int, bytes]]:
    """Every call's place, with the message or the part of its step."""
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
    folder = parts_folder(path)
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
