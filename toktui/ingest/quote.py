"""The very bytes of a line, if its log is still the one that was read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.agents import agent
from toktui.agents.base import Excerpt
from toktui.agents.documents import load_if_there
from toktui.ingest.tail import LONGEST_LINE, Mark, is_same, open_log
from toktui.text import ELLIPSIS, clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

State = Literal["read", "gone", "changed", "unreadable"]

EXCERPT: Final = 400
"""Cells of a line that are shown."""
_LEAD: Final = 40
_MOST_OPEN: Final = 8
_MARKS: Final = (b'"usage"', b'"last_token_usage"', b'"total_token_usage"', b'"modelUsage"',
                 b'"token_usage_record"', b'"searchCount"')  # fmt: skip
"""What numbers stand behind, in the logs that we know."""


class LogRow(msgspec.Struct, frozen=True):
    """What the store knows of a log."""

    number: int
    path: str
    offset: int
    head: bytes
    tail: bytes
    generation: int
    agent: str = ""


class Quote(msgspec.Struct, frozen=True):
    """A line as it is now; `line` is empty unless it was read. `why` says what stood against it.

    `at` is the byte of its log where it begins, `row` what finds it in a database; an entry that
    is nowhere any more has neither."""

    state: State
    line: bytes = b""
    why: str = ""
    at: int | None = None
    row: str = ""

    def excerpt(self, cells: int = EXCERPT) -> str:
        """The part of the line with the numbers, cleaned and cut."""
        at = min((i for mark in _MARKS if (i := self.line.find(mark)) >= 0), default=0)
        start = max(0, at - _LEAD)
        part = self.line[start : start + 4 * cells]
        text = part.decode("utf-8", "replace").lstrip("\ufffd")
        shown = clean(text, cells)
        return f"{ELLIPSIS}{shown}" if start else shown


class OpenLogs:
    """Keeps the logs that were quoted last open, so that a compressed one is read once."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def descriptor(self, path: str) -> int:
        """For reading, until this is closed or many others were asked for; raises OSError."""
        known = self._open.get(path)
        if known is not None:
            return known
        fd, _ = open_log(path)
        if len(self._open) >= _MOST_OPEN:
            os.close(self._open.pop(next(iter(self._open))))
        self._open[path] = fd
        return fd

    def close(self) -> None:
        """Closes all."""
        while self._open:
            os.close(self._open.popitem()[1])


def quotes(
    opened: OpenLogs, log: LogRow, spots: Sequence[tuple[int, int]], generation: int
) -> Iterator[Quote]:
    """The lines at offsets and lengths, in their order, if the log still begins as it was read.

    `generation` is that of the log when the spots were seen. Of a document the offsets are places.
    """
    if log.agent and agent(log.agent).is_document(log.path):
        yield from _entries(log, spots)
        return
    try:
        fd = opened.descriptor(log.path)
    except FileNotFoundError:
        yield from (Quote("gone", why="the log is gone", at=at) for at, _ in spots)
        return
    except OSError as error:
        why = f"the log cannot be read: {clean(error.strerror or str(error))}"
        yield from (Quote("unreadable", why=why, at=at) for at, _ in spots)
        return
    try:
        mark = Mark(log.offset, log.head, log.tail)
        same = generation == log.generation and is_same(fd, mark)
        for offset, length in spots:
            if not same:
                why = "the log was written anew since it was read"
                yield Quote("changed", why=why, at=offset)
            else:
                yield _line(fd, offset, length)
    except OSError as error:
        why = f"the log cannot be read: {clean(error.strerror or '')}"
        yield Quote("unreadable", why=why, at=spots[0][0] if spots else None)


def _entries(log: LogRow, spots: Sequence[tuple[int, int]]) -> Iterator[Quote]:
    try:
        found = agent(log.agent).excerpts(log.path, {place for place, _ in spots})
    except FileNotFoundError:
        yield from (Quote("gone", why="the log is gone") for _ in spots)
        return
    except OSError as error:
        why = f"the log cannot be read: {clean(error.strerror or str(error))}"
        yield from (Quote("unreadable", why=why) for _ in spots)
        return
    whole = b"" if agent(log.agent).is_database(log.path) else load_if_there(log.path)
    for place, _ in spots:
        entry = found.get(place)
        if entry is None:
            yield Quote("gone", why="the entry is no longer in its document")
        else:
            yield _entry(entry, whole)


def _entry(entry: bytes, whole: bytes) -> Quote:
    """An entry of a database, or of a document whose bytes are `whole`."""
    if isinstance(entry, Excerpt):
        return Quote("read", bytes(entry), row=entry.where)
    at = whole.find(entry)
    return Quote("read", entry, at=at if at >= 0 else None)


def _line(fd: int, offset: int, length: int) -> Quote:
    line = os.pread(fd, min(length, LONGEST_LINE), offset)
    before = os.pread(fd, 1, offset - 1) if offset else b"\n"
    if len(line) < min(length, LONGEST_LINE) or before != b"\n":
        return Quote("changed", why="the log was written anew since it was read", at=offset)
    return Quote("read", line.strip(b"\r\n"), at=offset)
