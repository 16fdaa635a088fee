"""What the store has of the keys that a transaction touches."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from toktui import facts
from toktui.evidence import unpack
from toktui.ingest.seen import Seen
from toktui.store.writer import CALL_COLUMNS, CallRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_SELECT_CALL: Final = ", ".join(f"c.{column}" for column in CALL_COLUMNS)


def call_ids(db: sqlite3.Connection, agent: int, keys: Sequence[str]) -> dict[str, int]:
    """The numbers of stored calls, by key."""
    found = db.execute(
        "select c.key, c.id from json_each(?) j join call c on c.key = j.value and c.agent = ?",
        (json.dumps(keys), agent),
    )
    return dict(found.fetchall())


def sightings_of(db: sqlite3.Connection, calls: Iterable[int]) -> dict[int, dict[int, Seen]]:
    """The stored evidence of calls, by call and source."""
    found: dict[int, dict[int, Seen]] = defaultdict(dict)
    wanted = json.dumps(list(calls))
    for call, source, generation, parser, reason, stream, reemit, rows, body in db.execute(
        "select s.call, s.source, s.generation, s.parser, s.reason, s.stream, s.reemit, s.rows,"
        " s.body from json_each(?) j join sighting s on s.call = j.value",
        (wanted,),
    ):
        found[call][source] = Seen(
            source, generation, parser, unpack(body), reason, stream, reemit, rows, stored=True
        )
    return found


def call_rows(db: sqlite3.Connection, calls: Iterable[int]) -> dict[int, CallRow]:
    """The stored rows of calls."""
    found = db.execute(
        f"select {_SELECT_CALL} from json_each(?) j join call c on c.id = j.value",
        (json.dumps(list(calls)),),
    )
    return {row[0]: CallRow(*row) for row in found}


def searches_of(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    """Web searches that are told of apart from the rows, by key of the call."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for key, body in db.execute(
        "select f.subject, f.body from json_each(?) j"
        " join fact f on f.kind = 'search' and f.subject = j.value",
        (json.dumps(keys),),
    ):
        searches = facts.decode_searches(body)
        by_use = counts[key]
        by_use[searches.tool_use] = max(searches.count, by_use.get(searches.tool_use, 0))
    return {key: sum(by_use.values()) for key, by_use in counts.items()}
