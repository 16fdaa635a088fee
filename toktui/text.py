"""The one gate for strings from outside: what passes can be shown, stored and compared.

Model names, paths, branches and titles come from logs that anybody may have written. A terminal
obeys escape sequences, a reader is fooled by invisible or reordered letters, and SQLite refuses
lone surrogates. A cleaned string holds none of these; markup is not our matter here, since widgets
take `Content` or `Text`, never a `str`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

ELLIPSIS: Final = "…"
CELLS: Final = 96
"""Width to which `clean` cuts, in terminal cells, unless told otherwise."""

_MARKS_PER_LETTER: Final = 4
_LOOKED_AT_PER_CELL: Final = 16
LONGEST_ID: Final = 200
_ID: Final = re.compile(rf"[\w.:@/+-]{{1,{LONGEST_ID}}}", re.ASCII)

_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\ufdd0-\ufdef\U000e0000-\U000e0fff]"
)
"""Letters and marks that draw nothing, and variation selectors; the categories cover the rest."""

_WIDE_SINCE_UNICODE_16: Final = re.compile(
    "[\u2630-\u2637\u268a-\u268f\u4dc0-\u4dff\U0001d300-\U0001d356\U0001d360-\U0001d376]"
)
"""Terminals draw these two cells wide; the tables of older Pythons say one."""


def clean(s: str, n: int = CELLS) -> str:
    """`s` without anything that a terminal obeys or a reader cannot see, at most `n` cells wide.

    Dropped: controls (C0, C1, DEL), bidi controls, zero-width and other invisible characters, line
    and paragraph separators, surrogates, non-characters, tags, and marks piled on one letter. The
    rest is NFC. What is too wide ends in an ellipsis. Cleaning twice changes nothing.
    """
    if len(s) <= n and s.isascii() and s.isprintable():
        return s
    looked_at = n * _LOOKED_AT_PER_CELL
    return _clean(s[:looked_at], n, cut=len(s) > looked_at)


def clean_id(s: str) -> str:
    """`s` if it is a plain id (1 to 200 of `A-Z a-z 0-9 _ . : @ / + -`), else a hash of it.

    Two ids stay equal or different as they were. An empty id stays empty: it is no id.
    """
    if not s or _ID.fullmatch(s):
        return s
    import hashlib  # noqa: PLC0415  loads OpenSSL, which few ids need

    digest = hashlib.sha256(s.encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha256:{digest[:32]}"


def width(s: str) -> int:
    """Terminal cells that a cleaned string takes, never fewer than the terminal uses."""
    return len(s) if s.isascii() else sum(map(_cells, s))


@lru_cache(maxsize=4096)
def _clean(s: str, n: int, *, cut: bool) -> str:
    visible = unicodedata.normalize("NFC", "".join(filter(_is_visible, s)))
    visible = _without_piled_marks(visible)
    if not cut and width(visible) <= n:
        return visible
    return _head(visible, n - 1) + ELLIPSIS


def _is_visible(char: str) -> bool:
    if unicodedata.category(char) in _DROPPED_CATEGORIES or _INVISIBLE.match(char):
        return False
    return ord(char) & 0xFFFE != 0xFFFE


def _without_piled_marks(s: str) -> str:
    """At most a few marks per letter, and none before the first: they draw on what is beside."""
    kept: list[str] = []
    marks = _MARKS_PER_LETTER
    for char in s:
        marks = marks + 1 if _is_mark(char) else 0
        if marks <= _MARKS_PER_LETTER:
            kept.append(char)
    return "".join(kept)


def _head(s: str, cells: int) -> str:
    """The longest start of `s` that fits."""
    used = 0
    for index, char in enumerate(s):
        used += _cells(char)
        if used > cells:
            return s[:index]
    return s


def _cells(char: str) -> int:
    if _is_mark(char):
        return 0
    if unicodedata.east_asian_width(char) in "WF" or unicodedata.category(char) == "Cn":
        return 2
    return 2 if _WIDE_SINCE_UNICODE_16.match(char) else 1


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me")
