"""Where `cursor-agent`, and the editor beside its database, keep conversations below ~/.cursor.

projects/<slug>/agent-transcripts/<id>/<id>.jsonl          transcripts; sub-agents of one in
                                  <id>/subagents/<id>.jsonl
                                  <id>.jsonl               some builds of the command line
                                  <id>.txt                 the oldest
chats/<hash of the folder>/<id>/store.db                   chats of the command line
acp-sessions/<id>/store.db                                 those of other editors
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

TRANSCRIPTS: Final = "agent-transcripts"
SUB_AGENTS: Final = "subagents"
CHAT_DATABASE: Final = "store.db"
PLACES: Final = ("projects", "chats", "acp-sessions")
_DEPTHS: Final = {"projects": 5, "chats": 3, "acp-sessions": 2}
"""Folders from the root to the deepest with logs."""
OLD: Final = ".txt"
_ENDINGS: Final = (".jsonl", OLD)
_TRUSTED: Final = ".workspace-trusted"


def is_place(parts: Sequence[str]) -> bool:
    """Whether a folder below the root can have conversations in it."""
    if len(parts) > _DEPTHS.get(parts[0], 0):
        return False
    if parts[0] != "projects" or len(parts) < 3:
        return True
    return parts[2] == TRANSCRIPTS and (len(parts) < 5 or parts[4] == SUB_AGENTS)


def is_talk(parts: Sequence[str]) -> bool:
    """Whether a file below the root is a conversation."""
    if parts[-1] == CHAT_DATABASE:
        return parts[0] != "projects" and len(parts) == _DEPTHS.get(parts[0], 0) + 1
    if parts[0] != "projects" or len(parts) < 4 or not is_place(parts[:-1]):
        return False
    stem, dot, ending = parts[-1].rpartition(".")
    if f"{dot}{ending}" not in _ENDINGS:
        return False
    return len(parts) != 5 or stem == parts[3]


def is_transcript(path: str) -> bool:
    """Whether a log is one, by its path."""
    return f"/{TRANSCRIPTS}/" in path


def project_folder(path: str) -> str:
    """Where Cursor keeps what belongs to the project of a transcript."""
    return path.rpartition(f"/{TRANSCRIPTS}/")[0]


def trusted_file(path: str) -> str:
    """What names the folder of a transcript's project, which its log has by a slug only."""
    return f"{project_folder(path)}/{_TRUSTED}"
