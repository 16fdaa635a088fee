"""What the parser of Claude Code's logs keeps from line to line."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field

from toktui.agents._claude_weak import WeakIds
from toktui.text import clean

_SEARCHES_KEPT: Final = 64
_SESSIONS_KEPT: Final = 1024
"""Sessions of one log whose folder is remembered; logs of agents hold a few."""


class State(Struct, array_like=True):
    """Stored with the checkpoint of a log, so it stays small."""

    stem: str
    agent_id: str
    projects: dict[str, str] = {}
    """Working folders by session, the oldest first."""
    searches: dict[str, str] = {}
    """Keys of calls by the search that they asked for, the oldest first."""
    weak: WeakIds = field(default_factory=WeakIds)
    commits: list[str] = []
    """Ids of tool calls that make a commit and have no result yet, the oldest first."""

    def project(self, session: str, cwd: str | None) -> str:
        """The first working folder of a session in this log."""
        known = self.projects.get(session)
        if known is None and cwd:
            known = self.projects[session] = clean(cwd, 512)
            if len(self.projects) > _SESSIONS_KEPT:
                del self.projects[next(iter(self.projects))]
        return known or ""

    def asked_for(self, search: str, key: str) -> None:
        """Notes the call that asked for a search; very old ones are forgotten."""
        self.searches[search] = key
        if len(self.searches) > _SEARCHES_KEPT:
            del self.searches[next(iter(self.searches))]


load_state: Final = msgspec.msgpack.Decoder(State).decode
