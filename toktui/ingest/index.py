"""Reads a backlog of logs, newest first, in this process or in several, and settles it in one."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from toktui.ingest.apart import note_problem, settle_apart
from toktui.ingest.reading import read_job
from toktui.ingest.seen import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from toktui.ingest.backlog import Job
    from toktui.ingest.reading import Batch
    from toktui.ingest.settle import Settler

PARALLEL_FROM: Final = 24 << 20
"""Bytes of backlog from which a second process is worth its start."""
CALLS_PER_COMMIT: Final = 8_000
"""More would let the workers wait: what they say meanwhile has to fit their pipes."""
_FIRST_COMMIT_S: Final = 0.25
_COMMIT_S: Final = 1.0


def index(
    settler: Settler,
    jobs: Sequence[Job],
    *,
    now_ms: Callable[[], int],
    processes: int = 1,
    done: Callable[[Job, str], None] | None = None,
    committed: Callable[[Outcome], bool] | None = None,
) -> Outcome:
    """Reads and settles all jobs in their order. `done` hears of each log that was read, with the
    problem if there was one; `committed` of each transaction, and may end the work by False."""
    with _without_collector():
        return _index(settler, jobs, now_ms, processes, done, committed)


@contextmanager
def _without_collector() -> Generator[None]:
    """What is made here has no cycles: looking for them costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _index(
    settler: Settler,
    jobs: Sequence[Job],
    now_ms: Callable[[], int],
    processes: int,
    done: Callable[[Job, str], None] | None,
    committed: Callable[[Outcome], bool] | None,
) -> Outcome:
    total = Outcome()
    waiting: list[Batch] = []
    calls = 0
    since = time.monotonic()
    patience = _FIRST_COMMIT_S
    for job, found in _read(jobs, now_ms(), processes):
        if done is not None:
            done(job, found if isinstance(found, str) else "")
        if isinstance(found, str):
            note_problem(settler, job, found)
            continue
        waiting.extend(found)
        calls += sum(len(batch.gathered.heard) for batch in found)
        if calls >= CALLS_PER_COMMIT or time.monotonic() - since > patience:
            outcome = settle_apart(settler, waiting, now_ms())
            total.add(outcome)
            waiting, calls, since, patience = [], 0, time.monotonic(), _COMMIT_S
            if committed is not None and not committed(outcome):
                return total
    if waiting:
        outcome = settle_apart(settler, waiting, now_ms())
        total.add(outcome)
        if committed is not None:
            committed(outcome)
    return total


def _read(
    jobs: Sequence[Job], now_ms: int, processes: int
) -> Iterator[tuple[Job, list[Batch] | str]]:
    if processes <= 1 or len(jobs) < 2 or sum(job.size for job in jobs) < PARALLEL_FROM:
        for job in jobs:
            yield job, read_job(job, now_ms)
        return
    from toktui.ingest.workers import read_in_processes  # noqa: PLC0415  only a large backlog

    yield from zip(jobs, read_in_processes(jobs, now_ms, processes), strict=True)
