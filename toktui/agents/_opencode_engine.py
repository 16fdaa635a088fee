"""The engine of OpenCode, which other agents are built on: where its logs are, and how read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from toktui.agents.base import Agent, Document, UnreadableError
from toktui.agents.folders import data_home, expanded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Turn

_DATABASE: Final = ".db"


class OpenCodeEngine(Agent):
    """An agent that keeps OpenCode's files and databases under a name of its own."""

    PARSER = 3
    folder: str
    """Below the folder for data; also how its databases' names begin."""
    database_variable: str
    """Names the database, where it is another one."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        usual = data_home(home, env) / self.folder
        named = env.get(self.database_variable, "").strip()
        if not named or named.startswith(":"):
            return [usual]
        return [usual, (usual / expanded(named, home)).parent]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / ".local/share" / self.folder]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) == 1:
            return parts[0].endswith(_DATABASE)
        return (
            len(parts) == 4
            and parts[0] == "storage"
            and parts[1] in ("message", "session")
            and parts[3].endswith(".json")
        )

    def is_entered(self, parts: Sequence[str]) -> bool:
        if parts[0] != "storage" or len(parts) > 3:
            return False
        return len(parts) == 1 or parts[1] in ("message", "session")

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False), (f"{root}/storage/message", True)]

    def is_document(self, path: str) -> bool:
        return True

    def is_database(self, path: str) -> bool:
        return path.endswith(_DATABASE)

    def beside(self, path: str) -> Sequence[str]:
        if self.is_database(path):
            return super().beside(path)
        return (parts_folder(path),) if _kind(path) == "message" else ()

    def read(self, path: str, since: bytes) -> Document:
        if not self.is_database(path):
            from toktui.agents import _opencode_files as files  # noqa: PLC0415  if there are any

            is_session = _kind(path) == "session"
            return files.read_session(path) if is_session else files.read_message_file(path)
        from toktui.agents._opencode_database import read_database  # noqa: PLC0415  loads SQLite

        found = read_database(path, since)
        if found is None and os.path.basename(path).startswith(self.folder):
            raise UnreadableError("another schema: no table of messages")
        return found or Document()

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        if not self.is_database(path):
            from toktui.agents._opencode_files import message_calls  # noqa: PLC0415

            return {call.place: call.data for call in message_calls(path) if call.place in places}
        from toktui.agents._opencode_quotes import find_entries  # noqa: PLC0415  loads SQLite

        return find_entries(path, places)

    def turns(self, path: str, place: int) -> Sequence[Turn]:
        from toktui.agents import _opencode_conversation as conversation  # noqa: PLC0415

        if self.is_database(path):
            return conversation.turns_in_database(path, place)
        return conversation.turns_in_files(path, place)


def parts_folder(path: str) -> str:
    """Where the parts of the message in a file are."""
    storage, _, _, name = path.rsplit("/", 3)
    return f"{storage}/part/{name.removesuffix('.json')}"


def _kind(path: str) -> str:
    return path.rsplit("/", 3)[1]
