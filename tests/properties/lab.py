"""A home whose logs grow step by step, a store in memory, and what the store says by content.

Everything is in one process and one connection, so that a property can try thousands of orders.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.properties.cold_turns import cold_turns, stored_cold_turns
from toktui.clock import DAY_MS, QUARTER_MS
from toktui.config import Config
from toktui.evidence import unpack
from toktui.ingest.context import Context
from toktui.ingest.discover import Discovery, find_logs, log_roots
from toktui.ingest.follow import Follower
from toktui.ingest.settle import Settler
from toktui.ingest.sync import SyncResult, sync_store
from toktui.model import REASONS
from toktui.paths import Paths
from toktui.pricing.rates import RateBook, load_book
from toktui.store.absurd import MOST
from toktui.store.migrate import migrate
from toktui.store.rollups import KEYS, MEASURES
from toktui.store.sums import measures
from toktui.store.writer import CALL_COLUMNS, CallRow, Writer

NOW_MS = 1_795_176_000_000 + 3_600_000
"""An hour behind the time that every log was last written, 2026-11-20T12:00Z."""
WRITTEN_NS = 1_795_176_000_000_000_000

Table = list[tuple[object, ...]]
Content = dict[str, Table]


@cache
def shipped_book() -> RateBook:
    """The rate book without anything of a user."""
    return load_book(own=None, update=None)


@cache
def _empty_store() -> bytes:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    packed = db.serialize()
    db.close()
    return packed


class Lab:
    """One home and one store; `now_ms` may be moved."""

    def __init__(
        self, home: Path, *, now_ms: int = NOW_MS, env: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.now_ms = now_ms
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.deserialize(_empty_store())
        paths = Paths(home.parent / "data", home.parent / "config")
        self.context = Context(
            paths, Config(), home, env or {}, lambda: self.now_ms, _book=shipped_book()
        )
        self.restart()

    def restart(self) -> None:
        """Forgets everything that is not in the store, as a new process would."""
        self.settler = Settler(Writer(self.db), shipped_book())
        self._follower: Follower | None = None

    def close(self) -> None:
        self.db.close()

    def sync(self) -> SyncResult:
        """What `toktui sync` does."""
        self._follower = None
        return sync_store(self.settler, self.context)

    def discovery(self) -> Discovery:
        return find_logs(log_roots(self.context))

    def look(self, hints: Iterable[Path] = (), *, everything: bool = False) -> None:
        """What the live loop does; the first look of a process is a sync."""
        if self._follower is None:
            self.sync()
            self._follower = Follower(self.settler, self.context, self.discovery())
        self._follower.look([os.fspath(p) for p in hints], everything=everything)

    def read_again(self) -> None:
        """Loses every checkpoint, so that all logs are read from their first byte again."""
        self.restart()
        self.db.execute(
            "update log set offset = 0, head = x'', tail = x'', state = x'', open_key = '',"
            " size = -1"
        )

    def content(self) -> Content:
        return content(self.db, self.home)


def write(path: Path, data: bytes, *, written_ns: int = WRITTEN_NS) -> None:
    """Puts bytes into a log and gives it a time that does not depend on the test's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, ns=(written_ns, written_ns))


def append(path: Path, data: bytes, *, written_ns: int = WRITTEN_NS) -> None:
    """Appends to a log; makes it where it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        log.write(data)
    os.utime(path, ns=(written_ns, written_ns))


def files_of(home: Path) -> dict[Path, bytes]:
    """All files of a home by their path in it, links left out."""
    return {
        path.relative_to(home): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


# ---- what the store says, without any number that depends on the order of reading ----

_NAMED = {
    "agent": "name", "agent_id": "name", "project": "name", "branch": "name", "version": "name",
    "model": "name", "priced": "name", "session": "session", "rate": "rate",
}  # fmt: skip


def content(db: sqlite3.Connection, home: Path) -> Content:
    """The tables by content. Paths are those below `home`."""
    names: dict[str, dict[int, str]] = {
        "name": dict(db.execute("select id, text from name")),
        "session": dict(db.execute("select id, key from session")),
        "rate": dict(db.execute("select id, key from rate")) | {0: ""},
    }

    def named(columns: Iterable[str], row: Iterable[object]) -> tuple[object, ...]:
        return tuple(
            names[_NAMED[column]][value] if column in _NAMED else value  # type: ignore[index]
            for column, value in zip(columns, row, strict=True)
        )

    def table(columns: tuple[str, ...], name: str, where: str = "1") -> Table:
        rows = db.execute(f"select {', '.join(columns)} from {name} where {where}")
        return sorted((named(columns, row) for row in rows), key=repr)

    calls = {row[0]: row[1] for row in db.execute("select id, key from call")}
    logs = {
        number: os.path.relpath(path, os.path.realpath(home))
        for number, path in db.execute("select id, path from log")
    }
    return {
        "calls": table(CALL_COLUMNS[1:], "call"),
        "sightings": sorted(_sightings(db, calls, logs), key=repr),
        "copies": table(("agent", "reason", "rows"), "copy_total", "rows <> 0"),
        "sessions": table(
            ("agent", "key", "parent", "project", "first_ms", "last_ms"),
            "session",
            "id in (select session from call)",
        ),
        **{name: table((*keys, *MEASURES), name) for name, keys in KEYS.items()},
        "cold_turns": sorted(
            (calls[row[0]], *row[1:])
            for row in db.execute("select call, why, tokens, extra_nusd, expired_ms from cold_turn")
        ),
        "misread": sorted(
            (
                (logs[row[0]], *row[1:])
                for row in db.execute("select log, offset, nth, version, shape, at_ms from misread")
            ),
            key=repr,
        ),
        "limits": table(
            ("agent", "name", "used_percent", "window_minutes", "resets_ms", "as_of_ms"),
            "limit_seen",
        ),
        "limits_past": table(
            ("agent", "name", "hour", "ends", "used_percent", "window_minutes", "resets_ms",
             "as_of_ms"),
            "limit_past",
        ),
    }


def _sightings(
    db: sqlite3.Connection, calls: dict[int, str], logs: dict[int, str]
) -> Iterator[tuple[object, ...]]:
    for call, log, kind, session, origin, agent_id, agent_type, *copies, body in db.execute(
        "select s.call, o.log, o.kind, o.session, o.origin, o.agent_id, o.agent_type,"
        " s.reason, s.stream, s.reemit, s.rows, s.body"
        " from sighting s join source o on o.id = s.source"
    ):
        yield (calls[call], logs[log], kind, session, origin, agent_id, agent_type, *copies,
               unpack(body))  # fmt: skip


def difference(one: Content, other: Content) -> str:
    """The rows in which two stores differ, for people; empty if they say the same."""
    said: list[str] = []
    for name in one:
        a, b = {repr(row) for row in one[name]}, {repr(row) for row in other[name]}
        said += [f"{name}: only one   {row}" for row in sorted(a - b)]
        said += [f"{name}: only other {row}" for row in sorted(b - a)]
    return "\n".join(said)


# ---- sums against calls ----


def wrong_sums(db: sqlite3.Connection) -> str:
    """Where a rollup says anything else than the calls and sightings that it sums; else empty."""
    rollups: dict[str, dict[tuple[object, ...], list[int]]] = {name: {} for name in KEYS}
    spans: dict[object, tuple[int, int]] = {}
    for row in map(CallRow._make, db.execute(f"select {', '.join(CALL_COLUMNS)} from call")):
        by = row._asdict() | {"quarter": row.at_ms // QUARTER_MS, "day": row.at_ms // DAY_MS}
        for name, sums in rollups.items():
            place = tuple(by[key] for key in KEYS[name])
            sums[place] = [
                a + b
                for a, b in zip(sums.get(place, [0] * len(MEASURES)), measures(row), strict=True)
            ]
        first, last = spans.get(by["session"], (by["at_ms"], by["at_ms"]))
        spans[by["session"]] = min(first, by["at_ms"]), max(last, by["at_ms"])
    for sums in rollups.values():
        for place, numbers in sums.items():
            sums[place] = [max(-MOST, min(MOST, number)) for number in numbers]
    said = [
        f"{name}: {have} where the calls give {want}"
        for name, want in rollups.items()
        if (have := _stored_sums(db, name, KEYS[name])) != want
    ]
    have_spans = {
        number: (first, last)
        for number, first, last in db.execute(
            "select id, first_ms, last_ms from session where first_ms is not null"
        )
    }
    if have_spans != spans:
        said.append(f"spans: {have_spans} where the calls give {spans}")
    said.extend(_wrong_standing(db, rollups["session_total"]))
    copies: dict[tuple[int, str], int] = {}
    for agent, reason, stream, reemit, rows in db.execute(
        "select c.agent, s.reason, s.stream, s.reemit, s.rows from sighting s"
        " join call c on c.id = s.call"
    ):
        counted = [("stream", stream), ("reemit", reemit)]
        if reason >= 0:
            counted.append((REASONS[reason], rows))
        for name, n in counted:
            if n:
                copies[agent, name] = copies.get((agent, name), 0) + n
    have_copies = {
        (agent, reason): rows
        for agent, reason, rows in db.execute("select agent, reason, rows from copy_total")
        if rows
    }
    if have_copies != copies:
        said.append(f"copy_total: {have_copies} where the sightings give {copies}")
    lost = db.execute(
        "select count(*) from sighting where call not in (select id from call)"
    ).fetchone()[0]
    if lost:
        said.append(f"{lost} sightings of no call")
    bare = db.execute(
        "select count(*) from call where id not in (select call from sighting)"
    ).fetchone()[0]
    if bare:
        said.append(f"{bare} calls without a sighting")
    cold_days = db.execute(
        "select at_ms / 86400000, session, why, agent, model, priced, project, branch, count(*),"
        " sum(tokens), coalesce(sum(extra_nusd), 0), sum(extra_nusd is null) from cold_turn"
        " group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8"
    ).fetchall()
    have_days = db.execute("select * from cold_day order by 1, 2, 3, 4, 5, 6, 7, 8").fetchall()
    if have_days != cold_days:
        said.append(f"cold days: {have_days} where the cold turns give {cold_days}")
    have_cold, want_cold = stored_cold_turns(db), cold_turns(db, shipped_book())
    if have_cold != want_cold:
        said.append(f"cold turns: {have_cold} where the calls give {want_cold}")
    return "\n".join(said)


def _wrong_standing(
    db: sqlite3.Connection, totals: dict[tuple[object, ...], list[int]]
) -> list[str]:
    """Where the row of a session says anything else than all its totals together."""
    want: dict[object, list[int]] = {}
    for place, numbers in totals.items():
        so_far = want.setdefault(place[0], [0] * len(MEASURES))
        want[place[0]] = [a + b for a, b in zip(so_far, numbers, strict=True)]
    said: list[str] = []
    for number, *have in db.execute("select id, calls, tokens, cost_nusd, hit from session"):
        sums = dict(zip(MEASURES, want.get(number, [0] * len(MEASURES)), strict=True))
        prompt = sum(sums[b] for b in ("input", "cache_read", "cache_write_5m", "cache_write_1h"))
        right = [
            min(MOST, sums["calls"]),
            min(MOST, prompt + sums["output"]),
            None if sums["calls"] == sums["unpriced"] else min(MOST, sums["cost_nusd"]),
            float(min(MOST, sums["cache_read"])) / float(min(MOST, prompt)) if prompt else None,
        ]
        if have != right:
            said.append(f"session {number}: {have} where its totals give {right}")
    return said


def _stored_sums(
    db: sqlite3.Connection, table: str, keys: tuple[str, ...]
) -> dict[tuple[object, ...], list[int]]:
    n = len(keys)
    return {
        tuple(row[:n]): list(row[n:])
        for row in db.execute(f"select {', '.join((*keys, *MEASURES))} from {table}")
    }


def stopwatch() -> float:
    """Seconds, for tests that bound how long something takes."""
    return time.monotonic()
