"""Cursor.

Logs:     <user>/globalStorage/state.vscdb, <user> being ~/.config/Cursor/User, on macOS
          ~/Library/Application Support/Cursor/User, on Windows %APPDATA%/Cursor/User (a WSL user
          names it as a root); and what toktui keeps: turns from the hook, rows of exports
Record:   a turn of a conversation: what its last message counts, else its text; a `stop` of the
          hook (`toktui hook cursor --install`); a row of the dashboard's export (`toktui import
          cursor-csv FILE`)
Tokens:   an export has cache writes, reads and uncached input apart; so has the hook, whose input
          may hold its caches where it is larger than they are; the database knows no caches
Identity: the turn's generation id: `generation_id` of the hook is taken to be the `usageUuid` or
          `requestId` of the messages. Known is that the client makes one generation UUID for a
          turn, that `usageUuid` is one for a turn, too, and that other readers of the database give
          `latestChatGenerationUUID` as the last prompt's `requestId`; a hook and a row of one
          machine, side by side, nobody has published. Of an export, the time, model and counts of
          the row: it is the turn of the same counts, else the nearest one in time
Exactness: exact from the export or the hook, and from a database that counted; estimated where
          it has only text: the output by the tokenizer, with a range; the input is only what the
          user wrote, far too low: it lacks instructions, tools, files and earlier turns
Live:     the hook within a second of the end of a turn; the database while Cursor writes it
Seen:     state.vscdb of 1.7 and 3.x, hook of cursor-agent 2026.09, exports of 2025 to 2026
Unknown:  every prompt behind a turn that only left text; which model `default` (Auto) was; what
          cursor-agent used without the hook: its chats (store.db) and transcripts have no counts,
          no times and no ids that the hook shares, so that a guess would count turns twice; how a
          terminal's output lies in a `result` (`output` or `contents`) is told by other readers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from toktui.agents._cursor_spool import ACCOUNT, CsvRow, Stop, told_by_export, told_by_hook
from toktui.agents.lines import LineAgent, LineState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.lines import Said

_DATABASE: Final = "state.vscdb"
_STORAGE: Final = "globalStorage"
_SPOOLED: Final = ("stop-", "csv-")
_SHAPES: Final[Mapping[str, type[Struct]]] = {"stop": Stop, "csv": CsvRow}


class _Head(Struct):
    type: Any = None


class _Cursor(LineAgent):
    name = "cursor"
    account = ACCOUNT
    label = "Cursor"
    PARSER = 4
    Head = _Head
    State = LineState
    needles = (b'"stop"', b'"csv"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        config = env.get("XDG_CONFIG_HOME", "").strip()
        users = [
            (home.__class__(config) if config else home / ".config") / "Cursor" / "User",
            home / "Library" / "Application Support" / "Cursor" / "User",
        ]
        return [root for user in users for root in self.roots_of(user)]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder] if folder.name == _STORAGE else [folder / _STORAGE]

    def is_entered(self, parts: Sequence[str]) -> bool:
        return False

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False)]

    def is_log(self, parts: Sequence[str]) -> bool:
        name = parts[-1]
        spooled = name.startswith(_SPOOLED) and name.endswith(".jsonl")
        return len(parts) == 1 and (name == _DATABASE or spooled)

    # What toktui keeps.

    def shape_of(self, head: _Head) -> type[Struct] | None:
        return _SHAPES.get(head.type) if isinstance(head.type, str) else None

    def told(self, row: Any, state: Any) -> Iterable[Said]:
        del state
        return told_by_hook(row) if isinstance(row, Stop) else told_by_export(row)

    # The database.

    def is_document(self, path: str) -> bool:
        return path.endswith(_DATABASE)

    def is_database(self, path: str) -> bool:
        return path.endswith(_DATABASE)

    def beside(self, path: str) -> Sequence[str]:
        from toktui.agents._cursor_places import places_beside  # noqa: PLC0415  loads SQLite

        return (f"{path}-wal", *places_beside(path))

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents._cursor_database import read_database  # noqa: PLC0415  loads SQLite

        return read_database(path, since)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents._cursor_database import find_turns  # noqa: PLC0415  loads SQLite

        return find_turns(path, places)


AGENT: Final = _Cursor()
