"""Processes of ours, and the messages that go to and fro: each with its length before it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO, Final

_SIZE: Final = 4
_READ: Final = 1 << 18


def start_module(
    module: str, *args: str, own_session: bool = False, bufsize: int = -1
) -> subprocess.Popen[bytes]:
    """Runs a module of ours with its stdin and stdout as pipes. Raises OSError.

    In a session of its own, what is typed into the terminal does not reach it.
    """
    # -P: a folder named toktui where the user happens to be is not ours.
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=own_session,
        bufsize=bufsize,
    )


def send(pipe: IO[bytes], message: bytes) -> None:
    """Writes a message and lets it go."""
    pipe.write(len(message).to_bytes(_SIZE, "big") + message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Waits for the next message; empty where the other side has ended."""
    size = int.from_bytes(pipe.read(_SIZE), "big")
    return pipe.read(size) if size else b""


class Inbox:
    """Takes messages as they come, without waiting. What is longer than `most` bytes is cut: it is
    none of ours."""

    def __init__(self, pipe: IO[bytes], *, most: int) -> None:
        self._pipe = pipe.fileno()
        self._most = most
        self._came = bytearray()
        os.set_blocking(self._pipe, False)

    def next(self) -> bytes | None:
        """The next message, if all of it has come. EOFError where the other side has ended."""
        if not self._is_whole():
            try:
                came = os.read(self._pipe, _READ)
            except BlockingIOError:
                return None
            if not came:
                raise EOFError
            self._came += came
        if not self._is_whole():
            return None
        end = _SIZE + self._size
        message = bytes(self._came[_SIZE:end])
        del self._came[:end]
        return message

    @property
    def _size(self) -> int:
        return min(self._most, int.from_bytes(self._came[:_SIZE], "big"))

    def _is_whole(self) -> bool:
        return len(self._came) >= _SIZE and len(self._came) >= _SIZE + self._size
