"""Processes that read for the writer: in order, and never missed when one of them dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.properties.worlds import claude_row, lines, stamp
from toktui.ingest.backlog import Job
from toktui.ingest.reading import Batch, Checkpoint
from toktui.ingest.workers import read_in_processes

NOW_MS = 1_795_176_000_000


def job(path: Path) -> Job:
    size = path.stat().st_size if path.exists() else 0
    return Job("claude-code", str(path), str(path.parent), Checkpoint(), size)


def logs(folder: Path, count: int, rows: int = 3) -> list[Job]:
    """Logs that each name one session more; the first is the longest."""
    made: list[Job] = []
    for n in range(count):
        path = folder / f"s{n}.jsonl"
        many = rows * 50 if n == 0 else rows
        ids = (f"msg_{n:08d}{m:012d}" for m in range(many))
        path.write_bytes(lines([claude_row(one, f"s{n}", stamp(m)) for m, one in enumerate(ids)]))
        made.append(job(path))
    return made


def calls(found: list[Batch] | str) -> int:
    assert not isinstance(found, str)
    return sum(len(batch.gathered.heard) for batch in found)


def paths(found: Sequence[list[Batch] | str]) -> list[str]:
    return [batches[0].path for batches in found if not isinstance(batches, str)]


def test_results_come_in_the_order_of_the_jobs_however_long_each_takes(tmp_path: Path) -> None:
    jobs = logs(tmp_path, 100)
    found = list(read_in_processes(jobs, NOW_MS, 2))
    assert paths(found) == [one.path for one in jobs]
    assert [calls(one) for one in found] == [150, *[3] * 99]


def test_a_log_that_cannot_be_read_gives_its_reason_in_its_place(tmp_path: Path) -> None:
    jobs = [*logs(tmp_path, 3), job(tmp_path / "gone.jsonl"), *logs(tmp_path, 1)]
    found = list(read_in_processes(jobs, NOW_MS, 2))
    assert [isinstance(one, str) for one in found] == [False, False, False, True, False]
    assert "No such file" in found[3]


@pytest.mark.parametrize("deaths", [1, 2])
def test_what_killed_workers_owe_is_read_by_the_writer(tmp_path: Path, deaths: int) -> None:
    jobs = logs(tmp_path, 200)
    reading = read_in_processes(jobs, NOW_MS, 2)
    found = [next(reading)]
    for child in multiprocessing.active_children()[:deaths]:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
    found += reading
    assert paths(found) == [one.path for one in jobs]
    assert sum(map(calls, found)) == 150 + 199 * 3


def test_workers_that_die_before_they_have_read_anything_cost_no_log(tmp_path: Path) -> None:
    jobs = logs(tmp_path, 200)
    reading = read_in_processes(jobs, NOW_MS, 2)
    found = [next(reading)]
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    found += reading
    assert paths(found) == [one.path for one in jobs]


def test_an_end_before_the_last_job_leaves_no_process_behind(tmp_path: Path) -> None:
    reading = read_in_processes(logs(tmp_path, 100), NOW_MS, 2)
    next(reading)
    assert len(multiprocessing.active_children()) == 2
    reading.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []
