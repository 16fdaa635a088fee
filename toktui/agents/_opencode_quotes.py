"""Where in the databases of the OpenCode engine a call was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.agents._opencode_database import step_parts
from toktui.agents._opencode_message import STEPS_UNTIL_MS, Place, calls_of, read_message
from toktui.agents._sqlite_values import AMONG, as_bytes, json_of
from toktui.agents.base import excerpt_at, place_of
from toktui.agents.database import snapshot
from toktui.agents.documents import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from toktui.agents._opencode_message import Call
    from toktui.agents.database import Snapshot

_IS_OLD: Final = (
    "case when json_valid(data)"
    f" then coalesce(json_extract(data, '$.time.created'), 0) < {STEPS_UNTIL_MS} else 1 end"
)
"""May have steps."""


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
        if table == "message" and (rest := places - found.keys()):
            for name, call, steps in old_calls(db):
                if call.place in rest:
                    found[call.place] = (
                        excerpt_at(call.data, "part", f"message_id {name}, step {call.step + 1}")
                        if steps > 1
                        else excerpt_at(call.data, "message", f"id {name}")
                    )
    return found


def old_calls(db: Snapshot) -> Iterator[tuple[str, Call, int]]:
    """The calls of messages that may have steps, each with its message and how many that has."""
    old = {
        str(name): as_bytes(data)
        for name, data in db.rows(f"select id, cast(data as blob) from message where {_IS_OLD}")
    }
    parts = step_parts(db, list(old))
    for name, data in old.items():
        steps = parts.get(name, [])
        try:
            for call in calls_of(name, data, read_message(data), Place(""), steps):
                yield name, call, len(steps)
        except NotUnderstoodError:
            continue
