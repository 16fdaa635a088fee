"""Which sessions have calls with estimated tokens, and which changes they made.

Costs that hold such calls are marked. No column of a session says it: its totals do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Set


class Estimates(NamedTuple):
    """By their numbers in the store."""

    sessions: Set[int] = frozenset()
    changes: Set[int] = frozenset()


NONE = Estimates()


def load_estimates(db: sqlite3.Connection) -> Estimates:
    """All that there are, whatever is asked for."""
    found = db.execute("select distinct session from session_total where estimated > 0")
    sessions = frozenset(number for (number,) in found)
    if not sessions:
        return NONE
    made = db.execute(
        "select distinct l.change from json_each(?) j cross join link l on l.session = j.value",
        (json.dumps(list(sessions)),),
    )
    return Estimates(sessions, frozenset(number for (number,) in made))
