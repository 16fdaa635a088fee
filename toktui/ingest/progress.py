"""What the ingest says of itself, as frozen values that may cross to another thread."""

from __future__ import annotations

from typing import Literal

import msgspec

Phase = Literal["starting", "indexing", "live", "following", "stopped", "failed"]
"""`indexing` reads a backlog, `live` follows the logs, `following` reads along while another
process writes."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Something that cannot be read; both strings are clean."""

    place: str
    why: str


class Progress(msgspec.Struct, frozen=True, gc=False):
    """How far the ingest is. Bytes and logs are those of the backlog."""

    phase: Phase = "starting"
    bytes_done: int = 0
    bytes_total: int = 0
    logs_done: int = 0
    logs_total: int = 0
    bytes_per_s: float = 0.0
    logs_known: int = 0
    agents: tuple[str, ...] = ()
    """Agents that have logs on this machine."""
    holder: str = ""
    """Who writes, while we follow: program and process id."""
    notice: str = ""
    """One clean sentence for the user: no space left, a newer store, a restored one."""
    problems: tuple[Problem, ...] = ()

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None while it is not known."""
        if not self.bytes_per_s:
            return None
        return (self.bytes_total - self.bytes_done) / self.bytes_per_s


class Change(msgspec.Struct, frozen=True, gc=False):
    """A commit: `stamp` is its UTC time in milliseconds, stored with each call that it wrote."""

    stamp: int
    new: int
    updated: int
    progress: Progress
