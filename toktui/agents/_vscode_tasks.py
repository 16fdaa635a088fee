"""Tasks of the Cline family, `tasks/<id>/ui_messages.json`: where they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from toktui.agents.base import Agent, Document
from toktui.agents.folders import named_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Turn

HOSTS: Final = (
    "Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Trae", "Kiro", "Antigravity",
    "Positron",
)  # fmt: skip
SERVERS: Final = (
    ".vscode-server/data", ".vscode-server-insiders/data", ".vscodium-server/data",
    ".cursor-server/data", ".windsurf-server/data", ".local/share/code-server",
)  # fmt: skip
MESSAGES: Final = "ui_messages.json"
BESIDE: Final = ("api_conversation_history.json", "task_metadata.json", "history_item.json")


class TaskAgent(Agent):
    """An agent that keeps its tasks in the storage of a VS Code extension."""

    extension: str
    total_since_ms: int | None = None
    """From when on `tokensIn` is the whole prompt; None: it is what no cache knew."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        bases = [
            named_folder(home, env, "XDG_CONFIG_HOME") or home / ".config",
            home / "Library/Application Support",
            home / "AppData/Roaming",
        ]
        places = [base / host for base in bases for host in HOSTS]
        places += [home / server for server in SERVERS]
        return [place / "User/globalStorage" / self.extension for place in places]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / self.extension, folder / "User/globalStorage" / self.extension]

    def is_log(self, parts: Sequence[str]) -> bool:
        return len(parts) == 3 and parts[0] == "tasks" and parts[2] == MESSAGES

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] == "tasks" and len(parts) <= 2

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False), (f"{root}/tasks", True)]

    def is_document(self, path: str) -> bool:
        return True

    def beside(self, path: str) -> Sequence[str]:
        folder = os.path.dirname(path)
        return [f"{folder}/{name}" for name in BESIDE]

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents._task_messages import read_task  # noqa: PLC0415  if there are any

        del since
        return read_task(path, self.total_since_ms)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents._task_messages import task_places  # noqa: PLC0415  if there are any

        return {place: data for place, data in task_places(path) if place in places}

    def turns(self, path: str, place: int) -> Sequence[Turn]:
        from toktui.agents import _task_conversation as conversation  # noqa: PLC0415  on demand

        return conversation.turns_before_the_last_answer(path)
