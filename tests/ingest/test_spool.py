"""What an agent hands us is kept in logs of our own, and read like any log of that agent."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from toktui.clock import iso, now_ms
from toktui.config import AgentConfig, Config
from toktui.ingest import follow
from toktui.ingest.context import Context
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.purge import own_files, purge
from toktui.ingest.service import IngestService
from toktui.ingest.spool import append
from toktui.paths import Paths


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "data/spool/claude-code")


def lines(folder: str) -> list[bytes]:
    logs = sorted(Path(folder).iterdir())
    return [line for log in logs for line in log.read_bytes().splitlines() if line]


def test_a_record_is_a_line_that_only_the_user_can_read(folder: str):
    append(folder, "status", b'{"a":1}')
    append(folder, "status", b'{"a":2}')
    (log,) = Path(folder).iterdir()
    assert log.name == "status-000001.jsonl"
    assert log.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert log.stat().st_mode & 0o777 == 0o600
    assert Path(folder).stat().st_mode & 0o777 == 0o700


def test_a_record_after_a_torn_one_stands_on_a_line_of_its_own(folder: str):
    append(folder, "status", b"{}")
    with (Path(folder) / "status-000001.jsonl").open("ab") as log:
        log.write(b'{"half')
    append(folder, "status", b"{}")
    assert lines(folder) == [b"{}", b'{"half', b"{}"]


def test_a_spool_keeps_its_newest_logs_only(folder: str):
    for number in range(50):
        append(folder, "status", b'{"n":%d}' % number, largest=40)
    logs = sorted(Path(folder).iterdir())
    assert len(logs) == 2
    assert all(log.stat().st_size <= 60 for log in logs)
    assert lines(folder)[-1] == b'{"n":49}'


def test_a_spool_that_is_the_only_evidence_keeps_every_log(folder: str):
    for number in range(50):
        append(folder, "stop", b'{"n":%d}' % number, largest=40, kept=None)
    assert [json.loads(line)["n"] for line in lines(folder)] == list(range(50))
    assert len(list(Path(folder).iterdir())) > 5


def test_names_in_one_folder_do_not_touch_each_other(folder: str):
    append(folder, "status", b"{}")
    append(folder, "status-line", b"{}")
    append(folder, "status", b"{}", largest=1)
    assert sorted(each.name for each in Path(folder).iterdir()) == [
        "status-000001.jsonl",
        "status-000002.jsonl",
        "status-line-000001.jsonl",
    ]


def test_nothing_is_written_through_a_link(folder: str, tmp_path: Path):
    os.makedirs(folder)
    (Path(folder) / "status-000001.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        append(folder, "status", b"{}")
    assert not (tmp_path / "elsewhere").exists()


def _append_many(folder: str, who: int) -> None:
    for number in range(200):
        append(folder, "status", json.dumps([who, number, "x" * 400]).encode(), largest=20_000,
               kept=None)  # fmt: skip


def test_many_processes_append_at_once_and_no_record_is_torn(folder: str):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append_many, args=(folder, who)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    found = sorted(tuple(json.loads(line)[:2]) for line in lines(folder))
    assert found == [(who, number) for who in range(4) for number in range(200)]


def context_of(tmp_path: Path, config: Config | None = None) -> Context:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    paths = Paths(data=tmp_path / "data", config=tmp_path / "config")
    return Context(paths, config or Config(), home, {})


def test_a_spool_is_found_as_a_log_of_its_agent(folder: str, tmp_path: Path):
    append(folder, "status", b"{}")
    append(str(tmp_path / "data/spool/nobody"), "status", b"{}")
    found = find_logs(log_roots(context_of(tmp_path)))
    assert [(log.agent, Path(log.path).name) for log in found.logs] == [
        ("claude-code", "status-000001.jsonl")
    ]
    off = Config(agents={"claude-code": AgentConfig(enabled=False)})
    assert log_roots(context_of(tmp_path, off)) == []


def test_a_purge_takes_the_spool_too(folder: str, tmp_path: Path):
    append(folder, "status", b"{}")
    context = context_of(tmp_path)
    assert [path.name for path in own_files(context.paths)] == ["status-000001.jsonl"]
    assert purge(context, remember=False) == 1
    assert not context.paths.spool.exists()


def test_a_spool_that_begins_while_toktui_runs_is_followed(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "_FOLDERS_EVERY_S", 0.05)
    context = context_of(tmp_path)

    def seen() -> list[float]:
        with closing(sqlite3.connect(context.paths.store)) as db:
            return [used for (used,) in db.execute("select used_percent from limit_seen")]

    def say(used: float) -> None:
        record = {
            "type": "statusline",
            "at": iso(now_ms()),
            "session_id": "s",
            "rate_limits": {"five_hour": {"used_percentage": used}},
        }
        append(folder, "status", json.dumps(record).encode())

    service = IngestService(context, lambda change: None)
    service.start()
    try:
        wait_for(lambda: service.progress.phase == "live")
        for used in (40.0, 41.0):
            say(used)
            wait_for(lambda used=used: seen() == [used])
    finally:
        service.stop()


def wait_for(holds: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.02)
