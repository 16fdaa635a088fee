"""Follows logs that grow: hints first, the sweep of hot logs as the truth, a walk now and then."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.agents import agent
from toktui.ingest.apart import note_problem, settle_apart
from toktui.ingest.backlog import (
    follow_moves,
    is_new,
    job,
    known_log,
    known_logs,
    mark_gone,
)
from toktui.ingest.discover import FoundLog, Root, can_be_kept, find_logs, log_roots
from toktui.ingest.index import CALLS_PER_COMMIT
from toktui.ingest.progress import Problem
from toktui.ingest.reading import STILL_MS, begun_in, read_job
from toktui.ingest.tail import Stat, stat_beside
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toktui.ingest.backlog import Job
    from toktui.ingest.context import Context
    from toktui.ingest.discover import Discovery
    from toktui.ingest.reading import Batch
    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler

HOT_MS: Final = 600_000
"""A log is hot for this long after it has grown."""
_HOT_EVERY_S: Final = 0.25
_FOLDERS_EVERY_S: Final = 5.0
_ALL_EVERY_S: Final = 60.0
_REST: Final = 20
"""A document that grows is read whole each time: it rests for this many times as long."""
_LONGEST_REST_S: Final = 10.0
_MOST_OPEN: Final = 64
"""Logs whose begun calls are kept in memory."""


class _Read(NamedTuple):
    """A log, from where it was read on, and what it said."""

    log: FoundLog
    job: Job
    batches: list[Batch]


class Follower:
    """Looks at what may have changed and settles it. Belongs to the ingest thread."""

    def __init__(self, settler: Settler, context: Context, discovery: Discovery) -> None:
        self._settler = settler
        self._context = context
        self._known = known_logs(settler.db)
        self._begun: dict[str, set[str]] = {}
        self._tried: dict[str, tuple[Stat, int]] = {}
        self._problems: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self._hot: dict[str, FoundLog] = {}
        self._rest_until: dict[str, float] = {}
        self._folders: dict[str, int] = {}
        self._take_over(discovery)
        now = time.monotonic()
        self._next_hot = now
        self._next_folders = now + _FOLDERS_EVERY_S
        # What grew between the walk and the first hints was seen by neither.
        self._next_all = now

    def _take_over(self, discovery: Discovery) -> None:
        now_ms = self._context.now_ms()
        self.logs_known = len(discovery.logs)
        self.agents = tuple(sorted({log.agent for log in discovery.logs}))
        self._roots = self._roots_now()
        self._folders = {folder: _folder_mtime(folder) for folder in discovery.folders}
        for place in self._roots:
            self._folders.setdefault(place.path, 0)
        unreadable = {k.path: k.problem for k in self._known.present() if k.problem and not k.gone}
        self._problems = dict(discovery.problems) | unreadable
        for log in discovery.logs:
            if log.stat.mtime_ns // 1_000_000 > now_ms - HOT_MS:
                self._hot[log.path] = log

    def rest_s(self) -> float:
        """For how long there is nothing to look at but hints."""
        due = min(self._next_folders, self._next_all)
        if self._hot:
            due = min(due, self._next_hot)
        return max(0.0, due - time.monotonic())

    def look(self, hints: Iterable[str], *, everything: bool = False) -> Outcome | None:
        """Reads what has grown; None if nothing was committed."""
        now = time.monotonic()
        if everything or now >= self._next_all:
            self._next_all = now + _ALL_EVERY_S
            self._next_folders = now + _FOLDERS_EVERY_S
            return self._look_everywhere()
        changed: dict[str, FoundLog] = {}
        for path in hints:
            found = self._find(path)
            if found is not None:
                changed[found.path] = found
        if now >= self._next_hot:
            self._next_hot = now + _HOT_EVERY_S
            changed |= self._sweep_hot()
        if now >= self._next_folders:
            self._next_folders = now + _FOLDERS_EVERY_S
            if self._folders_changed() or self._roots_now() != self._roots:
                return self._look_everywhere()
        return self._read(changed.values())

    def _look_everywhere(self) -> Outcome | None:
        discovery = find_logs(self._roots_now())
        now_ms = self._context.now_ms()
        follow_moves(self._settler, discovery.logs, self._known, now_ms)
        mark_gone(self._settler.db, discovery.logs, self._known, now_ms)
        outcome = self._read(discovery.logs)
        self._take_over(discovery)
        return outcome

    def _roots_now(self) -> list[Root]:
        return log_roots(self._context)

    def _find(self, path: str) -> FoundLog | None:
        """The log at a path that the system hinted at, if it is one."""
        if not can_be_kept(path):
            return None
        for place in self._roots:
            if path.startswith(place.path + os.sep):
                module = agent(place.agent)
                log = path.removesuffix("-wal")
                if log != path and not module.is_database(log):
                    log = path
                parts = tuple(log[len(place.path) + 1 :].split(os.sep))
                return _stat_log(place.agent, log, place.path) if module.is_log(parts) else None
        return None

    def _sweep_hot(self) -> dict[str, FoundLog]:
        oldest = self._context.now_ms() - HOT_MS
        changed: dict[str, FoundLog] = {}
        for path, log in list(self._hot.items()):
            found = _stat_log(log.agent, path, log.root)
            if found is None or found.stat.mtime_ns // 1_000_000 < oldest:
                del self._hot[path]
            if found is not None:
                changed[path] = found
        return changed

    def _folders_changed(self) -> bool:
        return any(_folder_mtime(folder) != known for folder, known in self._folders.items())

    def _read(self, logs: Iterable[FoundLog]) -> Outcome | None:
        """Reads and settles what is new, in as many transactions as memory asks for."""
        total: Outcome | None = None
        read: list[_Read] = []
        calls = 0
        for log in logs:
            found = self._read_one(log)
            if found is None:
                continue
            read.append(found)
            calls += sum(len(batch.gathered.heard) for batch in found.batches)
            if calls >= CALLS_PER_COMMIT:
                total = self._settle(read, total)
                read, calls = [], 0
        return self._settle(read, total) if read else total

    def _read_one(self, log: FoundLog) -> _Read | None:
        """What is new in a log; None if there is nothing, or if it cannot be read now."""
        known = self._known.get(log.path)
        if not is_new(log, known) or self._is_waiting(log):
            return None
        if self._rest_until.get(log.path, 0.0) > time.monotonic():
            return None
        begun = time.monotonic()
        one = job(self._settler.db, log, known, begun=self._begun.get(log.path))
        found = read_job(one, self._context.now_ms())
        if isinstance(found, str):
            if self._problems.get(log.path) != found:
                note_problem(self._settler, one, found)
            self._failed(log, found)
            return None
        self._problems.pop(log.path, None)
        if found[-1].in_place:
            now = time.monotonic()
            self._rest_until[log.path] = now + min(_LONGEST_REST_S, _REST * (now - begun))
        return _Read(log, one, found)

    def _settle(self, read: Sequence[_Read], total: Outcome | None) -> Outcome:
        """Settles in one transaction; gives what changed in all, with what had before."""
        batches = [batch for one in read for batch in one.batches]
        outcome = settle_apart(self._settler, batches, self._context.now_ms())
        for one in read:
            if why := outcome.failed.get(one.log.path):
                self._failed(one.log, why)
            else:
                self._after(one)
        if total is None:
            return outcome
        total.add(outcome)
        return total

    def _is_waiting(self, log: FoundLog) -> bool:
        """The log ends in half a line that was looked at, and nothing has changed since."""
        tried = self._tried.get(log.path)
        return tried is not None and tried[0] == log.stat and self._context.now_ms() < tried[1]

    def _failed(self, log: FoundLog, why: str) -> None:
        """Nothing was taken in: it is tried again when the log changes, or in a while."""
        self._begun.pop(log.path, None)
        self._problems[log.path] = why
        self._tried[log.path] = (log.stat, self._context.now_ms() + STILL_MS)

    def _after(self, read: _Read) -> None:
        """Remembers how far the log is read, so that the next look costs one stat."""
        log, batches = read.log, read.batches
        path = log.path
        begun = self._begun.pop(path, None)
        if len(self._begun) >= _MOST_OPEN:
            del self._begun[next(iter(self._begun))]
        if batches[0].fresh:
            begun = set[str]()
        elif begun is None:
            begun = set(read.job.before.begun)
        for batch in batches:
            begun |= begun_in(batch)
        self._begun[path] = begun
        if batches[-1].complete:
            self._tried.pop(path, None)
        else:
            self._tried[path] = (log.stat, log.stat.mtime_ns // 1_000_000 + STILL_MS)
        known = known_log(self._settler.db, path)
        if known is not None:
            self._known.put(known)
        self._hot[path] = log

    def problems_changed(self) -> bool:
        """Whether there is a new answer to `problems` since it was asked last."""
        return self._problems != self._told

    def problems(self, most: int) -> tuple[Problem, ...]:
        """What cannot be read, and why."""
        self._told = dict(self._problems)
        return tuple(
            Problem(clean(place, 200), clean(why, 120))
            for place, why in list(self._problems.items())[:most]
        )


def _stat_log(name: str, path: str, root: str) -> FoundLog | None:
    try:
        status = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FoundLog(name, path, root, stat_beside(agent(name), path, status))


def _folder_mtime(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1
