"""What is remembered of each session between two answers: what was kept, and the last line.

<data>/statusline/<session>.txt: the kept record without its time on the first line, the answer on
the second. Whoever cannot read or write it answers all the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.ingest.spool import make_folder

if TYPE_CHECKING:
    from collections.abc import Generator

    from toktui.statusline.heard import Record

_ENDING: Final = ".txt"
_LARGEST: Final = 16 << 10
_TIDY_ABOVE: Final = 64
"""Sessions; above it those that nobody has asked about for a week are forgotten."""
_OLD_S: Final = 7 * 86_400


class Remembered(NamedTuple):
    """Of one session; empty if there is nothing."""

    kept: Record
    line: str


def recall(folder: str, session: str) -> Remembered:
    """What was remembered last."""
    try:
        with open(_path(folder, session), "rb") as file:
            kept, _, line = file.read(_LARGEST).partition(b"\n")
        found = json.loads(kept)
        return Remembered(found if isinstance(found, dict) else {}, line.decode().rstrip("\n"))
    except (OSError, ValueError, RecursionError):
        return Remembered({}, "")


def remember(folder: str, session: str, what: Remembered) -> None:
    """Puts it in the place of what was there, whole."""
    path = _path(folder, session)
    part = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        make_folder(folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(part, flags, 0o600)
        try:
            os.write(file, f"{json.dumps(what.kept)}\n{what.line}\n".encode())
        finally:
            os.close(file)
        os.replace(part, path)


def _path(folder: str, session: str) -> str:
    return f"{folder}/{session}{_ENDING}"


@contextlib.contextmanager
def only_one(folder: str) -> Generator[bool]:
    """Whether this process is the one that may work now; held until the block ends."""
    try:
        make_folder(folder)
        lock = os.open(
            f"{folder}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
    except OSError:
        yield True  # Nobody can be counted where nothing can be written.
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def tidy(folder: str, now_ms: int) -> None:
    """Forgets sessions that have long ended, and what a killed process left half written."""
    with contextlib.suppress(OSError):
        names = os.listdir(folder)
        if len(names) <= _TIDY_ABOVE:
            return
        before = now_ms / 1000 - _OLD_S
        for name in names:
            path = f"{folder}/{name}"
            if _ENDING in name and os.stat(path).st_mtime < before:
                os.unlink(path)
