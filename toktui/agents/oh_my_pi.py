"""Oh My Pi (omp).

Logs:     ~/.omp/agent/sessions/<folder>/<time>_<session>.jsonl, a sub-agent's or adviser's in
          <time>_<session>/<name>.jsonl beside it; ~/.omp/profiles/<profile>/agent/sessions/**;
          $OMP_AGENT_DIR for ~/.omp/agent. $PI_CODING_AGENT_DIR is looked into as Pi's
Record:   `message` rows of the assistant with `usage`; `model_usage` rows for titles and other
          calls beside the conversation
Tokens:   the four buckets are disjoint, `orchestration` is beside them, reasoning is inside
          `output`; `cttl` tells how long cache writes last, else the short lifetime
Identity: `responseId`; else, and beside the short ids of local servers, model, time and usage;
          forks copy rows as they are
Exactness: exact; a response whose provider gave no counts is a placeholder; its dollars are list
          cost of its own table
Live:     tailed: a response is on screen as soon as its row is written
Seen:     14 to 17; golden/oh-my-pi/
Unknown:  rows that failed or were aborted before anything was counted are no calls; sessions that
          were brought over from other agents (`bridge/`) are not read
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from toktui.agents._pi_rows import PiAgent, PiState
from toktui.agents.folders import named_folder
from toktui.agents.lines import name_in
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FOLDER: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9-]+Z?_(.+)")
"""The folder of a session: its sub-agents' logs are in it."""


class _OhMyPi(PiAgent):
    name = "oh-my-pi"
    label = "Oh My Pi"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        folder = named_folder(home, env, "OMP_AGENT_DIR") or home / ".omp" / "agent"
        return [folder / "sessions", home / ".omp" / "profiles"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        if folder.name in ("sessions", "profiles"):
            return [folder]
        return [folder / "sessions", folder / "agent" / "sessions", folder / "profiles"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].endswith(".jsonl") and "bridge" not in parts

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[-1] != "bridge"

    def start(self, path: str) -> PiState:
        state = super().start(path)
        found = _FOLDER.fullmatch(name_in(path, 1))
        state.spawner = clean_id(found[1]) if found else ""
        return state


AGENT: Final = _OhMyPi()
