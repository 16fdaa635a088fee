"""Where projects are, those too that a log names by a word of its own: a slug, or a hash."""

from __future__ import annotations

import os
import re
from hashlib import md5, sha256
from typing import TYPE_CHECKING, Final

from toktui.agents import agent, agent_names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

_HASH: Final = re.compile(r"[0-9a-f]{12,64}")
_SHORTEST_HASH: Final = 12
_LOGS_ASKED: Final = 3
"""Logs of one project in which a word is looked up: its newest ones."""


def folders(db: sqlite3.Connection) -> list[tuple[int, str]]:
    """The numbers of all projects with the folder of each; what names none stays as it was logged.

    Logs and what lies beside them are read, never written.
    """
    named: list[tuple[int, str]] = db.execute(
        "select id, text from name where id in (select distinct project from quarter)"
        " and text <> '' order by text"
    ).fetchall()
    hashes = _hashes(text for _, text in named if os.path.isabs(text))
    return [
        (number, text if os.path.isabs(text) else _looked_up(db, number, text, hashes))
        for number, text in named
    ]


def _looked_up(
    db: sqlite3.Connection, project: int, word: str, hashes: Mapping[str, str]
) -> str:
    logs = db.execute(
        "select distinct l.path, a.text from source s join log l on l.id = s.log"
        " join name a on a.id = l.agent where s.project = ? order by l.mtime_ns desc limit ?",
        (project, _LOGS_ASKED),
    )
    for path, name in logs:
        found = agent(name).folder_beside(path) if name in agent_names() else ""
        if os.path.isabs(found):
            return found
    if _HASH.fullmatch(word):
        return hashes.get(word[:_SHORTEST_HASH], word)
    return word


def _hashes(known: Iterable[str]) -> dict[str, str]:
    """Folders by the beginnings of their hashes, as agents make them."""
    return {
        made(folder.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[
            :_SHORTEST_HASH
        ]: folder
        for folder in known
        for made in (sha256, md5)
    }
