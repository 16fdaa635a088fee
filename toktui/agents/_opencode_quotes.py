"""Where in the databases of the OpenCode engine a call was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.agents._opencode_database import step_parts
from toktui.agents._opencode_message import nth_place
from toktui.agents._sqlite_values import AMONG, as_bytes, json_of
from toktui.agents.base import excerpt_at, place_of
from toktui.agents.database import snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from toktui.agents.database import Snapshot


def find_entries(path: str, places: Collection[int]) -> Mapping[int, bytes]:
    """The rows, or the parts of their steps, at places."""
    return snapshot(path, lambda db: _find(db, set(places)))


def _find(db: Snapshot, places: set[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for table in ("message", "session_message"):
        if not {"id", "data"} <= db.tables().get(table, frozenset()):
            continue
        names = [str(name) for (name,) in db.rows(f"select id from {table}")]
        asked = {name: place for name in names if (place := place_of(name)) in places}
        for name, data in db.rows(
            f"select id, cast(data as blob) from {table} where id {AMONG}",
            (json_of(sorted(asked)),),
        ):
            found[asked[str(name)]] = excerpt_at(as_bytes(data), table, f"id {name}")
        if table == "message":
            found |= _find_steps(db, names, places - found.keys())
    return found


def _find_steps(db: Snapshot, names: Sequence[str], places: set[int]) -> dict[int, bytes]:
    """What stands at places that are no message's: the second and later steps of one."""
    found: dict[int, bytes] = {}
    if places:
        for message, parts in step_parts(db, names).items():
            for nth, part in enumerate(parts[1:], 1):
                if (place := nth_place(message, nth)) in places:
                    key = f"message_id {message}, step {nth + 1}"
                    found[place] = excerpt_at(part, "part", key)
    return found
