"""The board's database: a SQLite file or a PostgreSQL server, by URL.

SQLite has one server process with one writing connection, which alone checkpoints; readers never
wait for it. Commands beside the server write, but leave the checkpoint to it: SQLite before 3.51.3
can lose a page where two processes checkpoint at once.
"""

from __future__ import annotations

import fcntl
import glob
import os
import sqlite3
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from toktui.errors import StoreError
from toktui.server import windows
from toktui.server.tables import metadata
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Generator

BUSY_S: Final = 10
READERS: Final = 8
_PATIENCE: Final = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
"""PostgreSQL gives up a lock or a lost session after these, and the client comes again."""
COPIES_MS: Final = 30 * 86_400_000
"""How long a copy of before an upgrade is kept."""
_BEFORE: Final = ".before-"
_MIGRATING: Final = 7_366_711
"""Key of PostgreSQL's advisory lock under which a schema is brought up to date."""


class Database:
    """Connections to read and to write with; made once per process."""

    def __init__(self, url: str | URL) -> None:
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
        # Of a connection that writes nothing may be kept: it may yet be rolled back.
        cached = {windows.OPTION: windows.WindowCache()}
        if self.is_sqlite:
            self._reading = self._sqlite(READERS, "BEGIN").execution_options(**cached)
            self._writing = self._sqlite(1, "BEGIN IMMEDIATE")
        else:
            options = {} if "options" in self.url.query else {"options": _PATIENCE}
            self._writing = _engine(
                self.url, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True,
                hide_parameters=True, connect_args={"connect_timeout": BUSY_S, **options},
            )  # fmt: skip
            self._reading = self._writing.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True, **cached
            )
        self._turn = threading.Lock()
        self._claim: IO[bytes] | None = None

    def _sqlite(self, size: int, begin: str) -> Engine:
        engine = _engine(
            self.url, pool_size=size, max_overflow=0, hide_parameters=True,
            connect_args={"timeout": BUSY_S, "check_same_thread": False},
        )

        def prepare(connection: Any, _record: object) -> None:
            connection.isolation_level = None
            for pragma in ("journal_mode = wal", "synchronous = full", "secure_delete = on",
                           "trusted_schema = off", "cache_size = -16384",
                           "wal_autocheckpoint = 0"):  # fmt: skip
                connection.execute(f"pragma {pragma}")

        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        event.listen(engine, "connect", prepare)
        event.listen(engine, "begin", start)
        return engine

    def claim(self) -> None:
        """Makes this process the one that serves a SQLite file. StoreError if another one does."""
        if not self.is_sqlite:
            return
        self._claim = self._lock("Stop it; several processes need PostgreSQL.")
        with self._writing.connect() as connection:
            _raw(connection).execute("pragma wal_autocheckpoint = 1000")

    def _lock(self, hint: str) -> IO[bytes]:
        """The lock of the one who serves a SQLite file, until it is closed."""
        lock = open(f"{self.url.database}.lock", "ab")  # noqa: SIM115  held by who asks
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StoreError("Another `toktui serve` runs on this database.", hint) from error
        return lock

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
        head = scripts.get_current_head()
        if current == head:
            return
        with ExitStack() as stack:
            if current is not None and self.is_sqlite:
                # Who serves it knows nothing of the steps.
                stack.enter_context(self._lock("Stop it before the upgrade."))
                self._keep_before(str(head))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()

    def _keep_before(self, revision: str) -> None:
        """A copy of the file as it is, before a step changes it; the first one stays."""
        target = Path(f"{self.url.database}{_BEFORE}{revision}")
        if not target.exists():
            self.back_up(target)

    def forget_copies(self, now_ms: int) -> None:
        """Deletes copies of before an upgrade once they are old: they hold who has left since."""
        if not self.is_sqlite:
            return
        file = Path(str(self.url.database))
        for copy in file.parent.glob(f"{glob.escape(file.name)}{_BEFORE}*"):
            with suppress(OSError):
                if copy.stat().st_mtime * 1000 < now_ms - COPIES_MS:
                    copy.unlink()

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
        shown = clean(str(target), 400)
        if target.exists():
            raise StoreError(f"{shown} exists.", "Name another file.")
        part = target.with_name(f"{target.name}.part")
        try:
            part.unlink(missing_ok=True)
            # For its owner alone before anything is in it; and whole before it has its name.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
            with self._reading.connect() as connection:
                _raw(connection).execute("vacuum into ?", (str(part),))
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.rename(target)
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreError(
                f"{shown} cannot be written: {clean(why or type(error).__name__)}",
                "Make room, or name a file in another folder.",
            ) from error

    def erase_traces(self) -> None:
        """Takes what was deleted out of SQLite's write-ahead log, and off PostgreSQL's pages, too.

        Whoever reads at this moment is waited for, for some seconds; what then stays goes the next
        time.
        """
        if self.is_sqlite:
            with self._turn, self._writing.connect() as connection:
                # At its end it waits for readers as long as a lock is waited for.
                _raw(connection).execute("pragma wal_checkpoint(truncate)")
            return
        with self._writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in metadata.tables:
                connection.execute(text(f'vacuum "{table}"'))

    def close(self) -> None:
        """Closes every connection."""
        self._reading.dispose()
        self._writing.dispose()
        if self._claim is not None:
            self._claim.close()


def _raw(connection: Connection) -> Any:
    """The driver's own connection."""
    raw = connection.connection.driver_connection
    assert raw is not None
    return raw


def _engine(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except (ArgumentError, ImportError) as error:
        raise StoreError(
            f"The database cannot be used: {clean(str(error))}",
            "PostgreSQL needs the extra: pip install 'toktui[server,postgres]'.",
        ) from error
