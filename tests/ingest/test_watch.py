"""Changes are listened for where logs are, not where an agent keeps everything else."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from toktui.agents import agent, agent_names
from toktui.ingest.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", agent_names())
def test_what_is_watched_lies_in_its_root(name: str) -> None:
    for folder, _ in agent(name).watched("/some/root"):
        assert folder == "/some/root" or folder.startswith("/some/root/")


def test_snapshots_and_parts_of_opencode_are_not_watched(tmp_path: Path) -> None:
    root = tmp_path / "opencode"
    for folder in ("storage/message/ses_1", "storage/part/msg_1", "snapshot/objects/ab"):
        (root / folder).mkdir(parents=True)
    watch = Watch(threading.Event())
    watch.start([*agent("opencode").watched(str(root)), (str(tmp_path / "absent"), True)])
    try:
        assert watch.watched == (str(root), str(root / "storage/message"))
        quiet = root / "snapshot/objects/ab/pack"
        heard = root / "storage/message/ses_1/msg_1.json"
        database = root / "opencode.db"
        for path in (quiet, root / "storage/part/msg_1/prt_1.json", heard, database):
            path.write_bytes(b"{}")
        told: set[str] = set()
        for _ in range(100):
            told |= watch.take()[0]
            if {str(heard), str(database)} <= told:
                break
            time.sleep(0.05)
        assert {str(heard), str(database)} <= told
        assert not any("snapshot/" in path or "/part/" in path for path in told)
    finally:
        watch.stop()
