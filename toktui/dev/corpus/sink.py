"""Writes the rows of a log to its file and keeps count."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Count(Protocol):
    """What is counted while logs are written."""

    logs: int
    bytes: int
    lines: int
    calls: int
    tokens: int


class Sink:
    """Where logs go."""

    def __init__(self, count: Count) -> None:
        self._count = count

    def write(self, path: Path, rows: Iterable[bytes], ends_ms: int) -> None:
        """Writes a whole log, last touched when it ends."""
        lines = list(rows)
        data = b"\n".join(lines) + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(ends_ms * 1_000_000, ends_ms * 1_000_000))
        self._count.logs += 1
        self._count.bytes += len(data)
        self._count.lines += len(lines)

    def call(self, tokens: int) -> None:
        """Another call, once, wherever copies of it are written."""
        self._count.calls += 1
        self._count.tokens += tokens
