"""Cursor.

Logs:     <user>/globalStorage/state.vscdb, <user> being ~/.config/Cursor/User, on macOS
          ~/Library/Application Support/Cursor/User, on Windows %APPDATA%/Cursor/User (a WSL user
          names it as a root); what toktui keeps: turns from the hook, rows of exports; and text:
          transcripts in <home>/projects/<slug>/agent-transcripts/, chats in <home>/chats/<hash>/
          and <home>/acp-sessions/ (store.db), <home> being $CURSOR_DATA_DIR, else ~/.cursor, and
          ~/.config/cursor
Record:   a turn of a conversation: what its last message counts, else its text; a `stop` of the
          hook (`toktui hook cursor --install`); a row of the dashboard's export (`toktui import
          cursor-csv FILE`); of a transcript or a chat a prompt and all that was answered to it
Tokens:   an export has cache writes, reads and uncached input apart; so has the hook, whose input
          may hold its caches where it is larger than they are; the database knows no caches; text
          has no counts at all
Identity: the turn's generation id: `generation_id` of the hook is taken to be the `usageUuid` or
          `requestId` of the messages. Known is that the client makes one generation UUID for a
          turn, that `usageUuid` is one for a turn, too, and that other readers of the database give
          `latestChatGenerationUUID` as the last prompt's `requestId`; a hook and a row of one
          machine, side by side, nobody has published. Of an export, the time, model and counts of
          the row: it is the turn of the same counts, else the nearest one in time. Of text the
          conversation's id, which the hook and the database share (others find the transcript by
          it), the prompt and its number among equal ones; no id tells which generation it was.
          Text is counted only where nobody else tells: not in a conversation of the database, not
          from the first turn on that the hook told until its last one, so that a turn in between
          that the hook missed is left out, and one without a time of its own; nor is a sub-agent in
          that time, since nobody knows whether its parent's turn holds it. Of one conversation the
          transcript goes before the chat, the chat before the old transcript (.txt)
Exactness: exact from the export or the hook, and from a database that counted; estimated where
          there is only text: the output by the tokenizer, with a range; the input is only what the
          user wrote, far too low: it lacks instructions, tools, files and earlier turns. Of a
          transcript also what was thought is unknown
Live:     the hook within a second of the end of a turn; the database and the text while Cursor
          writes them. The time of text is that of its prompt, to the minute, else the best that its
          log knows (`time_moved`)
Seen:     state.vscdb of 1.7 and 3.x, hook of cursor-agent 2026.09, exports of 2025 to 2026; of text
          only what others publish of builds up to 2026.10, no log of our own
Unknown:  every prompt behind a turn that only left text; which model `default` (Auto) was, and that
          of a transcript without its chat; a chat's last model stands for all its turns; of whom a
          sub-agent is whose transcript does not lie below its parent's, or that left a chat alone,
          so that it counts as a conversation; a turn before the hook in the minute of its first
          `stop`, which is left out; whether a chat is a copy under another id; when the turns of a
          transcript without times were, which are as old as it was when it was read; whether a
          prompt that was sent into a running turn begins one of its own; how a terminal's output
          lies in a `result` (`output` or `contents`) is told by other readers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from toktui.agents._cursor_logs import (
    CHAT_DATABASE,
    PLACES,
    is_place,
    is_talk,
    is_transcript,
)
from toktui.agents._cursor_spool import ACCOUNT, CsvRow, Stop, told_by_export, told_by_hook
from toktui.agents.folders import named_folder
from toktui.agents.lines import LineAgent, LineState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.lines import Said

_DATABASE: Final = "state.vscdb"
_STORAGE: Final = "globalStorage"
_OWN: Final = (".cursor", "cursor")
_SPOOLED: Final = ("stop-", "csv-")
_SHAPES: Final[Mapping[str, type[Struct]]] = {"stop": Stop, "csv": CsvRow}


class _Head(Struct):
    type: Any = None


class _Cursor(LineAgent):
    name = "cursor"
    account = ACCOUNT
    label = "Cursor"
    PARSER = 5
    guesses = True
    Head = _Head
    State = LineState
    needles = (b'"stop"', b'"csv"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        config = named_folder(home, env, "XDG_CONFIG_HOME") or home / ".config"
        users = (
            config / "Cursor" / "User",
            home / "Library" / "Application Support" / "Cursor" / "User",
        )
        own = named_folder(home, env, "CURSOR_DATA_DIR") or home / ".cursor"
        return [*(user / _STORAGE for user in users), own, config / "cursor"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name in (_STORAGE, *_OWN) else folder / _STORAGE]

    def is_entered(self, parts: Sequence[str]) -> bool:
        return is_place(parts)

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False), *((f"{root}/{name}", True) for name in PLACES)]

    def is_log(self, parts: Sequence[str]) -> bool:
        name = parts[-1]
        if len(parts) > 1:
            return is_talk(parts)
        return name == _DATABASE or (name.startswith(_SPOOLED) and name.endswith(".jsonl"))

    # What toktui keeps.

    def shape_of(self, head: _Head) -> type[Struct] | None:
        return _SHAPES.get(head.type) if isinstance(head.type, str) else None

    def told(self, row: Any, state: Any) -> Iterable[Said]:
        del state
        return told_by_hook(row) if isinstance(row, Stop) else told_by_export(row)

    # The databases, and the transcripts, whose last row may be written anew.

    def is_document(self, path: str) -> bool:
        return self.is_database(path) or is_transcript(path)

    def is_database(self, path: str) -> bool:
        return path.endswith((_DATABASE, f"/{CHAT_DATABASE}"))

    def beside(self, path: str) -> Sequence[str]:
        if is_transcript(path):
            return ()
        if not path.endswith(_DATABASE):
            return (f"{path}-wal",)
        from toktui.agents._cursor_places import places_beside  # noqa: PLC0415  loads SQLite

        return (f"{path}-wal", *places_beside(path))

    def read(self, path: str, since: bytes) -> Document:
        if is_transcript(path):
            from toktui.agents._cursor_transcripts import read_transcript  # noqa: PLC0415

            return read_transcript(path, since)
        if not path.endswith(_DATABASE):
            from toktui.agents._cursor_chats import read_chat  # noqa: PLC0415  loads SQLite

            return read_chat(path, since)
        from toktui.agents._cursor_database import read_database  # noqa: PLC0415  loads SQLite

        return read_database(path, since)

    def folder_beside(self, path: str) -> str:
        if not is_transcript(path):
            return ""
        from toktui.agents._cursor_transcripts import folder_of  # noqa: PLC0415

        return folder_of(path)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        if is_transcript(path):
            from toktui.agents._cursor_transcripts import find_answers  # noqa: PLC0415

            return find_answers(path, places)
        if not path.endswith(_DATABASE):
            from toktui.agents._cursor_chats import find_messages  # noqa: PLC0415  loads SQLite

            return find_messages(path, places)
        from toktui.agents._cursor_database import find_turns  # noqa: PLC0415  loads SQLite

        return find_turns(path, places)


AGENT: Final = _Cursor()
