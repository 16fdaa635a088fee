"""Brings the store up to date once."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from toktui.ingest.backlog import follow_moves, is_new, job, known_logs, mark_gone
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.index import index
from toktui.ingest.refused import retry_refused
from toktui.ingest.reread import begin_rereads, finish_rereads
from toktui.ingest.seen import Outcome
from toktui.model import REASONS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from toktui.ingest.backlog import Job
    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery
    from toktui.ingest.settle import Settler


class StoreTotals(msgspec.Struct, frozen=True):
    """The state of the store."""

    calls: int
    copies: dict[str, int]
    not_understood: int


class SyncResult(msgspec.Struct, frozen=True):
    """What a sync found, and the store after it."""

    writer: str
    """`self`, or `other` where another process did the work."""
    logs_seen: int
    outcome: Outcome
    seconds: float
    store: StoreTotals
    problems: tuple[tuple[str, str], ...] = ()


def sync_store(
    settler: Settler,
    context: Context,
    *,
    advance: Callable[[int, int, int, int], None] | None = None,
) -> SyncResult:
    """Reads everything that is new with the writer's connection.

    `advance` hears of bytes done, bytes in all, logs done, logs in all.
    """
    started = time.monotonic()
    now_ms = context.now_ms()
    outcome = retry_refused(settler, now_ms)
    discovery = find_logs(log_roots(context))
    jobs = pending_jobs(settler, discovery, now_ms)
    done = _Advance(jobs, advance)
    outcome.add(
        index(settler, jobs, now_ms=context.now_ms, processes=os.cpu_count() or 1, done=done.one)
    )
    finish_rereads(settler)
    return SyncResult(
        "self",
        len(discovery.logs),
        outcome,
        time.monotonic() - started,
        store_totals(settler.db),
        (*discovery.problems, *done.problems, *outcome.failed.items()),
    )


def pending_jobs(settler: Settler, discovery: Discovery, now_ms: int) -> list[Job]:
    """What there is to read, newest first; notes logs that moved or went."""
    db = settler.db
    known = known_logs(db)
    follow_moves(settler, discovery.logs, known, now_ms)
    mark_gone(db, discovery.logs, known, now_ms)
    begin_rereads(settler, known.present(), now_ms)
    return [
        job(db, log, known.get(log.path))
        for log in discovery.logs
        if is_new(log, known.get(log.path))
    ]


def store_totals(db: sqlite3.Connection) -> StoreTotals:
    """Calls, copies by reason and values not understood, of the whole store."""
    (calls,) = db.execute("select coalesce(sum(calls), 0) from session_total").fetchone()
    copies: dict[str, int] = dict(
        db.execute(
            "select reason, sum(rows) from copy_total group by reason having sum(rows) <> 0"
        ).fetchall()
    )
    (misread,) = db.execute("select count(*) from misread").fetchone()
    ordered = {reason: copies[reason] for reason in REASONS if reason in copies}
    return StoreTotals(calls, ordered, misread)


class _Advance:
    def __init__(
        self, jobs: list[Job], advance: Callable[[int, int, int, int], None] | None
    ) -> None:
        self._advance = advance
        self._bytes_total = sum(one.size for one in jobs)
        self._logs_total = len(jobs)
        self._bytes = self._logs = 0
        self.problems: list[tuple[str, str]] = []
        self._tell()

    def one(self, job: Job, problem: str) -> None:
        self._bytes += job.size
        self._logs += 1
        if problem:
            self.problems.append((job.path, problem))
        self._tell()

    def _tell(self) -> None:
        if self._advance is not None:
            self._advance(self._bytes, self._bytes_total, self._logs, self._logs_total)
