"""The bench measures real processes and says plainly what it found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from toktui.clock import parse_ms
from toktui.dev.bench import peer
from toktui.dev.bench.homes import CALLS_PER_LOG, LONGEST, grow, small_logs
from toktui.dev.bench.machine import RunError, environment, run
from toktui.dev.bench.screen import Screen
from toktui.dev.bench.table import Result, percentile, table
from toktui.store.connect import connect_reader

NEWEST_MS = parse_ms("2026-11-20T12:00:00Z") or 0

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux_only
def test_memory_and_cpu_of_a_run_are_those_of_all_its_processes(tmp_path: Path) -> None:
    child = "x = bytearray(60_000_000); [i * i for i in range(3_000_000)]"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    timing = run([sys.executable, "-c", code], environment(tmp_path, tmp_path), memory=True)
    assert timing.peak_bytes > 60_000_000
    assert timing.wall_s >= 0.9 * timing.cpu_s > 0.05


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="ended with 3"):
        run([sys.executable, "-c", "raise SystemExit(3)"], environment(tmp_path, tmp_path))


def test_measured_programs_see_nothing_of_the_user(tmp_path: Path) -> None:
    env = environment(tmp_path / "home", tmp_path / "data")
    assert env["HOME"] == str(tmp_path / "home")
    assert not {name for name in env if name.startswith(("CLAUDE_", "CODEX_"))}


def test_a_screen_tells_when_something_is_drawn(tmp_path: Path) -> None:
    code = (
        "import time; time.sleep(0.2); print('x' * 9 + 'ready', flush=True);"
        " time.sleep(0.5); print('later', flush=True); time.sleep(30)"
    )
    screen = Screen([sys.executable, "-c", code], environment(tmp_path, tmp_path))
    try:
        seconds = screen.seconds_until(b"xready", since=screen.started, wait_s=5)
        assert seconds is not None
        assert 0.2 <= seconds < 5
        assert screen.drawn_in(1.5) == (len("later\r\n"), 1)
        assert screen.drawn_in(0.1) == (0, 0)
        assert screen.seconds_until(b"never", since=screen.started, wait_s=0.1) is None
    finally:
        screen.close()


def test_calls_of_deleted_logs_stay_in_the_store(tmp_path: Path) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    logs = small_logs(home, 3, newest_ms=NEWEST_MS, model="first-light")
    grow(home, data, 2 * CALLS_PER_LOG, before_ms=NEWEST_MS - 60_000)
    assert sorted(home.rglob("*.jsonl")) == sorted(log.path for log in logs)
    db = connect_reader(data / "toktui.db")
    (calls,) = db.execute("select sum(calls) from sessions").fetchone()
    (newest,) = db.execute("select model from calls order by at_ms desc limit 1").fetchone()
    (gone,) = db.execute("select count(*) from log where gone_ms is not null").fetchone()
    (written,) = db.execute("select max(mtime_ns) / 1000000 from log where gone_ms > 0").fetchone()
    db.close()
    assert written < NEWEST_MS, "a log that seems to grow makes its session work"
    assert (calls, newest, gone) == (3 + LONGEST + CALLS_PER_LOG, "first-light", 2)


def test_where_npm_is_missing_the_peer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert peer.install(tmp_path) == "npm is not installed"


def test_the_table_marks_what_misses_its_target() -> None:
    text = table([
        Result("fast", "1 s", "<= 2 s", ok=True),
        Result("large", "9 MB", "<= 2 MB", ok=False),
        Result("other", "not built"),
    ])
    assert [line.split()[:2] for line in text.splitlines()[2:]] == [
        ["ok", "fast"], ["miss", "large"], ["other", "not"],
    ]


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.95, 10), (0.9, 9), (0, 1), (1, 10)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile(list(range(1, 11)), share) == value
