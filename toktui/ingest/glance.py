"""The newest lines only, in a fifth of a second: what `toktui now` reads before it looks."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from toktui.ingest.access import explained, open_settler
from toktui.ingest.discover import find_logs, log_roots
from toktui.ingest.index import index
from toktui.ingest.sync import pending_jobs
from toktui.paths import prepare_data
from toktui.store.lock import StoreLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.ingest.context import Context
    from toktui.ingest.settle import Settler

HOT_MS: Final = 600_000
"""A log is hot for this long after it has grown."""
GLANCE_MS: Final = 200
_MOST_BYTES: Final = 4 << 20
"""What one log may have to read; more takes longer than a glance."""


def glance(
    context: Context, *, wait_ms: int = GLANCE_MS, notice: Callable[[str], None] | None = None
) -> int:
    """Reads hot logs until the time is over; gives how many logs still have more to read.

    Where another process writes, it is asked to catch up, and gets the same time. `notice`
    hears of a store that was damaged.
    """
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    if not lock.acquire("toktui now"):
        lock.wait_for_answer(lock.request("catch-up"), wait_ms)
        return 0
    try:
        settler = open_settler(context, notice=notice)
        with closing(settler.db), explained(context):
            return _read_hot(settler, context, time.monotonic() + wait_ms / 1000)
    finally:
        lock.release()


def _read_hot(settler: Settler, context: Context, end: float) -> int:
    now_ms = context.now_ms()
    found = find_logs(log_roots(context))
    hot = {log.path for log in found.logs if now_ms - log.stat.mtime_ns // 1_000_000 < HOT_MS}
    jobs = pending_jobs(settler, found, now_ms)
    left = len(jobs)
    for job in jobs:
        if time.monotonic() >= end:
            break
        if job.path in hot and job.size <= _MOST_BYTES:
            index(settler, [job], now_ms=context.now_ms)
            left -= 1
    return left
