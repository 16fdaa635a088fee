"""Zed's own agent.

Logs:      threads/threads.db in $XDG_DATA_HOME/zed, else ~/.local/share/zed, on Linux (and in
           ~/.var/app/dev.zed.Zed/data/zed), ~/Library/Application Support/Zed on macOS,
           AppData/Local/Zed on Windows
Record:    a row of `threads`, compressed JSON: `request_token_usage` has the last request behind
           each of the user's messages, `cumulative_token_usage` the sum of all
Tokens:    `input_tokens` and both cache counts are disjoint
Identity:  thread and id of the user's message
Exactness: requests that are listed are exact; what the sum has beyond them is one residual call
           of the thread
Live:      the database and its write-ahead log; nothing is known of the moment, so that a thread
           is in no burn rate but at its beginning
Seen:      threads of version 0.1 to 0.3, as its source has them; golden/zed/
Unknown:   when a request was made: all count at the beginning of their thread; the model of
           requests before the last change of it; agents that Zed only hosts have logs of their own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents._one_database import OneDatabase
from toktui.agents.folders import data_home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.database import Snapshot


class _Zed(OneDatabase):
    name = "zed"
    label = "Zed"
    database = "threads.db"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        places = [
            data_home(home, env) / "zed",
            home / ".var/app/dev.zed.Zed/data/zed",
            home / "Library/Application Support/Zed",
            home / "AppData/Local/Zed",
        ]
        return [place / "threads" for place in places]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "threads" else folder / "threads"]

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        from toktui.agents._zed_threads import read_threads  # noqa: PLC0415  if there are any

        del path
        return read_threads(db, since)

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        from toktui.agents._zed_threads import find_threads  # noqa: PLC0415  if there are any

        return find_threads(db, places)


AGENT: Final = _Zed()
