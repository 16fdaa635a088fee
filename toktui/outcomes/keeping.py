"""Writes what was found in repositories over what was known of them, and nothing that is as it was.

Everything here runs in a transaction of the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.store.shares import add_up, mark_linked, share_again
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3

    from toktui.outcomes.found import Findings, Found, Row
    from toktui.outcomes.repository import Repository

_COLUMNS: Final = (
    "hash", "before", "at_ms", "begun_ms", "kind", "commits", "branch", "subject", "files",
    "lines", "size", "reverted_ms", "reverted_by",
)  # fmt: skip
_PUT: Final = (
    f"insert into change (repository, {', '.join(_COLUMNS)})"
    f" values (?{', ?' * len(_COLUMNS)}) on conflict (repository, hash) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
)


def keep(db: sqlite3.Connection, findings: Findings) -> None:
    """Writes it all. A folder that cannot be read now keeps what is known of its repository."""
    db.executemany(
        "insert into workplace (project, repository, why) values (?, 0, ?)"
        " on conflict (project) do update set why = excluded.why where why <> excluded.why",
        list(findings.nowhere.items()),
    )
    db.executemany(
        "insert into workplace (project, repository, why)"
        " select ?, id, '' from repository where place = ?"
        " on conflict (project) do update set repository = excluded.repository, why = ''"
        " where why <> '' or repository <> excluded.repository",
        [(project, clean(place, 4096)) for project, place in findings.unchanged.items()],
    )
    touched: set[int] = set()
    for found in findings.found:
        touched |= _keep(db, found)
    touched |= _drop_orphans(db)
    if touched:
        mark_linked(db, touched)
        share_again(db, touched)


def _keep(db: sqlite3.Connection, found: Found) -> set[int]:
    """One repository; the sessions whose cost is to be shared out anew."""
    number = _repository(db, found.repository, found.looked)
    db.executemany(
        "insert into workplace (project, repository, why) values (?, ?, '')"
        " on conflict (project) do update set repository = excluded.repository, why = ''",
        [(project, number) for project in found.projects],
    )
    _keep_patches(db, number, found.patches)
    touched = _keep_rows(db, number, found)
    return touched | _keep_links(db, number, found)


def _repository(db: sqlite3.Connection, r: Repository, looked: bytes) -> int:
    (number,) = db.execute(
        "insert into repository (place, folder, branch, upstream, tip, mine, looked)"
        " values (?, ?, ?, ?, ?, ?, ?) on conflict (place) do update set folder = excluded.folder,"
        " branch = excluded.branch, upstream = excluded.upstream, tip = excluded.tip,"
        " mine = excluded.mine, looked = excluded.looked returning id",
        (clean(r.place, 4096), clean(r.folder, 4096), r.branch, r.upstream, r.tip, bool(r.emails),
         looked),
    ).fetchone()  # fmt: skip
    return int(number)


def _keep_patches(db: sqlite3.Connection, number: int, patches: dict[str, str]) -> None:
    known = dict(db.execute("select hash, patch from patch where repository = ?", (number,)))
    db.executemany(
        "delete from patch where repository = ? and hash = ?",
        [(number, name) for name in known.keys() - patches.keys()],
    )
    db.executemany(
        "insert into patch (repository, hash, patch) values (?, ?, ?)",
        [(number, name, patches[name]) for name in patches.keys() - known.keys()],
    )


def _keep_rows(db: sqlite3.Connection, number: int, found: Found) -> set[int]:
    """The changes; those who made one that is gone, or of another size, are told."""
    stored = {
        row[1]: (row[0], row[1:])
        for row in db.execute(
            f"select id, {', '.join(_COLUMNS)} from change where repository = ? and at_ms >= ?",
            (number, found.since_ms),
        )
    }
    gone = [stored[name][0] for name in stored.keys() - {row.hash for row in found.rows}]
    differing = [row for row in found.rows if not _is_stored(row, stored.get(row.hash))]
    at_size = _COLUMNS.index("size")
    others = [
        stored[row.hash][0]
        for row in differing
        if row.hash in stored and stored[row.hash][1][at_size] != row.size
    ]
    touched = _makers(db, [*gone, *others])
    for change in gone:
        db.execute("delete from link where change = ?", (change,))
        db.execute("delete from change where id = ?", (change,))
    db.executemany(_PUT, [(number, *msgspec.structs.astuple(row)) for row in differing])
    return touched


def _is_stored(row: Row, stored: tuple[int, tuple[object, ...]] | None) -> bool:
    return stored is not None and stored[1] == msgspec.structs.astuple(row)


def _makers(db: sqlite3.Connection, changes: list[int]) -> set[int]:
    found: set[int] = set()
    for change in changes:
        rows = db.execute("select session from link where change = ?", (change,))
        found |= {session for (session,) in rows}
    return found


def _keep_links(db: sqlite3.Connection, number: int, found: Found) -> set[int]:
    numbers: dict[str, int] = dict(
        db.execute("select hash, id from change where repository = ? and at_ms >= ?",
                   (number, found.since_ms))
    )  # fmt: skip
    wanted = {
        (one.session, numbers[one.change]): one.reason
        for one in found.links
        if one.change in numbers
    }
    stored = {
        (session, change): reason
        for session, change, reason in db.execute(
            "select l.session, l.change, l.reason from change c join link l on l.change = c.id"
            " where c.repository = ? and c.at_ms >= ?",
            (number, found.since_ms),
        )
    }
    gone = stored.keys() - wanted.keys()
    differing = {pair for pair, reason in wanted.items() if stored.get(pair) != reason}
    db.executemany("delete from link where session = ? and change = ?", list(gone))
    db.executemany(
        "insert into link (session, change, reason) values (?, ?, ?)"
        " on conflict (session, change) do update set reason = excluded.reason",
        [(*pair, wanted[pair]) for pair in sorted(differing)],
    )
    add_up(db, {change for _, change in gone})
    return {session for session, _ in gone | differing}


def _drop_orphans(db: sqlite3.Connection) -> set[int]:
    """Repositories that no folder is in any more."""
    touched: set[int] = set()
    orphans = db.execute(
        "select id from repository where id not in (select repository from workplace)"
    ).fetchall()
    for (number,) in orphans:
        changes = db.execute("select id from change where repository = ?", (number,)).fetchall()
        touched |= _makers(db, [change for (change,) in changes])
        db.execute(
            "delete from link where change in (select id from change where repository = ?)",
            (number,),
        )
        for table in ("change", "patch"):
            db.execute(f"delete from {table} where repository = ?", (number,))
        db.execute("delete from repository where id = ?", (number,))
    return touched
