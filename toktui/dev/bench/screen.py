"""The real program on a terminal of our own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROWS, _COLUMNS = 45, 160
_BLOCK: Final = 1 << 16


class Screen:
    """Starts a command on a pseudo terminal and reads what it draws."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], list(command), dict(env))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))

    def read(self, wait_s: float) -> bytes:
        """What is drawn next; empty if nothing is within the time."""
        ready, _, _ = select.select([self._fd], [], [], max(0.0, wait_s))
        if not ready:
            return b""
        try:
            return os.read(self._fd, _BLOCK)
        except OSError:
            return b""

    def seconds_until(self, mark: bytes, *, since: float, wait_s: float) -> float | None:
        """When `mark` has been drawn, in seconds after `since`; None if it is not in time."""
        seen = b""
        while (left := since + wait_s - time.perf_counter()) > 0:
            drawn = self.read(left)
            seen = seen[-len(mark) :] + drawn
            if mark in seen:
                return time.perf_counter() - since
        return None

    def until_quiet(self, *, quiet_s: float, wait_s: float) -> bool:
        """Waits until nothing has been drawn for `quiet_s`; whether that was in time."""
        ends = time.perf_counter() + wait_s
        while time.perf_counter() < ends:
            if not self.read(quiet_s):
                return True
        return False

    def drawn_in(self, seconds: float) -> int:
        """Bytes that are drawn within the time."""
        ends = time.perf_counter() + seconds
        count = 0
        while (left := ends - time.perf_counter()) > 0:
            count += len(self.read(left))
        return count

    def close(self) -> None:
        """Presses q; a program that stays is ended."""
        try:
            os.write(self._fd, b"q")
            for _ in range(50):
                self.read(0.05)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        finally:
            os.close(self._fd)
