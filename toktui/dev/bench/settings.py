"""How large and how long to measure."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Sizes in bytes; `runs` is how often each timing is repeated."""

    folder: Path
    now_ms: int
    size: int
    calls: int
    logs: int
    runs: int
    idle_s: float
    with_peer: bool

    @property
    def fewer_calls(self) -> int:
        """A tenth: what growth is measured against."""
        return self.calls // 10
