"""The fields of a message in the wire format of Protocol Buffers, without its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10
_FIXED: Final = {_FIXED64: 8, _FIXED32: 4}


class BrokenMessageError(ValueError):
    """The bytes are no such message."""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field, in their order: a number, or bytes, which may be a text or a
    message. Raises BrokenMessageError where the rest is none."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size = _FIXED.get(kind)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise BrokenMessageError
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    found = 0
    for nth, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        found |= (byte & 0x7F) << (7 * nth)
        if byte < 0x80:
            return found, at + nth + 1
    raise BrokenMessageError
