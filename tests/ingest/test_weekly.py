"""The weekly backup: made while toktui follows the logs, and nothing waits for it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toktui.config import Config
from toktui.ingest.access import back_up_weekly, sync
from toktui.ingest.context import Context
from toktui.ingest.service import IngestService
from toktui.paths import Paths
from toktui.store.backup import WEEK_MS, backups, verify

if TYPE_CHECKING:
    from toktui.ingest.progress import Change

CASE = Path(__file__).parents[1] / "conformance" / "claude-base" / "home"


def context_of(folder: Path) -> Context:
    home = folder / "imitated"
    shutil.copytree(CASE, home)
    return Context(Paths(data=folder / "data", config=folder / "config"), Config(), home, {})


def test_the_service_makes_a_backup_of_what_it_read(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    seen: list[Change] = []
    service = IngestService(context, seen.append)
    service.start()
    try:
        end = time.monotonic() + 10
        while not backups(context.paths.backups):
            assert time.monotonic() < end, "no backup in time"
            time.sleep(0.02)
    finally:
        service.stop()
    (backup,) = backups(context.paths.backups)
    assert verify(backup.path) == 3


def test_a_week_passes_between_two_backups(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    sync(context)
    said: list[str] = []
    now = context.now_ms()
    for later, expected in ((0, 1), (WEEK_MS - 1, 1), (WEEK_MS + 1, 2)):
        context.now_ms = lambda later=later: now + later
        back_up_weekly(context, notice=said.append)
        assert len(backups(context.paths.backups)) == expected
    assert said == []


def test_what_a_killed_backup_left_is_cleared_away(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    sync(context)
    context.paths.backups.mkdir()
    left = context.paths.backups / "toktui-20260101T000000000.part"
    left.write_bytes(b"half")
    back_up_weekly(context, notice=lambda _: None)
    assert not left.exists()
    assert len(backups(context.paths.backups)) == 1
