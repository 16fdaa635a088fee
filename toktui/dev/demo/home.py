"""Writes the history of a demo's home, then goes on as time does."""

from __future__ import annotations

import heapq
import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo.scene import How, Scene, Write
from toktui.dev.demo.script import OPEN, history, later, open_now
from toktui.dev.demo.writers import writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PAUSE_MS: Final = 20_000
"""Before somebody begins another session in the place of one that has ended."""
_OTHER_MS: Final = 150_000
"""How often a session begins beside those that are always open."""


def make_home(folder: Path, *, seed: int, now_ms: int, weeks: int = 5) -> None:
    """Fills `folder` with the logs of some weeks before `now_ms`, the last rows from just before.

    `LiveAgents` with the same seed and time goes on from there.
    """
    logs: dict[tuple[str, How], list[bytes]] = defaultdict(list)
    touched: dict[str, int] = {}
    for scene in (*history(seed, now_ms, weeks), *open_now(seed, now_ms)):
        for write in play(scene):
            if write.at_ms > now_ms:
                break
            rows = logs[write.path, write.how]
            if write.how == "replace":
                rows.clear()
            rows.extend(write.rows)
            touched[write.path] = write.at_ms
    for (path, how), rows in logs.items():
        lay(folder, Write(touched[path], path, tuple(rows), how))


def play(scene: Scene) -> Iterator[Write]:
    """All that a session writes, in the order of its times."""
    return writer(scene.agent).act(scene, Random(f"act {scene.seed}"))


class LiveAgents:
    """Appends what is due, whenever `step` is called: no thread, no clock."""

    def __init__(self, folder: Path, *, seed: int, now_ms: int) -> None:
        self._folder = folder
        self._seed = seed
        self._began = 0
        self._other_ms = now_ms + _OTHER_MS
        self._due: list[tuple[int, int, Write, Iterator[Write]]] = []
        self._number = 0
        for scene in open_now(seed, now_ms):
            self._enter(play(scene), after_ms=now_ms)

    def step(self, now_ms: int) -> int:
        """Appends every row up to `now_ms`; gives how many rows that were."""
        rows = 0
        if now_ms >= self._other_ms and len(self._due) <= OPEN:
            self._begin(self._other_ms)
            self._other_ms = now_ms + _OTHER_MS
        while self._due and self._due[0][0] <= now_ms:
            _, _, write, writes = heapq.heappop(self._due)
            lay(self._folder, write)
            rows += len(write.rows)
            self._enter(writes, after_ms=-1)
            if len(self._due) < OPEN:
                self._begin(write.at_ms + _PAUSE_MS)
        return rows

    def _begin(self, starts_ms: int) -> None:
        self._began += 1
        self._enter(play(later(self._seed, self._began, starts_ms)), after_ms=-1)

    def _enter(self, writes: Iterator[Write], *, after_ms: int) -> None:
        for write in writes:
            if write.at_ms > after_ms:
                self._number += 1
                heapq.heappush(self._due, (write.at_ms, self._number, write, writes))
                return


def lay(folder: Path, write: Write) -> None:
    """Writes as the agent does: at the end, in the place of the old document, or by SQLite."""
    log = folder / write.path
    log.parent.mkdir(parents=True, exist_ok=True)
    if write.how == "sql":
        _ask(log, write.rows)
    elif write.how == "replace":
        new = log.with_name(f"{log.name}.new")
        new.write_bytes(b"\n".join(write.rows))
        _touch(new, write.at_ms)
        new.replace(log)
    else:
        with log.open("ab") as out:
            out.write(b"\n".join(write.rows) + b"\n")
    _touch(log, write.at_ms)


def _ask(log: Path, rows: Sequence[bytes]) -> None:
    with closing(sqlite3.connect(log, isolation_level=None)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("begin")
        for row in rows:
            sql, args = msgspec.json.decode(row)
            db.execute(sql, args)
        db.execute("commit")


def _touch(log: Path, at_ms: int) -> None:
    os.utime(log, ns=(at_ms * 1_000_000, at_ms * 1_000_000))
