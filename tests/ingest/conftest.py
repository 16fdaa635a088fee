"""One home with one log, and who lives there: a service here, another in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ingest.victim import context
from tests.properties.lab import write
from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest.context import Context
from toktui.ingest.service import IngestService

ROOT = Path(__file__).parent.parent.parent
_HOLDER = """
import sys, time
from pathlib import Path
from tests.ingest.victim import context
from toktui.ingest.service import IngestService
IngestService(context(Path(sys.argv[1]), Path(sys.argv[2])),
              lambda change: print(change.progress.phase, flush=True)).start()
time.sleep(60)
"""


def call(n: int) -> bytes:
    return lines([claude_row(f"msg_01{n:022d}", "s1", stamp(n % 50), output=n)])


@pytest.fixture
def log(home: Path) -> Path:
    path = home / ".claude/projects/-w/s1.jsonl"
    write(path, call(1))
    return path


@pytest.fixture
def here(home: Path, tmp_path: Path) -> Context:
    return context(home, tmp_path / "data")


@pytest.fixture
def serve(here: Context) -> Iterator[Callable[[], IngestService]]:
    """Starts services of this process and stops them at the end."""
    running: list[IngestService] = []

    def start() -> IngestService:
        running.append(IngestService(here, lambda _: None))
        running[-1].start()
        return running[-1]

    yield start
    for service in running:
        service.stop()


@pytest.fixture
def other_process(here: Context) -> Iterator[subprocess.Popen[str]]:
    """A live service in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, here.home, here.paths.data],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "live":
                break
        yield process
        process.kill()


def until(true: Callable[[], object], seconds: float = 5.0) -> float:
    """Waits; gives the seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it does not happen"
        time.sleep(0.005)
    return time.monotonic() - began
