"""The follower finds what the first walk could not."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toktui.config import Config
from toktui.ingest import access, follow
from toktui.ingest.context import Context
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.service import IngestService
from toktui.paths import Paths

if TYPE_CHECKING:
    import pytest

    from toktui.ingest.progress import Change

CASE = Path(__file__).parents[1] / "conformance" / "claude-base" / "home"


def test_an_agent_that_is_installed_while_toktui_runs_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_FOLDERS_EVERY_S", 0.05)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    seen: list[Change] = []
    service = IngestService(Context(paths, Config(), home, {}), seen.append)
    service.start()
    try:
        wait_for(lambda: service.progress.phase == "live")
        shutil.copytree(CASE, home, dirs_exist_ok=True)
        wait_for(lambda: sum(change.new for change in seen) == 3)
        assert service.progress.agents == ("claude-code",)
    finally:
        service.stop()


def test_there_is_nothing_to_look_at_for_seconds_unless_a_log_is_hot(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(CASE, home, dirs_exist_ok=True)
    (log,) = home.rglob("*.jsonl")
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    here = Context(paths, Config(), home, {})
    access.sync(here)
    os.utime(log, (0, 0))
    settler = access.open_settler(here)
    try:
        follower = follow.Follower(settler, here, find_logs(log_roots(here)))
        follower.look((), everything=True)
        follower.look(())
        assert follower.rest_s() > 1
        os.utime(log)
        follower.look([str(log)])
        assert follower.rest_s() < 0.3
    finally:
        settler.db.close()


def wait_for(holds: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.01)
