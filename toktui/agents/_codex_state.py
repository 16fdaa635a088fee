"""What the parser of Codex's rollouts keeps from line to line."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from toktui.agents._codex_rows import Total
from toktui.model import Tier


class State(Struct, array_like=True):
    """Stored with the checkpoint of a log, so it stays small."""

    thread: str
    named: bool = False
    """The thread is known from a `session_meta`, not only from the name of the log."""
    parent: str = ""
    spawned: bool = False
    role: str = ""
    project: str = ""
    branch: str = ""
    version: str = ""
    model: str = ""
    settings_model: str = ""
    tier: Tier = "standard"
    window: int = 0
    started_ms: int | None = None
    replay_ends: int | None = None
    early: bool = True
    copied: bool = False
    """The log holds another session's `session_meta`: history was copied into it."""
    recorded: bool = False
    """An own record stands in this log: `token_count` counts no more."""
    record_key: str = ""
    record_total: Total | None = None
    stretch: int = 0
    total: Total | None = None
    key: str = ""
    """Key of the call that the present total reports; empty if a record reports it."""
    totals: dict[str, int] = {}
    """Totals seen, with their stretch, the oldest first."""
    commits: list[str] = []
    """Ids of tool calls that make a commit and have no result yet, the oldest first."""


load_state: Final = msgspec.msgpack.Decoder(State).decode
