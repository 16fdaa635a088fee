"""Agents that keep all they log in one database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.agents.base import Agent, Document

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from toktui.agents.database import Snapshot


class OneDatabase(Agent):
    """An agent whose only log is a database of one name, right below its roots."""

    database: str

    def is_log(self, parts: Sequence[str]) -> bool:
        return tuple(parts) == (self.database,)

    def is_entered(self, parts: Sequence[str]) -> bool:
        return False

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        return [(root, False)]

    def is_document(self, path: str) -> bool:
        return True

    def is_database(self, path: str) -> bool:
        return True

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents.database import snapshot  # noqa: PLC0415  loads SQLite

        return snapshot(path, lambda db: self.take(db, path, since))

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents.database import snapshot  # noqa: PLC0415  loads SQLite

        return snapshot(path, lambda db: self.find(db, set(places)))

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        """What `read` answers, of one state of the database."""
        raise NotImplementedError

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        """What `excerpts` answers, of one state of the database."""
        raise NotImplementedError
