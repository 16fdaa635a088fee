"""JSON values on one line, as crashed and impatient writers leave them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar, cast

import msgspec

_T = TypeVar("_T")
_BLANK: Final = b" \t\r\n\x0b\x0c"


class BrokenLineError(ValueError):
    """The line is not a sequence of whole JSON values; the message names no content."""


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def _constant(text: str) -> NoReturn:
    raise BrokenLineError(f"{text} is no number")


def _with_plain_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys hold no lone surrogates, which nobody else can take."""
    return {key.encode("utf-8", "replace").decode(): value for key, value in pairs}


_DECODER: Final = json.JSONDecoder(parse_float=_number, parse_constant=_constant)
_CAREFUL: Final = json.JSONDecoder(
    parse_float=_number, parse_constant=_constant, object_pairs_hook=_with_plain_keys
)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


_TYPE: Final = b'"type":"'
_HEAD: Final = 1024
ESCAPED_LETTER: Final = re.compile(rb"\\u00[2-7]")
"""A letter that is spelled as an escape: no search for plain words sees through it."""


def leading_type(block: bytes, pos: int, end: int) -> bytes | None:
    """The `type` of the object in `block[pos:end]`, if it stands in its flat beginning.

    Quotes inside a string are escaped, so a plain `"type":"` is a key; before any other brace it is
    one of the outermost object. None where that does not tell.
    """
    at = block.find(_TYPE, pos, end if end - pos < _HEAD else pos + _HEAD)
    if at < 0 or block.find(b"{", pos + 1, at) >= 0:
        return None
    at += len(_TYPE)
    stop = block.find(b'"', at, end)
    word = block[at:stop]
    return None if stop < 0 or b"\\" in word else word


def holds(block: bytes, pos: int, end: int, words: tuple[bytes, ...]) -> bool:
    """Whether a line holds one of the words, or could hold one spelled with escapes."""
    for word in words:
        if block.find(word, pos, end) >= 0:
            return True
    return block.find(b"\\u00", pos, end) >= 0 and bool(ESCAPED_LETTER.search(block, pos, end))


def looks_whole(line: bytes) -> bool:
    """Whether a line that nobody needs may pass unread: blank, or braces at both ends."""
    bare = line.strip(_BLANK)
    return not bare or (bare[:1] == b"{" and bare[-1:] == b"}")


def values(line: bytes) -> list[Any]:
    """All JSON values of a line: glued ones, after leading NULs, integral floats as integers.

    Raises BrokenLineError when any part of the line is no JSON, or nests too deep.
    """
    text = line.lstrip(b"\0").decode("utf-8", errors="replace")
    decoder = _CAREFUL if _SURROGATE.search(line) else _DECODER
    found: list[Any] = []
    at = 0
    try:
        while True:
            while at < len(text) and text[at] in " \t\r\n\x0b\x0c":
                at += 1
            if at == len(text):
                return found
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except RecursionError:
        raise BrokenLineError("nested too deep") from None
    except BrokenLineError:
        raise
    except ValueError:
        raise BrokenLineError("no whole JSON") from None


def convert(value: object, shape: type[_T]) -> _T:
    """`value` as `shape`; msgspec.ValidationError names the place, never the content."""
    try:
        return msgspec.convert(value, shape)
    except UnicodeEncodeError:
        raise msgspec.ValidationError("Expected something else than half a letter") from None


def object_of(value: object) -> Mapping[str, object]:
    """The value if it is an object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """The value if it is an array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text_of(value: Mapping[str, object], name: str) -> str:
    """A field if it is text, else an empty one."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def json_of(value: object) -> str:
    """The value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
