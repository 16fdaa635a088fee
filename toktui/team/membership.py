"""What this device knows of its team: who it is there, what was consented to, what was sent.

A small database of its own beside the store, so that `toktui team submit` needs no lock of the
store's; each statement is one transaction.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.team.identity import Place
from toktui.team.wire.messages import Appearance, Role

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_TABLES: Final = """
create table if not exists membership (id integer primary key check (id = 1), body blob not null);
create table if not exists sent (
  day text primary key, rev integer not null, content text not null, sha256 text not null,
  closed integer not null, sent_ms integer not null, result text not null);
create table if not exists outbox (
  day text primary key, attempts integer not null, next_ms integer not null, code text not null);
"""


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """The team this device belongs to. `schema` is what its user consented to, at `consented_ms`.
    """

    url: str
    allow_http: bool
    team: str
    team_name: str
    zone: str
    member: str
    device: str
    role: Role
    pepper: str
    first_day: str
    appearance: Appearance
    name: str
    shares: tuple[str, ...]
    schema: str
    consented_ms: int
    key_place: Place
    paused: bool = False


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A day as the server last took it; `content` is the digest of what it says."""

    day: str
    rev: int
    content: str
    sha256: str
    closed: bool
    sent_ms: int
    result: str


class Waiting(msgspec.Struct, frozen=True):
    """A day that could not be sent: tried so often, next at a time, because of a code."""

    day: str
    attempts: int
    next_ms: int
    code: str


class TeamFile:
    """The open database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def membership(self) -> Membership | None:
        """The team, if this device has joined one."""
        row = self._db.execute("select body from membership").fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Membership)

    def remember(self, membership: Membership) -> None:
        """Joins or changes."""
        self._db.execute(
            "insert or replace into membership values (1, ?)", (msgspec.json.encode(membership),)
        )

    def forget(self) -> None:
        """As if this device had never joined."""
        self._db.executescript("delete from membership; delete from sent; delete from outbox;")

    def sent(self) -> dict[str, Sent]:
        """What the server has, by day."""
        rows = self._db.execute("select * from sent order by day")
        return {row[0]: msgspec.convert(row, Sent, strict=False) for row in rows}

    def mark_sent(self, sent: Sent) -> None:
        """The server has taken a day."""
        self._db.execute("begin immediate")
        self._db.execute(
            "insert or replace into sent values (?, ?, ?, ?, ?, ?, ?)",
            msgspec.structs.astuple(sent),
        )
        self._db.execute("delete from outbox where day = ?", (sent.day,))
        self._db.execute("commit")

    def waiting(self) -> dict[str, Waiting]:
        """Days that wait for another try, by day."""
        return {row[0]: Waiting(*row) for row in self._db.execute("select * from outbox")}

    def wait(self, waiting: Waiting) -> None:
        """A try failed."""
        self._db.execute(
            "insert or replace into outbox values (?, ?, ?, ?)", msgspec.structs.astuple(waiting)
        )


@contextmanager
def open_team_file(folder: Path) -> Generator[TeamFile]:
    """`team.db` in the data folder, made if need be, for the user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "team.db"
    path.touch(mode=0o600)
    db = sqlite3.connect(path, isolation_level=None, timeout=10)
    try:
        db.executescript(_TABLES)
        yield TeamFile(db)
    finally:
        db.close()
