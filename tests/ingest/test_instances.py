"""Several toktui at once: one writes, the others ask him, read along and take over."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.victim import NOW_MS
from tests.properties.lab import WRITTEN_NS, append, write, wrong_sums
from toktui.errors import StoreError
from toktui.ingest import access
from toktui.ingest.context import Context
from toktui.ingest.service import IngestService
from toktui.store.connect import connect_reader
from toktui.store.lock import StoreLock

from .conftest import call, until


def outputs(where: Context) -> list[int]:
    db = connect_reader(where.paths.store)
    try:
        db.execute("begin")
        assert wrong_sums(db) == ""
        return [n for (n,) in db.execute("select output from call order by output")]
    finally:
        db.close()


def test_a_sync_beside_a_service_has_it_catch_up(
    here: Context, log: Path, other_process: subprocess.Popen[str]
) -> None:
    append(log, call(2), written_ns=WRITTEN_NS + 1)
    result = access.sync(here)
    assert (result.writer, result.store.calls) == ("other", 2)
    assert outputs(here) == [1, 2]


def test_a_report_beside_a_service_sees_what_was_just_written(
    here: Context, log: Path, other_process: subprocess.Popen[str]
) -> None:
    append(log, call(2), written_ns=WRITTEN_NS + 1)
    began = time.monotonic()
    assert access.catch_up(here) is None
    assert time.monotonic() - began < 1
    assert outputs(here) == [1, 2]


def test_a_holder_that_does_not_answer_costs_a_report_300_ms(here: Context, log: Path) -> None:
    access.sync(here)
    holder = StoreLock(here.paths.lock)
    assert holder.acquire("a stuck one")
    began = time.monotonic()
    assert access.catch_up(here) is None
    assert 0.25 < time.monotonic() - began < 1
    assert outputs(here) == [1]


def test_the_next_instance_takes_over_within_two_seconds_of_a_kill(
    here: Context,
    log: Path,
    other_process: subprocess.Popen[str],
    serve: Callable[[], IngestService],
) -> None:
    service = serve()
    until(lambda: service.progress.phase == "following")
    assert f"process {other_process.pid}" in service.progress.holder
    other_process.kill()
    assert until(lambda: service.progress.phase == "live") < 2
    append(log, call(2), written_ns=WRITTEN_NS + 1)
    until(lambda: outputs(here) == [1, 2])
    assert service.progress.holder == ""


def test_one_who_follows_hears_of_the_other_writers_commits(
    here: Context, log: Path, other_process: subprocess.Popen[str]
) -> None:
    heard = threading.Event()
    following = threading.Event()

    def on_change(change: object) -> None:
        (heard if following.is_set() else following).set()

    service = IngestService(here, on_change)
    service.start()
    try:
        until(following.is_set)
        time.sleep(0.3)
        heard.clear()
        append(log, call(2), written_ns=WRITTEN_NS + 1)
        assert heard.wait(3)
        until(lambda: outputs(here) == [1, 2])
    finally:
        service.stop()


def test_a_service_yields_the_lock_between_commits_and_goes_on(
    here: Context, log: Path, serve: Callable[[], IngestService]
) -> None:
    service = serve()
    until(lambda: service.progress.phase == "live")
    with access.writing(here, "toktui forget") as settler:
        assert settler.db.execute("select count(*) from call").fetchone() == (1,)
    append(log, call(2), written_ns=WRITTEN_NS + 1)
    until(lambda: outputs(here) == [1, 2])
    until(lambda: service.progress.phase == "live")


def test_a_command_that_must_write_gives_up_and_names_the_writer(
    here: Context, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.sync(here)
    holder = StoreLock(here.paths.lock)
    assert holder.acquire("toktui import")
    insist = StoreLock.insist
    monkeypatch.setattr(StoreLock, "insist", lambda self, who: insist(self, who, wait_s=0.2))
    with pytest.raises(StoreError, match="toktui import"), access.writing(here, "toktui forget"):
        pass


def test_who_waits_for_a_killed_writer_is_answered_by_the_next(
    here: Context, log: Path, serve: Callable[[], IngestService]
) -> None:
    access.sync(here)
    lock = StoreLock(here.paths.lock)
    ticket = lock.request("catch-up")
    append(log, call(2), written_ns=WRITTEN_NS + 1)
    serve()
    assert lock.wait_for_answer(ticket, 5000)
    assert outputs(here) == [1, 2]


def test_reports_read_whole_transactions_while_a_sync_writes(
    here: Context, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toktui.ingest import index

    monkeypatch.setattr(index, "CALLS_PER_COMMIT", 3)
    for n in range(60):
        rows = b"".join(call(1000 * n + m) for m in range(1, 4))
        write(home / f".claude/projects/-w/s{n}.jsonl", rows)
    access.sync(here)
    first = len(outputs(here))
    for n in range(60, 200):
        rows = b"".join(call(1000 * n + m) for m in range(1, 4))
        write(home / f".claude/projects/-w/s{n}.jsonl", rows)
    writer = threading.Thread(target=access.sync, args=(here,))
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(len(outputs(here)))
    writer.join()
    assert first == 180
    assert all(count % 3 == 0 for count in seen)
    assert len(outputs(here)) == 600


def test_three_services_write_one_store_one_at_a_time(
    here: Context, log: Path, serve: Callable[[], IngestService]
) -> None:
    services = [serve() for _ in range(3)]
    for n in range(2, 8):
        append(log, call(n), written_ns=WRITTEN_NS + n)
        until(lambda n=n: here.paths.store.exists() and _has(here, n))
        if n in (3, 5):
            live = next(s for s in services if s.progress.phase == "live")
            live.stop()
            services.remove(live)
            until(lambda: any(s.progress.phase == "live" for s in services))
    assert outputs(here) == list(range(1, 8))
    assert here.now_ms() == NOW_MS


def _has(where: Context, n: int) -> bool:
    try:
        return n in outputs(where)
    except (sqlite3.OperationalError, StoreError):
        return False


def test_what_went_wrong_is_no_longer_said_once_the_store_opens_again(
    here: Context, log: Path, serve: Callable[[], IngestService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toktui.ingest.service._RETRY_S", 0.05)
    access.sync(here)
    db = sqlite3.connect(here.paths.store)
    (version,) = db.execute("pragma user_version").fetchone()
    db.execute("pragma user_version = 99")
    service = serve()
    until(lambda: service.progress.phase == "failed")
    assert "newer toktui" in service.progress.notice
    db.execute(f"pragma user_version = {version}")
    db.close()
    until(lambda: service.progress.phase == "live")
    assert service.progress.notice == ""
