"""Processes that read logs for the one that writes.

The numbers of the jobs go out through one pipe that all workers share, what each has read comes
back through a pipe of its own. There are no threads in between: the writer takes what has come
whenever it waits for more.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import contextmanager, redirect_stderr
from multiprocessing.connection import Connection, Pipe, wait
from typing import TYPE_CHECKING, Final, cast

import msgspec

from toktui.ingest.reading import Batch, read_job

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from toktui.ingest.backlog import Job

_AHEAD: Final = 64
"""Jobs that may be read before the one that is waited for: what they say waits in memory."""
_ROOM: Final = 1 << 20
"""Bytes of a pipe: workers read on while the writer is in a transaction."""
_NICE: Final = 5
"""The writer goes first: it is the one that nobody can help."""
_NUMBER: Final = 4

_Found = list[Batch] | str
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[int, _Found]).decode
_number_of = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw]).decode


def read_in_processes(jobs: Sequence[Job], now_ms: int, processes: int) -> Iterator[_Found]:
    """What each job has read or why it could not, in the order of the jobs.

    What a worker does not bring, since it was killed or failed, is read in this process.
    """
    with _started(jobs, now_ms, processes) as crew:
        for number, job in enumerate(jobs):
            packed = crew.result(number)
            yield read_job(job, now_ms) if packed is None else _unpack(packed)[1]


class _Crew:
    """Hands out jobs and keeps what comes back until it is asked for."""

    def __init__(self, jobs: int, orders: Connection, results: list[Connection]) -> None:
        self._jobs = jobs
        self._orders = orders
        self._results = results
        self._sent = 0
        self._came: dict[int, bytes] = {}
        self._is_whole = True

    def result(self, number: int) -> bytes | None:
        """The packed result of a job; None if no worker brings it."""
        while number not in self._came and self._results:
            self._order(number + _AHEAD)
            for pipe in wait(self._results):
                self._take(pipe)  # type: ignore[arg-type]
        self._order(number + _AHEAD)
        return self._came.pop(number, None)

    def _order(self, limit: int) -> None:
        if not self._is_whole:
            return
        limit = min(limit, self._jobs)
        numbers = range(self._sent, limit)
        if not numbers:
            return
        try:
            os.write(self._orders.fileno(), b"".join(n.to_bytes(_NUMBER, "big") for n in numbers))
            self._sent = limit
        except BrokenPipeError:
            self._is_whole = False  # Nobody is left to take orders.

    def _take(self, pipe: Connection) -> None:
        try:
            packed = pipe.recv_bytes()
            self._came[_number_of(packed)[0]] = packed
        except (EOFError, OSError):
            # The others end what they have been told, so that all that is missing is known.
            self._results.remove(pipe)
            self._is_whole = False
            self._orders.close()


@contextmanager
def _started(jobs: Sequence[Job], now_ms: int, processes: int) -> Generator[_Crew]:
    context = _context()
    told, orders = _pipe()
    pipes = [_pipe() for _ in range(processes)]
    results = [mine for mine, _ in pipes]
    forks = context.get_start_method() == "fork"
    workers: list[BaseProcess] = []
    for number, (_, theirs) in enumerate(pipes):
        others = (orders, *results, *(pipe for _, pipe in pipes[number + 1 :])) if forks else ()
        args = (jobs, now_ms, told, theirs, others)
        workers.append(context.Process(target=_work, args=args, daemon=True))  # type: ignore[attr-defined]
    try:
        for worker, (mine, theirs) in zip(workers, pipes, strict=True):
            _widen(mine)
            worker.start()
            theirs.close()
        told.close()
        yield _Crew(len(jobs), orders, list(results))
    finally:
        orders.close()
        for worker in workers:
            if worker.pid is not None:
                worker.terminate()
                worker.join()
        for pipe in results:
            pipe.close()


def _work(
    jobs: Sequence[Job],
    now_ms: int,
    told: Connection,
    result: Connection,
    inherited: Sequence[Connection],
) -> None:
    """A worker's life: it ends with the pipe of orders, or with the process that writes.

    `inherited` are the ends of other pipes that a fork has copied, which would keep them open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    os.nice(_NICE)
    for pipe in inherited:
        pipe.close()
    while order := os.read(told.fileno(), _NUMBER):
        number = int.from_bytes(order, "big")
        try:
            result.send_bytes(_pack((number, read_job(jobs[number], now_ms))))
        except Exception:
            return  # The writer reads it itself and fails where it can say so.


def _pipe() -> tuple[Connection, Connection]:
    """Both ends of a pipe: to read from, to write to."""
    return cast("tuple[Connection, Connection]", Pipe(duplex=False))


def _widen(pipe: Connection) -> None:
    try:
        import fcntl  # noqa: PLC0415  only here

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _ROOM)
    except (ImportError, AttributeError, OSError):
        pass


def _context() -> BaseContext:
    """Forked workers start at once, but only a process without threads may fork."""
    import multiprocessing  # noqa: PLC0415  only a large backlog needs it

    plain = threading.active_count() == 1 and sys.platform == "linux"
    if not plain:
        _start_tracker()
    return multiprocessing.get_context("fork" if plain else "spawn")


def _start_tracker() -> None:
    """Starts the process that spawning needs with a stderr that is a file; the screens' is none."""
    from multiprocessing import resource_tracker  # noqa: PLC0415

    with redirect_stderr(sys.__stderr__):
        resource_tracker.ensure_running()
