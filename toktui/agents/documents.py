"""JSON documents that an agent writes anew as a whole: what agents with such logs share."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, TypeVar

import msgspec
from msgspec import Meta, Raw

from toktui.agents.base import MAX_COUNT, Document, Doubt, Entry, UnreadableError
from toktui.agents.json_lines import BrokenLineError, values
from toktui.model import Misread
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from toktui.agents.content import Uncounted
    from toktui.model import Fact, Sighting

_T = TypeVar("_T")

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None
"""A number of tokens, or a time; absent and null are 0 or unknown."""
Dollars = Annotated[float, Meta(ge=0, le=1_000_000)] | None

LARGEST: Final = 256 << 20
"""Bytes of a document above which it is not read."""
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_as_raw: Final = msgspec.json.Decoder(Raw).decode
_as_list: Final = msgspec.json.Decoder(list[Raw]).decode


class NotUnderstoodError(ValueError):
    """A value of another shape; the message names keys and types, never contents."""


def open_beside(path: str) -> BinaryIO:
    """A regular file, which no pipe, link or folder can stand in for. Raises OSError."""
    fd = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise UnreadableError("not a regular file")
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def load(path: str) -> bytes:
    """The whole document. Raises OSError where it cannot be read."""
    with open_beside(path) as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise UnreadableError(f"larger than {LARGEST >> 20} MiB")
        return file.read()


def load_if_there(path: str) -> bytes:
    """The whole document; empty where it is not there or cannot be read."""
    try:
        return load(path)
    except OSError:
        return b""


def decode(data: bytes, shape: type[_T]) -> _T:
    """A JSON value as `shape`, integral floats as integers. Raises NotUnderstoodError."""
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = values(data)
        if len(found) != 1:
            raise NotUnderstoodError("broken JSON: not one value")
        plain = json.dumps(found[0], ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(plain, type=shape)
    except BrokenLineError as error:
        raise NotUnderstoodError(f"broken JSON: {error}") from None
    except RecursionError:
        raise NotUnderstoodError("broken JSON: nested too deep") from None
    except msgspec.DecodeError as error:
        raise NotUnderstoodError(clean(str(error), 160)) from None


def whole(data: bytes) -> bytes:
    """The same bytes, if they are one JSON value; UnreadableError while they are half written."""
    if not is_whole(data):
        raise UnreadableError("half written, or no JSON")
    return data


def decode_whole(data: bytes, shape: type[_T]) -> _T:
    """A document that is one value. Raises UnreadableError while it is half written."""
    return decode(whole(data), shape)


def items(data: bytes) -> list[bytes]:
    """The elements of a document that is an array, each as its own bytes.

    Raises UnreadableError for anything else: it may be half written.
    """
    try:
        return [bytes(raw) for raw in _as_list(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    whole(data)
    raise UnreadableError("another shape: no array")


def nusd(dollars: float | None) -> int | None:
    """Dollars that an agent has worked out, as nano-dollars. Agents write 0 where they do not
    know a price, so that 0 says nothing."""
    return round(dollars * 1e9) or None if dollars else None


class Pages:
    """Collects what a document says; what is not understood is kept with its place."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._doubts: dict[int, Doubt] = {}
        self._facts: list[Fact] = []
        self._looked_at = 0

    def looked(self, count: int = 1) -> None:
        """Entries were looked at, calls or not."""
        self._looked_at += count

    def entry(
        self, place: int, length: int, sighting: Sighting, uncounted: Uncounted | None = None
    ) -> None:
        """A call. A place that is said again holds what was said last."""
        self._entries[place] = Entry(place, length, sighting, uncounted)

    def fact(self, fact: Fact) -> None:
        """Something beside the calls."""
        self._facts.append(fact)

    def doubt(self, place: int, error: NotUnderstoodError, version: str = "") -> None:
        """The entry at this place was not understood."""
        self._doubts[place] = Doubt(place, Misread(str(error), version))

    def document(self, *, since: bytes = b"", more: bool = False) -> Document:
        return Document(
            entries=tuple(self._entries.values()),
            facts=tuple(self._facts),
            doubts=tuple(self._doubts.values()),
            since=since,
            looked_at=self._looked_at,
            more=more,
        )


def at_places(found: Iterable[tuple[int, bytes]], places: Collection[int]) -> Mapping[int, bytes]:
    """The bytes of the entries that are asked for."""
    wanted = set(places)
    return {place: data for place, data in found if place in wanted}


def is_whole(data: bytes) -> bool:
    """Whether the bytes are one JSON value."""
    try:
        _as_raw(data)
        return True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return len(values(data)) == 1
    except BrokenLineError as error:
        return str(error) == "nested too deep"
