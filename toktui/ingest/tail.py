"""The bytes of a log since a checkpoint, whatever its writer did to it in between."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.ingest.zst import decompressed, is_compressed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.agents.base import Agent

BLOCK: Final = 256 << 10
"""Bytes per read: small enough to stay in the processor's cache while it is searched."""
LONGEST_LINE: Final = 32 << 20
_HEAD: Final = 4096
_TAIL: Final = 256


class Stat(msgspec.Struct, frozen=True, gc=False):
    """What the file system says of a log."""

    device: int
    inode: int
    size: int
    mtime_ns: int


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a log is read and how to know it again: `offset` is just behind a newline."""

    offset: int = 0
    head: bytes = b""
    tail: bytes = b""


class Block(msgspec.Struct, frozen=True, gc=False):
    """Whole lines: what `data` has from `start` to its last newline.

    They lie in the log from `at` to `end`. `data` is empty for a line that is too long to be read.
    """

    at: int
    data: bytes
    start: int
    end: int


def open_log(path: str) -> tuple[int, Stat]:
    """A descriptor for reading a regular file, and its stat; OSError for anything else.

    Neither a link nor a pipe is opened: a FIFO named like a log must not block. Of a compressed
    log the descriptor gives the decompressed bytes, while the stat stays that of the file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"not a regular file: {path}")
        if is_compressed(path):
            packed, fd = fd, decompressed(fd)
            os.close(packed)
    except BaseException:
        os.close(fd)
        raise
    return fd, Stat(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def stat_beside(agent: Agent, path: str, status: os.stat_result) -> Stat:
    """The stat of a log that is a regular file, with what waits beside it."""
    size, mtime_ns = status.st_size, status.st_mtime_ns
    if agent.is_document(path):
        for place in agent.beside(path):
            try:
                other = os.stat(place, follow_symlinks=False)
            except OSError:
                continue
            size, mtime_ns = size + other.st_size, max(mtime_ns, other.st_mtime_ns)
    return Stat(status.st_dev, status.st_ino, size, mtime_ns)


def length_of(fd: int) -> int:
    """How many bytes a log has, decompressed."""
    return os.fstat(fd).st_size


def is_same(fd: int, mark: Mark) -> bool:
    """Whether the file still begins with what was read up to the mark."""
    if length_of(fd) < mark.offset:
        return False
    return mark.offset == 0 or (
        _digest(os.pread(fd, min(_HEAD, mark.offset), 0)) == mark.head
        and _digest(_before(fd, mark.offset)) == mark.tail
    )


def mark_at(fd: int, offset: int) -> Mark:
    """The mark for everything before `offset`."""
    if offset == 0:
        return Mark()
    head = _digest(os.pread(fd, min(_HEAD, offset), 0))
    return Mark(offset, head, _digest(_before(fd, offset)))


def _before(fd: int, offset: int) -> bytes:
    start = max(0, offset - _TAIL)
    return os.pread(fd, offset - start, start)


def _digest(data: bytes) -> bytes:
    from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL, which a look at sizes does not need

    return blake2b(data, digest_size=8).digest()


def blocks(fd: int, offset: int, *, size: int = BLOCK) -> Iterator[Block]:
    """Whole lines from `offset` to the last newline; a line longer than LONGEST_LINE comes empty.

    Memory is bounded by a block and one longest line.
    """
    carry = bytearray()
    at = reading = offset
    while data := os.pread(fd, size, reading):
        reading += len(data)
        start = 0
        if carry:
            start = data.find(b"\n") + 1
            carry += data[:start] if start else data
            if start:
                yield Block(at, bytes(carry), 0, at + len(carry))
                at += len(carry)
                carry.clear()
        if not carry:
            last = data.rfind(b"\n") + 1
            if last > start:
                yield Block(at, data, start, at + last - start)
                at += last - start
            carry += data[max(start, last) :]
        if len(carry) > LONGEST_LINE:
            carry.clear()
            skipped = _next_line(fd, reading, size)
            if skipped is None:
                return
            yield Block(at, b"", 0, skipped)
            at = reading = skipped


def _next_line(fd: int, reading: int, size: int) -> int | None:
    while data := os.pread(fd, size, reading):
        newline = data.find(b"\n")
        if newline >= 0:
            return reading + newline + 1
        reading += len(data)
    return None


def rest(fd: int, offset: int) -> bytes:
    """The last line without a newline, if there is one that can be read."""
    data = os.pread(fd, LONGEST_LINE + 1, offset)
    return b"" if len(data) > LONGEST_LINE or b"\n" in data else data
