"""What is not to be kept, as the settler asks about it."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3


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
