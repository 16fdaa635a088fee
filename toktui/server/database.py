"""The board's database: a SQLite file or a PostgreSQL server, by URL.

SQLite has one writing connection, which alone checkpoints; readers never wait for it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from toktui.errors import StoreError
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

BUSY_S: Final = 10
READERS: Final = 8
_MIGRATING: Final = 7_366_711
"""Key of PostgreSQL's advisory lock under which a schema is brought up to date."""


class Database:
    """Connections to read and to write with; made once per process."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as error:
            raise StoreError(
                "The database's address is not valid.",
                "Such as sqlite:////var/lib/toktui/board.db or postgresql://user@host/board.",
            ) from error
        if self.url.drivername in ("postgresql", "postgres"):
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._reading = self._sqlite(READERS, "BEGIN")
            self._writing = self._sqlite(1, "BEGIN IMMEDIATE")
        else:
            self._reading = self._writing = _engine(self.url, pool_size=READERS, pool_pre_ping=True)
        self._turn = threading.Lock()

    def _sqlite(self, size: int, begin: str) -> Engine:
        engine = _engine(
            self.url, pool_size=size, max_overflow=0,
            connect_args={"timeout": BUSY_S, "check_same_thread": False},
        )

        def prepare(connection: Any, _record: object) -> None:
            connection.isolation_level = None
            for pragma in ("journal_mode = wal", "synchronous = full", "secure_delete = on",
                           "trusted_schema = off", "cache_size = -16384"):  # fmt: skip
                connection.execute(f"pragma {pragma}")

        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", start)
        return engine

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection that sees one state."""
        with self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction that is stored when the block ends, and not at all if it fails."""
        if self.is_sqlite:
            with self._turn, self._writing.begin() as connection:
                yield connection
        else:
            with self._writing.begin() as connection:
                yield connection

    def migrate(self) -> None:
        """Brings the schema up to date. StoreError where a newer program made it."""
        with self._writing.connect() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"select pg_advisory_lock({_MIGRATING})"))
                connection.commit()
            try:
                self._step(connection)
            finally:
                if not self.is_sqlite:
                    connection.rollback()
                    connection.execute(text(f"select pg_advisory_unlock({_MIGRATING})"))
                    connection.commit()

    def _step(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "toktui.server:migrations")
        scripts = ScriptDirectory.from_config(config)
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            raise StoreError(
                "The database was made by a newer toktui.", "Update toktui on this server."
            )
        if current != scripts.get_current_head():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def is_ready(self) -> bool:
        """Whether the database answers."""
        try:
            with self.read() as connection:
                connection.execute(text("select 1 from team limit 1"))
        except SQLAlchemyError:
            return False
        return True

    def back_up(self, target: Path) -> None:
        """Writes a whole copy while the server runs; SQLite only."""
        if not self.is_sqlite:
            raise StoreError(
                "PostgreSQL has its own backup.", "Use pg_dump; docs/serve.md has the command."
            )
        if target.exists():
            raise StoreError(f"{clean(str(target), 400)} exists.", "Name another file.")
        with self._reading.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("vacuum into ?", (str(target),))
        target.chmod(0o600)

    def erase_traces(self) -> None:
        """Takes what was deleted out of SQLite's write-ahead log, too."""
        if self.is_sqlite:
            with self._turn, self._writing.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute("pragma wal_checkpoint(truncate)")

    def close(self) -> None:
        """Closes every connection."""
        self._reading.dispose()
        self._writing.dispose()


def _engine(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except (ArgumentError, ImportError) as error:
        raise StoreError(
            f"The database cannot be used: {clean(str(error))}",
            "PostgreSQL needs the extra: pip install 'toktui[server,postgres]'.",
        ) from error
