"""Bringing an older store up to this program's schema, after a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.errors import ReadOnlyError
from toktui.store.connect import version_of
from toktui.store.schema import APPLICATION_ID, MIGRATIONS, VERSION

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sqlite_utils import Database


def migrate(db: sqlite3.Connection, *, before: Callable[[], None] | None = None) -> bool:
    """Applies what is missing, each migration in one transaction; True if any was applied.

    `before` is called once before the first one on a store that holds something. ReadOnlyError
    where a newer program made the store.
    """
    version = version_of(db)
    if version > VERSION:
        raise ReadOnlyError(
            f"The store was made by a newer toktui (schema {version}, this one knows {VERSION}).",
            "Update toktui; until then the store is only read.",
        )
    if version == VERSION:
        return False
    if version and before is not None:
        before()
    from sqlite_utils import Database  # noqa: PLC0415  190 ms that only a migration needs
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415

    migrations = Migrations("toktui")
    for number, migration in enumerate(MIGRATIONS, 1):
        migrations(name=migration.__name__)(_counted(migration, number))
    migrations.apply(Database(db))
    return True


def _counted(migration: Callable[[Database], None], number: int) -> Callable[[Database], None]:
    """The migration, with the number that plain SQLite programs see, in one transaction."""

    def apply(db: Database) -> None:
        migration(db)
        db.conn.execute(f"pragma user_version = {number}")
        db.conn.execute(f"pragma application_id = {APPLICATION_ID}")

    return apply
