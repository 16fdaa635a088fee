"""The files of a SQLite database that another program writes, as they are at one moment.

Nothing is locked, so the writer goes on while we read. What makes the bytes that were read one
state of the database is shown afterwards, by `Files.unchanged`:

* Without a write-ahead log, the main file is the database. It is the same if neither its stat nor
  its change counter has moved, and no journal of either kind was at work before or after.
* With one, a page comes from the log's frames, which stay as they are until the log begins anew
  (other salts), or else from the main file. A checkpoint may bring a page of a later commit into
  the main file; such a page is in a frame behind those that were read. So the state is whole if
  the log has not begun anew and none of the frames behind has a page that the main file gave.
"""

from __future__ import annotations

import os
import stat
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.agents.base import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAGIC: Final = b"SQLite format 3\0"
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_FRAME: Final = Struct(">II8s8s")
"""Page, pages of the database after a commit (0: no commit), salts, check sums."""


class _State(NamedTuple):
    size: int
    mtime_ns: int
    ctime_ns: int
    counter: bytes


class Files:
    """The main file, and the write-ahead log as long as it is now; what was read of them."""

    def __init__(self, path: str) -> None:
        """Raises OSError (`UnreadableError`) for anything but a database."""
        self._path = path
        self._main = _opened(path)
        self._log = -1
        try:
            self._page_size = self._read_page_size()
            self._log = _opened_if_there(f"{path}-wal")
            self._log_header = _log_header(self._log)
            self._frames = self._frames_in(self._log)
            self.log_size = self._log_size()
            # After the log: what a checkpoint took from its former life is in the main file.
            self._before = self._state()
            self.size = self._before.size
            self._given = bytearray(self.size // self._page_size + 1)
            self._looked_at = -1
            self.unrest = self._unrest()
            """What says that the main file is in the middle of a write; empty: nothing does."""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for fd in (self._main, self._log):
            if fd >= 0:
                os.close(fd)
        self._main = self._log = -1

    def read_main(self, amount: int, offset: int) -> bytes:
        if amount >= self._page_size:
            page = offset // self._page_size
            if page < len(self._given):
                self._given[page] = 1
        return os.pread(self._main, max(0, min(amount, self.size - offset)), offset)

    def read_log(self, amount: int, offset: int) -> bytes:
        if offset + amount <= _LOG_HEADER:
            return self._log_header[offset : offset + amount]
        if amount == self._page_size + _FRAME_HEADER:
            self._looked_at = max(self._looked_at, (offset - _LOG_HEADER) // amount)
        return os.pread(self._log, max(0, min(amount, self.log_size - offset)), offset)

    def unchanged(self) -> bool:
        """Whether all that was read so far is one state of the database."""
        if _is_hot(f"{self._path}-journal") or not self._is_in_place():
            return False
        log = _opened_if_there(f"{self._path}-wal")
        try:
            if _log_header(log) != self._log_header:
                return False
            if not self._log_header:
                return self._state() == self._before
            return not any(map(self._was_given, self._behind(log)))
        finally:
            if log >= 0:
                os.close(log)

    def _was_given(self, page: int) -> bool:
        return 0 < page <= len(self._given) and self._given[page - 1] == 1

    def _behind(self, log: int) -> Iterator[int]:
        """Pages of the frames that may be behind those that SQLite took for committed.

        SQLite looks at frames in order up to one that does not fit; all before that one do. Where
        the log is as it was, only a commit whose last frame was half written then is behind.
        """
        now, last = self._frames_in(log), self._looked_at
        begin, end = max(0, last), last + 1
        if now != self._frames:
            committed = (nth for nth in range(last - 1, -1, -1) if _frame(self._frames, nth)[1])
            begin, end = next(committed, -1) + 1, len(now) // _FRAME_HEADER
        for nth in range(begin, end):
            page, commits, *_ = _frame(now, nth)
            if commits or now != self._frames:
                yield page

    def _frames_in(self, log: int) -> bytes:
        """The headers of the log's whole frames; those of its former lives have other salts."""
        found = bytearray()
        if self._log_header:
            salts = self._log_header[16:24]
            step = self._page_size + _FRAME_HEADER
            for offset in range(_LOG_HEADER, os.fstat(log).st_size - step + 1, step):
                header = os.pread(log, _FRAME_HEADER, offset)
                if header[8:16] != salts:
                    break
                found += header
        return bytes(found)

    def _log_size(self) -> int:
        """What SQLite is shown of the log: no frame that was not there at the first look."""
        frames = len(self._frames) // _FRAME_HEADER
        return _LOG_HEADER + frames * (self._page_size + _FRAME_HEADER) if self._log_header else 0

    def _read_page_size(self) -> int:
        head = os.pread(self._main, 20, 0)
        if not head:
            raise UnreadableError("an empty file, not a database")
        size = int.from_bytes(head[16:18], "big")
        size = 1 << 16 if size == 1 else size
        if not head.startswith(_MAGIC) or size < 512 or size & (size - 1):
            raise UnreadableError("not a database, or encrypted")
        return size

    def _unrest(self) -> str:
        if _is_hot(f"{self._path}-journal") or not self._is_in_place():
            return "is being written, or a write was interrupted"
        if not self._frames and self.size < self._claimed_size():
            return "damaged or half copied"
        return ""

    def _claimed_size(self) -> int:
        """Bytes that the main file has by its own header, if the header counts them."""
        head = os.pread(self._main, 100, 0)
        counts_them = len(head) == 100 and head[24:28] == head[92:96]
        return int.from_bytes(head[28:32], "big") * self._page_size if counts_them else 0

    def _state(self) -> _State:
        status = os.fstat(self._main)
        counter = os.pread(self._main, 4, 24)
        return _State(status.st_size, status.st_mtime_ns, status.st_ctime_ns, counter)

    def _is_in_place(self) -> bool:
        """The path still names the file that is open."""
        try:
            there = os.lstat(self._path)
        except OSError:
            return False
        here = os.fstat(self._main)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _frame(headers: bytes, nth: int) -> tuple[int, int, bytes, bytes]:
    page, commits, salts, sums = _FRAME.unpack_from(headers, nth * _FRAME_HEADER)
    return page, commits, salts, sums


def _opened(path: str) -> int:
    fd = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnreadableError("not a regular file")
    return fd


def _opened_if_there(path: str) -> int:
    try:
        return _opened(path)
    except FileNotFoundError:
        return -1


def _log_header(log: int) -> bytes:
    """The header of a write-ahead log; empty where there is no log, or nothing in it."""
    header = os.pread(log, _LOG_HEADER, 0) if log >= 0 else b""
    return header if len(header) == _LOG_HEADER else b""


def _is_hot(journal: str) -> bool:
    """Whether a rollback journal is at work: there, with a header that is not wiped."""
    try:
        fd = _opened(journal)
    except FileNotFoundError:
        return False
    try:
        return os.pread(fd, 1, 0) not in (b"", b"\0")
    finally:
        os.close(fd)
