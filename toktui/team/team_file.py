"""`team.db` in the data folder: the membership, what was sent, what waits, the board.

A small database of its own beside the store, so that sending needs no lock of the store's. It does
not exist before a user has joined. Each statement or `with` is one transaction.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.errors import ToktuiError
from toktui.team.facts import Facts, read, told, unusable
from toktui.team.membership import Hold, Membership, Notes, Sent, Trying, Waiting
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

NAME: Final = "team.db"
VERSION: Final = 1
BUSY_S: Final = 10
_TABLES: Final = """
create table membership (id integer primary key check (id = 1), body blob not null);
create table sent (day text primary key, facts blob not null, body blob not null) without rowid;
create table waiting (day text primary key, facts blob not null) without rowid;
create table trying (day text primary key, facts blob not null) without rowid;
create table state (name text primary key, value blob not null) without rowid;
"""
class TeamFile(Facts):
    """The open database. ToktuiError where it cannot be read or written."""

    # ---- who we are ----

    @told
    def membership(self) -> Membership | None:
        """The team, if this device has joined one."""
        row = self._db.execute("select body from membership").fetchone()
        return None if row is None else read(row[0], Membership)

    @told
    def remember(self, membership: Membership) -> None:
        """Joins."""
        self._db.execute(
            "insert or replace into membership values (1, ?)", (msgspec.json.encode(membership),)
        )

    @told
    def change(self, **changes: object) -> Membership | None:
        """Changes some fields of the membership as it is now; None if there is none any more."""
        with self._transaction():
            known = self.membership()
            if known is not None:
                known = msgspec.structs.replace(known, **changes)
                self.remember(known)
        return known

    @told
    def pause(self, *, on: bool) -> None:
        """Sends nothing, or goes on; who goes on does not leave any more, either."""
        self.change(paused=on, **({} if on else {"leaving": False}))

    @told
    def forget(self) -> None:
        """As if this device had never joined."""
        self._db.execute("pragma secure_delete = on")
        with self._transaction():
            for table in ("membership", "sent", "waiting", "trying", "state"):
                self._db.execute(f"delete from {table}")

    # ---- days ----

    @told
    def sent(self) -> dict[str, Sent]:
        """What the server has, by day."""
        rows = self._db.execute("select day, facts from sent order by day")
        return {day: read(facts, Sent) for day, facts in rows}

    @told
    def body(self, day: str) -> bytes | None:
        """The very bytes that were sent of a day last."""
        row = self._db.execute("select body from sent where day = ?", (day,)).fetchone()
        return None if row is None else bytes(row[0])

    @told
    def mark_sent(self, sent: Sent, body: bytes | None) -> None:
        """The server has answered for a day. Without a body it keeps the one that it has."""
        with self._transaction():
            kept = self.body(sent.day) or b"" if body is None else body
            self._put("sent", sent.day, sent, kept)
            for table in ("waiting", "trying"):
                self._db.execute(f"delete from {table} where day = ?", (sent.day,))

    @told
    def sent_in_vain(self, several: Iterable[Sent]) -> None:
        """The server does not have these days any more as it took them."""
        with self._transaction():
            for one in several:
                self._put(
                    "sent", one.day, msgspec.structs.replace(one, content=""),
                    self.body(one.day) or b"",
                )

    @told
    def waiting(self) -> dict[str, Waiting]:
        """Days that the server does not take, by day."""
        rows = self._db.execute("select day, facts from waiting order by day")
        return {day: read(facts, Waiting) for day, facts in rows}

    @told
    def wait(self, waiting: Waiting) -> None:
        """The server does not take a day."""
        with self._transaction():
            self._put("waiting", waiting.day, waiting)
            self._db.execute("delete from trying where day = ?", (waiting.day,))

    @told
    def stop_waiting(self, days: Iterable[str]) -> None:
        """These days have nothing to send any more."""
        with self._transaction():
            self._db.executemany("delete from waiting where day = ?", [(day,) for day in days])

    @told
    def trying(self) -> dict[str, Trying]:
        """What was on its way, by day."""
        rows = self._db.execute("select day, facts from trying")
        return {day: read(facts, Trying) for day, facts in rows}

    @told
    def about_to_send(self, several: Iterable[Trying]) -> None:
        """Remembers what goes out now, so that it is known again if no answer comes."""
        with self._transaction():
            for one in several:
                self._put("trying", one.day, one)

    # ---- the rest ----

    @told
    def hold(self) -> Hold | None:
        """Why nothing is sent, if that is so."""
        return self._state("hold", Hold)

    @told
    def put_hold(self, hold: Hold | None) -> None:
        """Nothing is sent for a while; None: all is well again."""
        if hold is None:
            self._db.execute("delete from state where name = 'hold'")
        else:
            self._set("hold", msgspec.json.encode(hold))

    @told
    def notes(self) -> Notes:
        """What the last round found out."""
        return self._state("notes", Notes) or Notes()

    @told
    def note(self, **changes: object) -> None:
        """Changes some of it."""
        with self._transaction():
            changed = msgspec.structs.replace(self.notes(), **changes)
            self._set("notes", msgspec.json.encode(changed))

    @told
    def board(self) -> bytes | None:
        """The main board as it was fetched last: JSON of the server's."""
        row = self._db.execute("select value from state where name = 'board'").fetchone()
        return None if row is None else bytes(row[0])

    @told
    def put_board(self, body: bytes, at_ms: int) -> None:
        """Keeps the board."""
        self._set("board", body)
        self.note(board_ms=at_ms, board_problem="")

def team_path(data: Path) -> Path:
    """Where the file is, whether it exists or not."""
    return data / NAME


@contextmanager
def open_team_file(data: Path, *, make: bool = False, reads: bool = False) -> Generator[TeamFile]:
    """`team.db` in the data folder; with `make` it is made, for the user alone.

    FileNotFoundError where it does not exist; ToktuiError where it cannot be used. `reads` opens it
    so that nothing can be written.
    """
    path = team_path(data)
    if make:
        _create(path)
    elif not path.exists():
        raise FileNotFoundError(path)
    db: sqlite3.Connection | None = None
    try:
        try:
            db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
            _prepare(db)
            if reads:
                db.execute("pragma query_only = on")
        except sqlite3.Error as error:
            raise unusable(path, error) from error
        yield TeamFile(db, path)
    finally:
        if db is not None:
            db.close()


def erase_team_file(data: Path) -> None:
    """Deletes what is left of a team that this device is in no more."""
    with suppress(OSError):
        team_path(data).unlink(missing_ok=True)


def _create(path: Path) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        raise ToktuiError(
            f"{clean(str(path), 200)} cannot be made: {error.strerror}",
            "Make the folder writable, or set TOKTUI_DATA_DIR to another one.",
        ) from error


def _prepare(db: sqlite3.Connection) -> None:
    version = int(db.execute("pragma user_version").fetchone()[0])
    if version > VERSION:
        raise sqlite3.DatabaseError("a newer toktui made it")
    if version == 0:
        db.execute("begin immediate")
        if not db.execute("pragma user_version").fetchone()[0]:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"pragma user_version = {VERSION}")
        db.execute("commit")
