"""Cline (VS Code extension, JetBrains plug-in and CLI).

Logs:      <storage>/tasks/<task>/ui_messages.json; <storage> is
           globalStorage/saoudrizwan.claude-dev of VS Code, Cursor, Windsurf, VSCodium and their
           like, on Linux, macOS and Windows, and of their servers; <data>/tasks/; since 4.1
           <data>/sessions/<session>/<session or agent>.messages.json; <data> is $CLINE_DATA_DIR,
           else $CLINE_DIR/data, else ~/.cline/data
Record:    of a task a message `api_req_started`, whose text is JSON, filled in when the answer
           ends; of a session each assistant message with `metrics`
Tokens:    of a task `tokensIn` is without both caches, but for nine providers with OpenAI's
           protocol; of a session `inputTokens` has both in it
Identity:  task and time of the message; session, agent and id of the message
Exactness: exact; requests of a task that were deleted before they were read are residual
Live:      the documents, written anew with each change
Seen:      3.8 to 4.1, as its source has it; golden/cline/
Unknown:   reasoning; the model of tasks that neither the messages nor task_metadata.json name
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents._vscode_tasks import TaskAgent
from toktui.agents.folders import named_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document

SESSION: Final = ".messages.json"


class _Cline(TaskAgent):
    name = "cline"
    label = "Cline"
    extension = "saoudrizwan.claude-dev"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        folder = named_folder(home, env, "CLINE_DIR") or home / ".cline"
        data = named_folder(home, env, "CLINE_DATA_DIR") or folder / "data"
        return [*super().roots(home, env), data]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [*super().roots_of(folder), folder / "data"]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) == 3 and parts[0] == "sessions":
            return parts[2].endswith(SESSION)
        return super().is_log(parts)

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] in ("tasks", "sessions") and len(parts) <= 2

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [*super().watched(root), (f"{root}/sessions", True)]

    def beside(self, path: str) -> Sequence[str]:
        if not path.endswith(SESSION):
            return super().beside(path)
        folder = path.rsplit("/", 1)[0]
        return (f"{folder}/{folder.rsplit('/', 1)[1]}.json",)

    def read(self, path: str, since: bytes) -> Document:
        if not path.endswith(SESSION):
            return super().read(path, since)
        from toktui.agents._cline_sessions import read_session  # noqa: PLC0415  if there are any

        return read_session(path)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        if not path.endswith(SESSION):
            return super().excerpts(path, places)
        from toktui.agents._cline_sessions import session_places  # noqa: PLC0415  if there are any

        return {place: data for place, data in session_places(path) if place in places}


AGENT: Final = _Cline()
