"""What was found in repositories: all of it can be found again while they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

_TABLES: Final = """
create table repository (
  id integer primary key,
  place text not null unique,
  folder text not null,
  branch text not null,
  upstream integer not null,
  tip text not null,
  mine integer not null
);
create table workplace (
  project integer primary key,
  repository integer not null,
  why text not null
);
create table change (
  id integer primary key,
  repository integer not null,
  hash text not null,
  before text not null,
  at_ms integer not null,
  begun_ms integer not null,
  kind text not null,
  commits integer not null,
  branch text not null,
  subject text not null,
  files integer,
  lines integer,
  size integer,
  reverted_ms integer,
  reverted_by text not null,
  unique (repository, hash)
);
create index change_at on change (at_ms);
create table link (
  session integer not null,
  change integer not null,
  reason text not null,
  primary key (session, change)
) without rowid;
create index link_change on link (change);
"""


def m006_outcomes(db: Database) -> None:
    """Repositories, changes that landed there, and the sessions that made them."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


def forget_outcomes(db: sqlite3.Connection) -> None:
    """Takes out everything; what may be known is found again."""
    for table in ("link", "change", "patch", "workplace", "repository"):
        db.execute(f"delete from {table}")
    db.execute("update session set linked = 0 where linked <> 0")
