"""The real program on a terminal of our own."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROWS, _COLUMNS = 45, 160
_PATIENCE: Final = 50
_BLOCK: Final = 1 << 16
_PAUSE_S: Final = 0.1
"""What is drawn after so much silence is another go."""


class Screen:
    """Starts a command on a pseudo terminal and reads what it draws."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._fd, inside = os.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, env=dict(env), stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self.pid = self._process.pid

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

    def drawn_in(self, seconds: float) -> tuple[int, int]:
        """Bytes that are drawn within the time, and in how many goes."""
        ends = time.perf_counter() + seconds
        count = goes = 0
        last = 0.0
        while (left := ends - time.perf_counter()) > 0:
            drawn = self.read(left)
            if drawn:
                count += len(drawn)
                goes += time.perf_counter() - last > _PAUSE_S
                last = time.perf_counter()
        return count, goes

    def close(self) -> None:
        """Presses q; a program that stays is ended."""
        try:
            os.write(self._fd, b"q")
            for _ in range(_PATIENCE):
                self.read(0.05)
                if self._process.poll() is not None:
                    return
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._fd)
