"""Logs and ids of made-up work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_lines(path: Path, lines: Iterable[str], mtime_ms: int | None = None) -> None:
    """Puts a log where it belongs, last changed at `mtime_ms`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    if mtime_ms is not None:
        os.utime(path, (mtime_ms / 1000, mtime_ms / 1000))


def uuid(number: int) -> str:
    """A session's id that tells its number to nobody."""
    return f"{(number * 2654435761) % 2**32:08x}-0000-4000-8000-{number:012d}"
