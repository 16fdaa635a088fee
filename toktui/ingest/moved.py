"""Entries that tell of another call than before: the call that they told of goes.

A document is written anew, a row of a database is updated; what a key is made of may change on the
way. Nothing that is merely gone comes here: what agents tidy up stays counted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toktui.evidence import unpack
from toktui.ingest.stored import call_ids

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from toktui.ingest.reading import Batch


def new_keys(db: sqlite3.Connection, agent: int, batch: Batch) -> Sequence[str]:
    """Keys of a document that the store does not know yet."""
    keys = [heard.key for heard in batch.gathered.heard]
    known = call_ids(db, agent, keys)
    return [key for key in keys if key not in known]


def told_otherwise(
    db: sqlite3.Connection, agent: int, log: int, batch: Batch
) -> list[tuple[int, int]]:
    """Calls and sources of a log whose entries all tell of other calls now."""
    now: dict[int, set[str]] = {}
    for heard in batch.gathered.heard:
        for place in heard.evidence.spots[::3]:
            now.setdefault(place, set()).add(heard.key)
    sessions = {batch.gathered.voices[heard.voice].session for heard in batch.gathered.heard}
    stored = db.execute(
        "select c.id, x.source, c.key, x.body from json_each(?) j"
        " join session s on s.agent = ? and s.key = j.value join call c on c.session = s.id"
        " join sighting x on x.call = c.id join source o on o.id = x.source where o.log = ?",
        (json.dumps(sorted(sessions)), agent, log),
    )
    found: list[tuple[int, int]] = []
    for call, source, key, body in stored:
        evidence = unpack(body)
        own = evidence.own_key or key
        places = evidence.spots[::3]
        if all(place in now and own not in now[place] for place in places):
            found.append((call, source))
    return found
