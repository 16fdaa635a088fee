"""Amp.

Logs:      <data>/amp/threads/T-<thread>.json; <data> is $XDG_DATA_HOME, else ~/.local/share, on
           macOS and Windows, too; the folder of $AMP_DATA_DIR
Record:    an assistant message with `usage`; of older threads an event of `usageLedger`
Tokens:    `inputTokens`, `cacheCreationInputTokens` and `cacheReadInputTokens` are disjoint;
           `totalInputTokens` is their sum
Identity:  thread and number of the message
Exactness: exact; an event of the ledger whose message has no usage is residual
Live:      the thread's document, written anew with each change
Seen:      threads of 2025 and 2026; golden/amp/
Unknown:   sub-agents and the oracle, which no local file tells of; threads that were never on
           this machine; of oldest threads time and model, counted at the thread's beginning
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents.base import Agent, Document
from toktui.agents.folders import data_home, named_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


class _Amp(Agent):
    name = "amp"
    label = "Amp"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = named_folder(home, env, "AMP_DATA_DIR")
        usual = data_home(home, env) / "amp"
        return [named, usual] if named else [usual]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / ".local/share/amp"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return len(parts) == 2 and parts[0] == "threads" and parts[1].endswith(".json")

    def is_entered(self, parts: Sequence[str]) -> bool:
        return tuple(parts) == ("threads",)

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False), (f"{root}/threads", False)]

    def is_document(self, path: str) -> bool:
        return True

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents._amp_threads import read_thread  # noqa: PLC0415  if there are any

        del since
        return read_thread(path)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents._amp_threads import thread_places  # noqa: PLC0415  if there are any

        return {place: data for place, data in thread_places(path) if place in places}


AGENT: Final = _Amp()
