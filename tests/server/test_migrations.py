"""A database of every earlier release comes up to date with all that is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from toktui.errors import StoreError
from toktui.server.database import Database
from toktui.server.tables import metadata

RELEASED = ("0001", "0002")
ROWS = (
    "insert into team values ('t', 'Shop', 'UTC', 'p', 400, 35, false, 1)",
    "insert into member (id, team, appearance, name, role, joined_ms, first_day)"
    " values ('m', 't', 'name', 'Ada', 'owner', 1, '2026-01-01')",
    "insert into device values ('d', 'm', 't', 'k', 's', 1, null)",
    "insert into document (device, day, team, member, rev, sha256, closed, tokens, received_ms,"
    " body) values ('d', '2026-11-20', 't', 'm', 3, 'x', true, 9, 77, '')",
    "insert into member_day (member, day, team, shares_outcomes, calls, landed_s, landed_m,"
    " landed_l, linked_m) values ('m', '2026-11-20', 't', true, 5, 2, 3, 4, 9)",
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same empty database."""
    url = f"sqlite:///{tmp_path / 'board.db'}"
    if request.param != "sqlite":
        url = request.getfixturevalue("postgres")()
    return lambda: Database(url)


def bring_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "toktui.server:migrations")
    with database.write() as db:
        config.attributes["connection"] = db
        command.upgrade(config, revision)


@pytest.mark.parametrize("revision", RELEASED)
def test_what_is_in_an_older_database_stays(
    fresh: Callable[[], Database], revision: str, tmp_path: Path
):
    old = fresh()
    bring_to(old, revision)
    with old.write() as db:
        for row in ROWS:
            db.execute(text(row))
    old.close()
    new = fresh()
    new.migrate()
    with new.read() as db:
        kept: Any = db.execute(text("select rev, first_ms from document")).one()
        assert kept.rev == 3
        if revision == "0001":
            assert kept.first_ms == 77
        assert db.execute(text("select changed from member")).scalar() == 1
        # A cost of 0 was what a client said that did not know it.
        assert db.execute(text("select linked_unpriced from member_day")).scalar() == 6
        days: Any = db.execute(text("select calls, live from member_day")).one()
        assert tuple(days) == (5, 0)
    if new.is_sqlite:
        (before,) = tmp_path.glob("board.db.before-*")
        copy = Database(f"sqlite:///{before}")
        with copy.read() as db:
            assert db.execute(text("select rev from document")).scalar() == 3
        copy.close()
    new.close()


def test_the_steps_make_the_tables_that_the_program_uses(fresh: Callable[[], Database]):
    database = fresh()
    database.migrate()
    with database.read() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
    database.close()


def test_a_database_of_a_newer_program_is_refused(fresh: Callable[[], Database]):
    database = fresh()
    database.migrate()
    with database.write() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="newer"):
        database.migrate()
    database.close()


def test_the_released_steps_are_all_tried():
    config = Config()
    config.set_main_option("script_location", "toktui.server:migrations")
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert sorted(steps)[:-1] == sorted(RELEASED)
