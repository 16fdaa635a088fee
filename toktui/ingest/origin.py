"""Which bytes of a log something was made from, and whether they are still there."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.agents import agent
from toktui.ingest.tail import open_log, stat_beside

if TYPE_CHECKING:
    import sqlite3

    from toktui.ingest.tail import Stat

State = Literal["same", "changed", "gone"]

_BLOCK: Final = 1 << 20


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """A log as it was read: all bytes before `end`, or the whole of a document."""

    log: int
    """Its number in the store."""
    end: int
    """0: a document."""
    digest: bytes
    """Of the bytes before `end`."""
    stat: tuple[int, int, int, int]
    """Device, inode, size and time of change in nanoseconds, before it was read."""


def stat_now(name: str, path: str) -> tuple[int, int, int, int]:
    """What the file system says of a log of this agent; OSError where it is gone."""
    found: Stat = stat_beside(agent(name), path, os.stat(path, follow_symlinks=False))
    return found.device, found.inode, found.size, found.mtime_ns


def digest_of(fd: int, end: int) -> bytes:
    """Of all bytes before `end`; of fewer, where there are fewer. Takes a second per GB."""
    from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL

    digest = blake2b(digest_size=16)
    at = 0
    while at < end and (data := os.pread(fd, min(_BLOCK, end - at), at)):
        digest.update(data)
        at += len(data)
    return digest.digest()


def state_of(db: sqlite3.Connection, name: str, origin: Origin) -> State:
    """What has become of it. A log that has only grown is the same; one that cannot be read is
    gone."""
    row = db.execute("select path from log where id = ?", (origin.log,)).fetchone()
    if row is None:
        return "gone"
    with suppress(OSError):
        if stat_now(name, row[0]) == origin.stat:
            return "same"
        return "same" if origin.end and _digest(row[0], origin.end) == origin.digest else "changed"
    return "gone"


def _digest(path: str, end: int) -> bytes:
    fd, _ = open_log(path)
    try:
        return digest_of(fd, end)
    finally:
        os.close(fd)
