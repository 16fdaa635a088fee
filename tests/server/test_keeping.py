"""What is kept for how long: copies, sign-ins, sums of days that are over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from toktui.errors import StoreError
from toktui.server.database import COPIES_MS, Database
from toktui.server.start import open_database
from toktui.server.windows import NOTHING, WindowCache

NOW_MS = 1_795_780_800_000


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The database of an earlier release."""
    file = tmp_path / "board.db"
    file.touch(0o600)
    database = Database(f"sqlite:///{file}")
    config = Config()
    config.set_main_option("script_location", "toktui.server:migrations")
    with database.write() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0002")
    database.close()
    return file


def test_a_backup_is_for_its_owner_alone_from_its_first_byte(tmp_path: Path):
    database = open_database(None, tmp_path)
    modes: list[int] = []
    fsync = os.fsync

    def look(handle: int) -> None:
        modes.append(os.fstat(handle).st_mode & 0o777)
        fsync(handle)

    before = os.umask(0)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", look)
            database.back_up(tmp_path / "copy.db")
    finally:
        os.umask(before)
        database.close()
    assert modes == [0o600]
    assert not (tmp_path / "copy.db.part").exists()


def test_a_backup_that_cannot_be_written_is_a_message_and_leaves_nothing(tmp_path: Path):
    database = open_database(None, tmp_path)
    with pytest.raises(StoreError, match="cannot be written"):
        database.back_up(tmp_path / "no such folder/copy.db")
    database.close()


def test_the_copy_before_an_upgrade_is_whole_or_not_there(older: Path):
    (older.parent / "board.db.before-0003.part").write_bytes(b"half of it")
    database = Database(f"sqlite:///{older}")
    database.migrate()
    database.close()
    copy = Database(f"sqlite:///{older}.before-0003")
    with copy.read() as db:
        assert db.execute(text("select version_num from alembic_version")).scalar() == "0002"
    copy.close()


def test_an_upgrade_waits_until_who_serves_the_file_has_stopped(older: Path):
    serving, upgrading = (Database(f"sqlite:///{older}") for _ in range(2))
    serving.claim()
    with pytest.raises(StoreError, match="Another `toktui serve` runs"):
        upgrading.migrate()
    with serving.read() as db:
        assert db.execute(text("select version_num from alembic_version")).scalar() == "0002"
    serving.close()
    upgrading.migrate()
    upgrading.claim()
    upgrading.close()


def test_copies_of_before_an_upgrade_are_kept_for_a_month(older: Path):
    database = Database(f"sqlite:///{older}")
    database.migrate()
    (copy,) = older.parent.glob("board.db.before-*")
    own = older.parent / "board.db.mine"
    own.touch()
    for file in (copy, own):
        os.utime(file, (NOW_MS / 1000, NOW_MS / 1000))
    database.forget_copies(NOW_MS + COPIES_MS)
    assert copy.exists()
    database.forget_copies(NOW_MS + COPIES_MS + 1)
    assert not copy.exists()
    assert own.exists()
    database.close()


def test_sums_as_of_days_long_over_are_not_kept():
    cache = WindowCache()
    for day in range(1, 29):
        for team in ("a", "b"):
            cache.keep(team, f"2026-11-{day:02}", {"m": (1, NOTHING)})
    kept = [day for day in range(1, 29) if cache.known("a", f"2026-11-{day:02}")]
    assert kept == [27, 28]
    cache.keep("a", "2026-11-26", {"m": (1, NOTHING)})
    assert cache.known("b", "2026-11-28")
    assert cache.known("a", "2026-11-28")
