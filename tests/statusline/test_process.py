"""The process that an agent starts: light, alone at work, and never an error."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.statusline.said import as_bytes

COMMAND = (sys.executable, "-m", "toktui", "statusline")
HEAVY = ("click", "msgspec", "textual", "rich", "sqlite_utils", "dataclasses", "toktui.cli")


def run(data: bytes, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        COMMAND, input=data, capture_output=True, env=os.environ | env, timeout=60, check=False
    )


def test_an_answer_is_one_line():
    result = run(as_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.count(b"\n") == 1
    assert result.stdout.startswith(b"$6.31 session")


@pytest.mark.parametrize("data", [b"", b"\xff\x00garbage", b"[" * 200_000, b'"\x1b[2J"'])
def test_garbage_is_no_error(data: bytes):
    result = run(data)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"toktui\n", b"")


def test_a_wrong_configuration_is_named(tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text("[statusline]\npart = []\n")
    result = run(as_bytes())
    assert result.returncode == 2
    assert b'unknown key "part" in [statusline]' in result.stderr
    assert b"parts" in result.stderr


def test_an_agent_that_has_stopped_listening_is_no_error():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(as_bytes())
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_stdin_that_stays_open_is_not_waited_for():
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(as_bytes())
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"$6.31 session")
        process.wait(timeout=60)


def imported_by_an_answer() -> set[str]:
    code = (
        "import sys; from toktui.statusline.answer import main; main();"
        "print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], input=as_bytes(), capture_output=True, check=True, timeout=60
    )
    return set(result.stderr.decode().split())


def test_nothing_slow_is_imported():
    seen = imported_by_an_answer()
    assert "toktui.metrics.glimpse" in seen
    assert not [name for name in HEAVY if name in seen]


def test_whoever_does_not_get_the_lock_does_not_even_load_what_looks(tmp_path: Path):
    run(as_bytes())
    with open(tmp_path / "data/statusline/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seen = imported_by_an_answer()
    assert not [name for name in seen if name in ("sqlite3", "toktui.metrics.glimpse")]


def test_a_storm_of_calls_leaves_every_record_whole(tmp_path: Path):
    calls = [as_bytes(session_id=f"s{n % 4}", cost={"total_cost_usd": n}) for n in range(24)]
    processes = [
        subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in calls
    ]
    for process, data in zip(processes, calls, strict=True):
        assert process.stdin is not None
        process.stdin.write(data)
        process.stdin.close()
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.read().count(b"\n") == 1
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    logs = (tmp_path / "data/spool/claude-code").glob("*.jsonl")
    records = [json.loads(line) for log in logs for line in log.read_text().split("\n") if line]
    assert sorted(each["cost"]["total_cost_usd"] for each in records) == list(range(24))
