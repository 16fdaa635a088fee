"""The ingest thread: catches up newest first, then follows the logs as they grow.

It owns the writing connection while it holds the lock; while another process does, it reads along
and waits for its turn.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent
from toktui.errors import ToktuiError
from toktui.ingest.access import back_up_weekly, open_settler
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.estimate_process import Estimating
from toktui.ingest.follow import Follower
from toktui.ingest.index import index
from toktui.ingest.looked_at import take_in
from toktui.ingest.outcomes import Surveying
from toktui.ingest.progress import Change, Problem, Progress
from toktui.ingest.refused import retry_refused
from toktui.ingest.reread import finish_rereads
from toktui.ingest.sync import pending_jobs
from toktui.ingest.watch import Watch
from toktui.paths import prepare_data
from toktui.store.connect import connect_reader
from toktui.store.lock import StoreLock
from toktui.store.recovery import end_recovery, suspect
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.ingest.backlog import Job
    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery
    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler

TICK_S: Final = 0.1
_REQUESTS_EVERY_S: Final = 0.2
"""Within the time that a command waits for us to catch up, with some left to do so."""
_ESTIMATES_EVERY_S: Final = 2.0
"""How often the screens hear of estimates: each time costs a look at the store and a drawing."""
_YIELD_S: Final = 0.5
_RETRY_S: Final = 5.0
_MOST_PROBLEMS: Final = 20

_log = logging.getLogger("toktui.ingest")


class IngestService:
    """Runs the ingest in a thread of its own; `on_change` is called in that thread."""

    def __init__(self, context: Context, on_change: Callable[[Change], None]) -> None:
        self._context = context
        self._on_change = on_change
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lock = StoreLock(context.paths.lock)
        self._telling = threading.RLock()
        self._answered = 0
        self._estimates_untold = False
        self._next_estimates = 0.0
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self.progress = Progress()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends the thread after the transaction at hand."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _tell(self, outcome: Outcome | None = None, **changes: object) -> None:
        new, updated = (outcome.new, outcome.updated) if outcome else (0, 0)
        with self._telling:
            self.progress = msgspec.structs.replace(self.progress, **changes)
            self._on_change(Change(self._context.now_ms(), new, updated, self.progress))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                prepare_data(self._context.paths)
                self._answered = self._lock.done_so_far() if not self._lock.held else self._answered
                if self._lock.acquire("toktui"):
                    self._write()
                else:
                    self._read_along()
            except ToktuiError as error:
                self._fail(error.what, error.hint)
            except sqlite3.Error as error:
                _log.exception("the store failed")
                hint = "Free some space or make the folder writable; nothing that was read is lost."
                if not isinstance(error, sqlite3.OperationalError):
                    suspect(self._context.paths)
                    hint = "It is checked, and mended if it is damaged."
                self._fail(f"The store cannot be written: {clean(str(error))}", hint)
            except Exception as error:
                _log.exception("the ingest failed")
                self._fail(f"Reading stopped: {clean(str(error), 160)}", "See toktui.log.")
            finally:
                self._lock.release()
        self._tell(phase="stopped")

    def _fail(self, what: str, hint: str) -> None:
        """Says what went wrong and tries again a little later; nothing read is lost."""
        self._tell(phase="failed", notice=f"{what} {hint}".strip())
        self._stopping.wait(_RETRY_S)

    def _read_along(self) -> None:
        """Another process writes: tells of its commits until the lock is free."""
        self._tell(phase="following", holder=self._lock.holder(), notice="")
        db: sqlite3.Connection | None = None
        seen = -1
        try:
            while not self._stopping.wait(TICK_S):
                if self._lock.acquire("toktui"):
                    return
                if db is None and self._context.paths.store.exists():
                    db = connect_reader(self._context.paths.store)
                if db is not None:
                    version = int(db.execute("pragma data_version").fetchone()[0])
                    if version != seen:
                        seen = version
                        self._tell(holder=self._lock.holder())
        finally:
            if db is not None:
                db.close()

    def _write(self) -> None:
        heard: list[str] = []
        settler = open_settler(self._context, notice=heard.append)
        for sentence in heard:
            _log.warning(sentence)
        # What went wrong before is mended once the store opens again.
        self._tell(notice=" ".join(heard))
        watch = Watch(self._wake)
        estimating = Estimating(self._context.paths.store)
        surveying = Surveying(self._context, self._context.now_ms())
        try:
            follower = self._catch_up(settler, watch)
            while follower is not None and not self._stopping.is_set():
                if not self._follow(settler, follower, watch, estimating, surveying):
                    return
        finally:
            estimating.close()
            surveying.close()
            watch.stop()
            settler.db.close()

    def _catch_up(self, settler: Settler, watch: Watch) -> Follower | None:
        """Reads the backlog; None if the lock is asked for or the end has come."""
        context = self._context
        now_ms = context.now_ms()
        outcome = retry_refused(settler, now_ms)
        places = log_roots(context)
        folders = [one for place in places for one in agent(place.agent).watched(place.path)]
        watching = threading.Thread(target=watch.start, args=(folders,), name="watch", daemon=True)
        watching.start()
        discovery = find_logs(places)
        jobs = pending_jobs(settler, discovery, now_ms)
        agents = tuple(sorted({log.agent for log in discovery.logs}))
        backlog = _Backlog(jobs)
        self._tell(
            outcome,
            phase="indexing" if jobs else "live",
            agents=agents,
            holder="",
            logs_known=len(discovery.logs),
            bytes_done=0,
            bytes_total=backlog.bytes_total,
            logs_done=0,
            logs_total=len(jobs),
            bytes_per_s=0.0,
            problems=_problems(discovery, ()),
        )
        finished = self._index(settler, jobs, backlog)
        self._tell(problems=_problems(discovery, tuple(backlog.problems)))
        if not finished:
            return None
        finish_rereads(settler)
        watching.join()
        self._tell(phase="live", bytes_done=backlog.bytes_total, logs_done=len(jobs))
        if ended := end_recovery(settler.db, context.paths.data):
            _log.warning(ended)
            self._tell(notice=ended)
        threading.Thread(target=self._back_up, name="backup", daemon=True).start()
        return Follower(settler, context, discovery)

    def _back_up(self) -> None:
        try:
            back_up_weekly(self._context, notice=lambda text: self._tell(notice=text))
        except (ToktuiError, sqlite3.Error, OSError):
            _log.exception("the backup failed")

    def _index(self, settler: Settler, jobs: list[Job], backlog: _Backlog) -> bool:
        """Whether the whole backlog was read."""
        processes = os.cpu_count() or 1
        finished = True

        def committed(outcome: Outcome) -> bool:
            nonlocal finished
            self._tell(outcome, **backlog.so_far())
            request = self._lock.pending(self._answered)
            if self._stopping.is_set() or (request is not None and request[1] == "lock"):
                finished = False
            return finished

        index(
            settler,
            jobs,
            now_ms=self._context.now_ms,
            processes=processes,
            done=backlog.done,
            committed=committed,
        )
        return finished or not backlog.left()

    def _follow(
        self,
        settler: Settler,
        follower: Follower,
        watch: Watch,
        estimating: Estimating,
        surveying: Surveying,
    ) -> bool:
        """One turn of the live loop; False if the lock is to be given up."""
        self._wake.wait(min(_REQUESTS_EVERY_S, follower.rest_s()))
        self._wake.clear()
        request = self._lock.pending(self._answered)
        hints, missing = watch.take()
        outcome = follower.look(hints, everything=missing or request is not None)
        if outcome is not None:
            surveying.heard(self._context.now_ms())
        if outcome is not None or follower.problems_changed():
            self._tell(
                outcome,
                logs_known=follower.logs_known,
                agents=follower.agents,
                problems=follower.problems(_MOST_PROBLEMS),
            )
        if request is None:
            if outcome is None:
                self._estimate(settler, estimating)
                if surveying.turn(settler, self._context.now_ms()):
                    self._tell()
            return True
        ticket, what = request
        self._answered = ticket
        take_in(settler, self._context.paths.looked_at)
        if what == "catch-up":
            self._lock.answer(ticket)
            return True
        settler.db.close()
        self._lock.release()
        self._stopping.wait(_YIELD_S)
        return False

    def _estimate(self, settler: Settler, estimating: Estimating) -> None:
        """Stores what estimates have come; tells of them now and then, and when all are made."""
        if estimating.turn(settler, self._context.now_ms()) is not None:
            self._estimates_untold = True
            self._wake.set()
        now = time.monotonic()
        if self._estimates_untold and (not estimating.is_asked or now >= self._next_estimates):
            self._estimates_untold = False
            self._next_estimates = now + _ESTIMATES_EVERY_S
            self._tell()


class _Backlog:
    """Counts what is left of a backlog."""

    def __init__(self, jobs: list[Job]) -> None:
        self.bytes_total = sum(job.size for job in jobs)
        self.problems: list[tuple[str, str]] = []
        self._logs_total = len(jobs)
        self._bytes = self._logs = 0
        self._started = time.monotonic()

    def done(self, job: Job, problem: str) -> None:
        self._bytes += job.size
        self._logs += 1
        if problem:
            self.problems.append((job.path, problem))

    def left(self) -> int:
        return self._logs_total - self._logs

    def so_far(self) -> dict[str, object]:
        seconds = max(0.001, time.monotonic() - self._started)
        return {
            "bytes_done": self._bytes,
            "logs_done": self._logs,
            "bytes_per_s": self._bytes / seconds,
        }


def _problems(discovery: Discovery, more: tuple[tuple[str, str], ...]) -> tuple[Problem, ...]:
    found = [*discovery.problems, *more][:_MOST_PROBLEMS]
    return tuple(Problem(clean(place, 200), clean(why, 120)) for place, why in found)
