"""Logs of our own making: what an agent hands to a hook or a status line, kept until it is read.

<data>/spool/<agent>/<name>-<number>.jsonl, a record per line, given to that agent's `parse` like
any log of its own. Whoever appends is started by an agent, many at a time, and must not take long:
one write per record, no lock, and nothing imported that takes time.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.config import Config
    from toktui.ingest.discover import Root

LARGEST: Final = 1 << 20
"""Bytes after which the next log of a spool begins."""
KEPT: Final = 2
_ENDING: Final = ".jsonl"
_DIGITS: Final = 6
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def append(
    folder: str, name: str, record: bytes, *, largest: int = LARGEST, kept: int | None = KEPT
) -> None:
    """Adds a record, one line without its newline, to the newest log `name` in a spool's folder.

    Only the newest `kept` logs stay; None: all. Raises OSError where it cannot be kept.
    """
    try:
        numbers = _numbers(folder, name)
    except FileNotFoundError:
        make_folder(folder)
        numbers = []
    newest = numbers[-1] if numbers else 1
    if numbers and _size(_path(folder, name, newest)) >= largest:
        newest += 1
        for number in numbers[: len(numbers) + 1 - kept] if kept is not None else ():
            _remove(_path(folder, name, number))
    log = os.open(_path(folder, name, newest), _FLAGS, 0o600)
    try:
        size = os.fstat(log).st_size
        # Another one's write may look torn while it goes on: then there is a blank line too many.
        torn = bool(size) and os.pread(log, 1, size - 1) != b"\n"
        os.write(log, (b"\n" if torn else b"") + record + b"\n")
    finally:
        os.close(log)


def make_folder(folder: str) -> None:
    """Makes a folder and what is missing above it, for the user alone."""
    if folder and not os.path.isdir(folder):
        make_folder(os.path.dirname(folder))
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def _path(folder: str, name: str, number: int) -> str:
    return f"{folder}/{name}-{number:0{_DIGITS}}{_ENDING}"


def _numbers(folder: str, name: str) -> list[int]:
    """Numbers of the logs that there are, the newest last."""
    start = len(name) + 1
    texts = (
        each[start : -len(_ENDING)]
        for each in os.listdir(folder)
        if each.startswith(f"{name}-") and each.endswith(_ENDING)
    )
    return sorted(int(text) for text in texts if text.isascii() and text.isdigit())


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):  # another one that appends may be faster
        os.unlink(path)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def spool_roots(spool: Path, config: Config) -> list[Root]:
    """The folders of a spool that belong to enabled agents."""
    from toktui.agents import agent_names  # noqa: PLC0415  those who append do not need it
    from toktui.ingest.discover import Root  # noqa: PLC0415

    try:
        with os.scandir(spool) as entries:
            names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    except OSError:
        return []
    real = os.path.realpath(spool)
    return [
        Root(name, os.path.join(real, name))
        for name in sorted(names.intersection(agent_names()))
        if config.agent(name).enabled
    ]
