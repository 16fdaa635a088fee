"""Messages and sessions of the OpenCode engine in files of their own, as until 1.1."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from toktui.agents._opencode_commits import committed
from toktui.agents._opencode_engine import parts_folder
from toktui.agents._opencode_message import (
    Call,
    Message,
    Place,
    Session,
    calls_of,
    kin,
    may_have_steps,
    read_message,
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
    from collections.abc import Iterator, Sequence

_STEP: Final = b"step-finish"
_HEAD: Final = 512
"""Bytes within which a part says what it is."""


class _Kind(Struct):
    type: str | None = None


def read_message_file(path: str) -> Document:
    """The calls of the message in a file."""
    pages, data = Pages(), load(path)
    pages.looked()
    try:
        message = read_message(whole(data))
        place = Place(clean_id(message.session or os.path.basename(os.path.dirname(path))))
        parts = _parts(path) if may_have_steps(message) else []
        for call in _calls(path, data, message, place, parts):
            pages.entry(call.place, len(call.data), call.sighting)
        for fact in (fact for part in parts for fact in committed(part, place.session)):
            pages.fact(fact)
    except NotUnderstoodError as error:
        pages.doubt(place_of(_name(path)), error)
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


def message_calls(path: str) -> Iterator[Call]:
    """The calls of the message in a file as they are now; none where it is not understood."""
    data = load(path)
    try:
        message = read_message(data)
        parts = _parts(path) if may_have_steps(message) else []
        yield from _calls(path, data, message, Place(""), parts)
    except NotUnderstoodError:
        return


def _calls(
    path: str, data: bytes, message: Message, place: Place, parts: Sequence[bytes]
) -> Iterator[Call]:
    steps = [part for part in parts if _ends_step(part)]
    return calls_of(message.id or _name(path), data, message, place, steps)


def _name(path: str) -> str:
    return os.path.basename(path).removesuffix(".json")


def _parts(path: str) -> list[bytes]:
    """The parts of a message, in the order of their ids, which is that of time."""
    folder = parts_folder(path)
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    return [load_if_there(os.path.join(folder, name)) for name in names]


def _ends_step(part: bytes) -> bool:
    """Raises UnreadableError while one that can end a step is half written."""
    if len(part) >= _HEAD and _STEP not in part:
        return False
    try:
        return decode(whole(part), _Kind).type == "step-finish"
    except NotUnderstoodError:
        return False
