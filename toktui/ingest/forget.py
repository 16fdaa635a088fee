"""What the user wants gone: it leaves the store, and no log brings it back."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.evidence import unpack
from toktui.facts import Ran, encode
from toktui.ingest.forgetting import Rule, digest
from toktui.ingest.settle import HOME
from toktui.ingest.stored import call_rows
from toktui.model import REASONS
from toktui.store.backup import backups, set_aside
from toktui.store.limits import forget_limits
from toktui.store.outcomes import forget_outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toktui.ingest.settle import Settler
    from toktui.store.writer import CallRow

_AT_ONCE: Final = 5_000
"""Calls that are in memory."""


class Forgotten(msgspec.Struct, frozen=True):
    """How many calls and backups are gone."""

    calls: int
    backups: int


def forget(settler: Settler, rule: Rule, now_ms: int, backup_folder: Path) -> Forgotten:
    """Takes the calls of a rule out for good, with the backups that still hold them, and the stores
    that were set aside."""
    db = settler.db
    db.execute("pragma secure_delete = on")
    with settler.writer.transaction():
        db.execute(
            "insert into forgotten_rule (before_ms, project, made_ms) values (?, ?, ?)",
            (rule.before_ms, rule.project, now_ms),
        )
        gone = _apply(settler, rule)
    settler.rules_changed()
    with suppress(sqlite3.OperationalError):
        # Only makes the file smaller, and needs its size once more to do so: on the disk.
        db.execute("pragma temp_store = file")
        db.execute("vacuum")
    db.execute("pragma temp_store = memory")
    dropped = 0
    for backup in backups(backup_folder):
        backup.path.unlink(missing_ok=True)
        dropped += 1
    for path in set_aside(backup_folder.parent):
        path.unlink(missing_ok=True)
        dropped += path.suffix[-4:] not in ("-wal", "-shm")
    return Forgotten(gone, dropped)


def _apply(settler: Settler, rule: Rule) -> int:
    db = settler.db
    found = db.execute(
        "select c.id from call c join name p on p.id = c.project"
        " where (?1 is null or c.at_ms < ?1) and (?2 is null or p.text = ?2)",
        (rule.before_ms, rule.project),
    )
    numbers = [number for (number,) in found]
    sessions: set[tuple[int, int]] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        rows = list(call_rows(db, numbers[start : start + _AT_ONCE]).values())
        _drop(settler, rows)
        settler.writer.flush()
        sessions.update((row.agent, row.session) for row in rows)
    _forget_ledgers(settler, sessions)
    if rule.before_ms is not None and rule.project is None:
        forget_limits(db, rule.before_ms)
    _sweep(settler, rule)
    return len(numbers)


def _drop(settler: Settler, rows: Sequence[CallRow]) -> None:
    """Takes calls out with their evidence; only what knows them again is kept."""
    db = settler.db
    # What a log says under a key of its own would stand alone when it is read again.
    keys = {(row.agent, row.key) for row in rows}
    for row in rows:
        for reason, stream, reemit, copies, body in db.execute(
            "select reason, stream, reemit, rows, body from sighting where call = ?", (row.id,)
        ):
            keys.add((row.agent, unpack(body).own_key or row.key))
            if reason != HOME:
                settler.writer.add_copies(row.agent, REASONS[int(reason)], -copies)
            settler.writer.add_copies(row.agent, "stream", -stream)
            settler.writer.add_copies(row.agent, "reemit", -reemit)
    settler.writer.drop_calls(rows)
    db.executemany("delete from sighting where call = ?", [(row.id,) for row in rows])
    db.executemany(
        "insert or ignore into forgotten_call (agent, key) values (?, ?)",
        [(agent, digest(key)) for agent, key in keys],
    )


def _forget_ledgers(settler: Settler, sessions: set[tuple[int, int]]) -> None:
    """A ledger of a session would bring its forgotten calls back as what the logs lack."""
    db = settler.db
    ran: set[bytes] = set()
    for agent, session in sessions:
        (key,) = db.execute("select key from session where id = ?", (session,)).fetchone()
        db.execute(
            "insert or ignore into forgotten_call (agent, key) values (?, ?)",
            (agent, digest(f"ledger:{key}")),
        )
        db.execute("delete from fact where kind in ('ledger', 'status') and subject = ?", (key,))
        ran.add(encode(Ran(key)))
    commits = db.execute("select log, subject, offset, body from fact where kind = 'commit'")
    db.executemany(
        "delete from fact where kind = 'commit' and log = ? and subject = ? and offset = ?",
        [place for *place, body in commits.fetchall() if body in ran],
    )


def _sweep(settler: Settler, rule: Rule) -> None:
    """Takes out what no call needs any more: sessions, names, values that were not understood."""
    db = settler.db
    forget_outcomes(db)
    db.execute("delete from session where id not in (select session from call)")
    db.execute(
        "delete from misread where ?1 is null or at_ms is null or at_ms < ?1", (rule.before_ms,)
    )
    db.execute(
        "delete from source where id not in (select source from sighting)"
        " and log in (select id from log where gone_ms is not null)"
    )
    db.execute(
        "delete from fact where log in (select id from log where gone_ms is not null)"
        " and log not in (select log from source)"
    )
    db.execute(
        "delete from name where id <> 0 and id not in (select agent from log)"
        " and id not in (select project from source) and id not in (select project from session)"
        " and id not in (select agent from call) and id not in (select agent_id from call)"
        " and id not in (select project from call) and id not in (select branch from call)"
        " and id not in (select version from call) and id not in (select model from call)"
        " and id not in (select priced from call) and id not in (select priced_as from rate)"
        " and id not in (select agent from forgotten_call)"
        " and id not in (select agent from copy_total) and id not in (select agent from limit_seen)"
        " and id not in (select agent from limit_past)"
    )
    settler.writer.forget_names()
