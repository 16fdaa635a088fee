"""OpenClaw (before: Clawdbot, Moltbot).

Logs:     <home>/agents/<agent>/sessions/*.jsonl, the same with .deleted.<time> or .reset.<time>
          behind it, and *.checkpoint.<id>.jsonl; in newer builds the database
          <home>/agents/<agent>/agent/openclaw-agent.sqlite; <home> is $OPENCLAW_STATE_DIR, else
          ~/.openclaw, and ~/.clawdbot, ~/.moltbot, ~/.moldbot of older builds
Record:   `message` rows of the assistant with `usage`, as Pi writes them; the same in the
          database's `transcript_events`, packed or not
Tokens:   the four buckets are disjoint, reasoning is inside `output`; cache writes are taken for
          those of the short lifetime
Identity: `responseId`; else, and beside the short ids of local servers, model, time and usage; a
          checkpoint repeats its session's rows
Exactness: exact; a response whose provider gave no counts is a placeholder; its dollars are list
          cost of its own table
Live:     tailed, and the database read on: a response is on screen as soon as its row is written
Seen:     2026.1 to 2026.6, and the schema of 2026.9; golden/openclaw/
Unknown:  answers of other agents' command lines (`claude-cli`, `codex-cli`) are in those agents'
          logs; compactions are in no log
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from toktui.agents._pi_rows import PiAgent
from toktui.agents.folders import named_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document

_LOG: Final = re.compile(r".+\.jsonl(?:\.(?:deleted|reset)\.[^/]+)?")
_STORE: Final = ("agent", "openclaw-agent.sqlite")
_HOMES: Final = (".openclaw", ".clawdbot", ".moltbot", ".moldbot")


class _OpenClaw(PiAgent):
    name = "openclaw"
    label = "OpenClaw"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = named_folder(home, env, "OPENCLAW_STATE_DIR")
        if named:
            return self.roots_of(named)
        return [home / name / "agents" for name in _HOMES]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "agents" else folder / "agents"]

    def is_log(self, parts: Sequence[str]) -> bool:
        if tuple(parts[1:]) == _STORE:
            return True
        return (
            len(parts) == 3
            and parts[1] == "sessions"
            and not parts[2].endswith(".trajectory.jsonl")
            and _LOG.fullmatch(parts[2]) is not None
        )

    def is_entered(self, parts: Sequence[str]) -> bool:
        return len(parts) == 1 or (len(parts) == 2 and parts[1] in ("sessions", "agent"))

    def is_document(self, path: str) -> bool:
        return path.endswith(".sqlite")

    def is_database(self, path: str) -> bool:
        return path.endswith(".sqlite")

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents._openclaw_store import read_store  # noqa: PLC0415  loads SQLite

        return read_store(self, path, since)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents._openclaw_store import quoted_rows  # noqa: PLC0415  loads SQLite

        return quoted_rows(path, places)


AGENT: Final = _OpenClaw()
