"""Pi.

Logs:     <home>/sessions/<folder>/<time>_<session>.jsonl; <home> is $PI_CODING_AGENT_DIR or
          $PI_AGENT_DIR, else ~/.pi/agent
Record:   `message` rows of the assistant with `usage`; in newer builds `compaction`,
          `branch_summary` and `usage` rows (a cache kept warm) with theirs
Tokens:   the four buckets are disjoint, reasoning is inside `output`; how long a cache write lasts
          is in newer builds' `cacheWrite1h`, else the short lifetime
Identity: `responseId`; in older rows, and beside the short ids of local servers, model, time and
          usage; forks copy rows as they are
Exactness: exact; a response whose provider gave no counts is a placeholder; its dollars are list
          cost of its own table
Live:     tailed: a response is on screen as soon as its row is written
Seen:     0.52 to 0.87, and the types of 1.5; golden/pi/
Unknown:  rows that failed or were aborted before anything was counted are no calls; what a tool
          says that it used is not counted, since it may be in a session of its own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents._pi_rows import PiAgent
from toktui.agents.folders import named_folders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_HOMES: Final = ("PI_CODING_AGENT_DIR", "PI_AGENT_DIR")


class _Pi(PiAgent):
    name = "pi"
    label = "Pi"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        folders = named_folders(home, env, *_HOMES) or [home / ".pi" / "agent"]
        return [root for folder in folders for root in self.roots_of(folder)]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "sessions" else folder / "sessions"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].endswith(".jsonl")


AGENT: Final = _Pi()
