"""Facts in a small database: each a struct, kept as JSON under its day or its name."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import msgspec

from toktui.errors import ToktuiError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

T = TypeVar("T")
P = ParamSpec("P")
F = TypeVar("F", bound="Facts")


def told(method: Callable[Concatenate[F, P], T]) -> Callable[Concatenate[F, P], T]:
    """Makes a message of what goes wrong with this database, and with no other."""

    @wraps(method)
    def call(self: F, *args: P.args, **options: P.kwargs) -> T:
        try:
            return method(self, *args, **options)
        except sqlite3.Error as error:
            raise unusable(self.path, error) from error

    return call


class Facts:
    """The open database. ToktuiError where it cannot be read or written."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self.path = path

    def _state(self, name: str, kind: type[T]) -> T | None:
        row = self._db.execute("select value from state where name = ?", (name,)).fetchone()
        return None if row is None else read(row[0], kind)

    def _set(self, name: str, value: bytes) -> None:
        self._db.execute("insert or replace into state values (?, ?)", (name, value))

    def _put(self, table: str, day: str, facts: msgspec.Struct, *more: bytes) -> None:
        marks = ", ".join("?" * (2 + len(more)))
        self._db.execute(
            f"insert or replace into {table} values ({marks})",
            (day, msgspec.json.encode(facts), *more),
        )

    @contextmanager
    def _transaction(self) -> Generator[None]:
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")


def read(value: Any, kind: type[T]) -> T:
    """A struct out of its JSON. sqlite3.DatabaseError where it is none."""
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, UnicodeError, TypeError) as error:
        raise sqlite3.DatabaseError("what it holds cannot be read") from error


def unusable(path: Path, error: sqlite3.Error) -> ToktuiError:
    """What is said of a database that cannot be read or written."""
    return ToktuiError(
        f"{clean(str(path), 200)} cannot be used: {clean(str(error))}",
        "Make room or make it writable. If it is damaged: move it away, and join again.",
    )
