"""One writer per store: an advisory lock, and how another process asks its holder for something.

The lock is `flock` on a file that holds only words for people. Requests and answers are the
modification times of two files beside it, so that neither needs a connection between processes.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from toktui.errors import ReadOnlyError, StoreError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

Request = Literal["catch-up", "lock"]

CATCH_UP_MS: Final = 300
LOCK_S: Final = 10.0
_STEP_S: Final = 0.01


class StoreLock:
    """The lock of one store; held from `acquire` to `release`, or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ask = path.with_suffix(".ask")
        self._answer = path.with_suffix(".answer")
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    def acquire(self, who: str) -> bool:
        """Takes the lock if it is free; `who` is what others show while it is held."""
        if self._fd is not None:
            return True
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _not_to_be_opened(self.path, error) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError as error:
            os.close(fd)
            raise StoreError(
                f"{clean(str(self.path))} cannot be locked: {error.strerror}",
                "Set TOKTUI_DATA_DIR to a folder on a local disk.",
            ) from error
        self._fd = fd
        with suppress(OSError):  # a full disk; the words are for people only
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{who} (process {os.getpid()})\n".encode(), 0)
        return True

    def release(self) -> None:
        """Gives the lock up."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def holder(self) -> str:
        """Who holds the lock, for people."""
        try:
            return clean(self.path.read_text(errors="replace").strip()) or "another toktui"
        except OSError:
            return "another toktui"

    def request(self, what: Request) -> int:
        """Asks the holder for something; gives the ticket that its answer will reach.

        Tickets rise even where the clock stands still or is set back.
        """
        last = max(_mtime(self._ask), _mtime(self._answer))
        try:
            fd = os.open(self._ask, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _not_to_be_opened(self._ask, error) from error
        try:
            with suppress(OSError):  # on a full disk every request is one to catch up
                os.write(fd, what.encode())
        finally:
            os.close(fd)
        if _mtime(self._ask) <= last:
            os.utime(self._ask, ns=(last + 1, last + 1))
        return _mtime(self._ask)

    def wait_for_answer(self, ticket: int, wait_ms: int) -> bool:
        """Whether the holder has caught up with the ticket within the time."""
        end = time.monotonic() + wait_ms / 1000
        while time.monotonic() < end:
            if _mtime(self._answer) >= ticket:
                return True
            time.sleep(_STEP_S)
        return False

    def pending(self, answered: int) -> tuple[int, Request] | None:
        """A request newer than the ticket that was answered last, for the holder."""
        ticket = _mtime(self._ask)
        if ticket <= answered:
            return None
        try:
            what = self._ask.read_text(errors="replace")
        except OSError:
            return None
        return ticket, "lock" if what == "lock" else "catch-up"

    def answer(self, ticket: int) -> None:
        """Tells everybody who waits for `ticket` or an earlier one."""
        self._answer.touch(mode=0o600)
        os.utime(self._answer, ns=(ticket, ticket))

    def done_so_far(self) -> int:
        """The newest ticket that a new holder need not answer; he does answer a catch-up."""
        answered = _mtime(self._answer)
        pending = self.pending(answered)
        return answered if pending is not None and pending[1] == "catch-up" else _mtime(self._ask)

    def insist(self, who: str, *, wait_s: float = LOCK_S) -> None:
        """Takes the lock, asking a holder to yield it; StoreError names him after `wait_s`."""
        end = time.monotonic() + wait_s
        for _ in self._tries(end):
            if self.acquire(who):
                return
        raise StoreError(
            f"The store is being written by {self.holder()}.",
            "Try again when it has finished, or quit it.",
        )

    def _tries(self, end: float) -> Iterator[None]:
        asked = 0.0
        yield
        while (now := time.monotonic()) < end:
            if now - asked > 1:
                self.request("lock")
                asked = now
            time.sleep(_STEP_S)
            yield


def _not_to_be_opened(path: Path, error: OSError) -> ReadOnlyError:
    return ReadOnlyError(
        f"cannot open {clean(str(path))}: {error.strerror}",
        "Make the folder writable, or set TOKTUI_DATA_DIR to another one.",
    )


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
