"""What is not to be kept, as the settler asks about it."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection


class Rule(msgspec.Struct, frozen=True):
    """Calls before a time, or of a project, are not kept."""

    before_ms: int | None
    project: str | None

    def holds(self, at_ms: int, project: str) -> bool:
        """Whether a call is to be forgotten."""
        if self.before_ms is not None and at_ms >= self.before_ms:
            return False
        return self.project is None or project == self.project


def digest(key: str) -> bytes:
    """What is kept of a forgotten call: enough to know it again, not to tell what it was."""
    return blake2b(key.encode(), digest_size=8).digest()


def rules(db: sqlite3.Connection) -> tuple[Rule, ...]:
    """Everything that is not to be kept."""
    rows = db.execute("select before_ms, project from forgotten_rule")
    return tuple(Rule(before_ms, project) for before_ms, project in rows)


class Forgetting:
    """The rules of a store, and the calls that they took out for good."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rules = rules(db)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def reload(self) -> None:
        """Something was forgotten, or a rollback undid it."""
        self._rules = rules(self._db)

    def is_tombstone(self, agent: int, key: str) -> bool:
        """Whether a call of this key, or the ledger of this session, is forgotten for good."""
        return bool(self._rules) and (
            self._db.execute(
                "select 1 from forgotten_call where agent = ? and key = ?", (agent, digest(key))
            ).fetchone()
            is not None
        )

    def tombstones(self, agent: int, keys: Collection[str]) -> list[str]:
        """Those of the keys that the user has told us to forget."""
        return [key for key in keys if self.is_tombstone(agent, key)] if self._rules else []

    def takes(self, agent: int, key: str, at_ms: int, project: str) -> bool:
        """Whether a rule holds for a call that a log brings up; it is not asked for again."""
        if not any(rule.holds(at_ms, project) for rule in self._rules):
            return False
        self._db.execute(
            "insert or ignore into forgotten_call (agent, key) values (?, ?)", (agent, digest(key))
        )
        return True
