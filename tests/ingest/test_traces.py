"""The ingest writes nothing outside its data folder and opens no connection."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.properties.lab import write
from tests.properties.worlds import crowd
from toktui.agents import agent_names

ROOT = Path(__file__).parent.parent.parent
_RUN = """
import sys, time
from pathlib import Path
from tests.ingest.victim import context
from toktui.ingest import access
from toktui.ingest.service import IngestService
where = context(Path(sys.argv[1]), Path(sys.argv[2]))
access.sync(where)
service = IngestService(where, lambda _: None)
service.start()
time.sleep(3)
service.stop()
"""
_OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+)')


@pytest.mark.strace
def test_a_sync_and_a_service_write_in_their_folder_only(home: Path, tmp_path: Path) -> None:
    for agent in agent_names():
        for path, data in crowd(agent, 3).items():
            write(home / path, data)
    before = {p: p.stat().st_mtime_ns for p in home.rglob("*")}
    traced, store = tmp_path / "trace", tmp_path / "data"
    calls = "open,openat,creat,socket,connect,unlink,unlinkat,rename,renameat,renameat2,mkdir,chmod"
    subprocess.run(
        ["strace", "-f", "-qq", "-o", traced, "-e", f"trace={calls}",
         sys.executable, "-c", _RUN, home, store],
        cwd=ROOT, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, check=True, timeout=60,
    )  # fmt: skip
    wrong: list[str] = []
    for line in traced.read_text(errors="replace").splitlines():
        opened = _OPENED.search(line)
        if re.search(r"\b(?:socket|connect)\(", line):
            wrong.append(line)
        elif opened is not None:
            path, flags = opened.groups()
            writes = re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", flags)
            if writes and not path.startswith((os.fspath(store), "/dev/")):
                wrong.append(line)
        elif re.search(r"\b(?:creat|unlink|rename|mkdir|chmod)\w*\(", line):
            named = re.findall(r'"([^"]*)"', line)
            if not all(path.startswith(os.fspath(store)) for path in named):
                wrong.append(line)
    assert wrong == []
    assert (store / "toktui.db").exists()
    assert {p: p.stat().st_mtime_ns for p in home.rglob("*")} == before
