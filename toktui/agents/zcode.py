"""Z Code.

Logs:      <home>/cli/db/*.sqlite; <home> is $ZCODE_HOME, else ~/.zcode, on Windows, too
Record:    a row of `model_usage`, one per request
Tokens:    `input_tokens` holds what was read from and written to a cache, `output_tokens` holds
           `reasoning_tokens`
Identity:  the id of the row, which names the request for good
Exactness: exact; no dollars of its own
Live:      the database and its write-ahead log
Seen:      3.7, as its users tell of it; golden/zcode/
Unknown:   versions before the database, whose transcripts have no counts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.agents._new_rows import Mark, new_rows
from toktui.agents._one_database import OneDatabase
from toktui.agents._sqlite_values import AMONG, as_count, as_ms, as_text, json_of, row_of
from toktui.agents.base import Document, excerpt_at, place_of
from toktui.agents.documents import NotUnderstoodError, Pages
from toktui.agents.folders import named_folder
from toktui.facts import Thread, encode
from toktui.model import Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents.database import Snapshot

_TABLE: Final = "model_usage"
_NEEDED: Final = ("id", "session_id", "model_id", "started_at", "input_tokens", "output_tokens")
_LATER: Final = (
    "reasoning_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "completed_at",
)  # fmt: skip
_COLUMNS: Final = (*_NEEDED, *_LATER)
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Mark).decode


class _ZCode(OneDatabase):
    name = "zcode"
    label = "Z Code"
    database = "db.sqlite"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return [(named_folder(home, env, "ZCODE_HOME") or home / ".zcode") / "cli/db"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / "cli/db", folder / ".zcode/cli/db"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return len(parts) == 1 and parts[0].endswith(".sqlite")

    def take(self, db: Snapshot, path: str, since: bytes) -> Document:
        del path
        db.need(_TABLE, *_NEEDED)
        found = new_rows(db, _TABLE, _wanted(db), _unpack(since) if since else Mark())
        pages, pending = Pages(), list[str]()
        sessions = _sessions(db, {as_text(row[1]) for row in found.rows}, pages)
        for row in found.rows:
            pages.looked()
            place = place_of(str(row[0]))
            if row[-1] is None:
                pending.append(str(row[0]))
            try:
                one = _sighting(row, sessions)
            except NotUnderstoodError as error:
                pages.doubt(place, error)
                continue
            if one is not None:
                pages.entry(place, len(row_of(_COLUMNS, row)), one)
        return pages.document(since=_pack(found.mark(pending)), more=found.full)

    def find(self, db: Snapshot, places: set[int]) -> Mapping[int, bytes]:
        names = (str(name) for (name,) in db.rows(f"select id from {_TABLE}"))
        asked = {name: place for name in names if (place := place_of(name)) in places}
        rows = db.rows(
            f"select id, {_wanted(db)} from {_TABLE} where id {AMONG}", (json_of(asked),)
        )
        return {
            asked[str(row[0])]: excerpt_at(row_of(_COLUMNS, row), _TABLE, f"id {row[0]}")
            for row in rows
        }


def _wanted(db: Snapshot) -> str:
    there = db.tables()[_TABLE]
    return ", ".join(name if name in there else "null" for name in _COLUMNS[1:])


def _sessions(db: Snapshot, names: set[str], pages: Pages) -> dict[str, str]:
    """The folders of sessions; their parents become facts."""
    there = db.tables().get("session", frozenset())
    if "id" not in there:
        return {}
    asked = ", ".join(name if name in there else "null" for name in ("directory", "parent_id"))
    folders: dict[str, str] = {}
    for name, folder, parent in db.rows(
        f"select id, {asked} from session where id {AMONG}", (json_of(sorted(names)),)
    ):
        session, spawned_by = clean_id(as_text(name)), clean_id(as_text(parent))
        folders[session] = clean(as_text(folder), 512)
        if spawned_by:
            body = encode(Thread(session, spawned_by, True, None))
            pages.fact(Fact(kind="thread", subject=session, body=body))
    return folders


def _sighting(row: Sequence[Any], folders: Mapping[str, str]) -> Sighting | None:
    name, session, model, started, *counts, _ = row
    given, output, reasoning, read, written = map(as_count, counts, _COLUMNS[4:9])
    used = Tokens(
        input=max(0, given - read - written),
        cache_read=read,
        cache_write_5m=written,
        output=output,
        reasoning=min(output, reasoning),
    )
    if not used.total:
        return None
    owner = clean_id(as_text(session))
    return Sighting(
        key=clean_id(str(name)),
        session=owner,
        at_ms=as_ms(started),
        model=clean(as_text(model) or "unknown", 120),
        tokens=used,
        project=folders.get(owner, ""),
    )


AGENT: Final = _ZCode()
