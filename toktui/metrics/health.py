"""One look at the health of logs and store, from the store and the sizes of files beside it.

What takes long, the check of the whole file, is done only when it is asked for.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS, QUARTER_MS
from toktui.metrics.cleanup import Cleanup, load_cleanup
from toktui.metrics.one_state import one_state
from toktui.metrics.rollup import sums_match
from toktui.metrics.understood import Alarm, Misread, alarms, misread_by_shape, version_order
from toktui.paths import is_remote, mount_type
from toktui.store.backup import WEEK_MS, Backup, backups
from toktui.store.connect import version_of
from toktui.store.recovery import last_recovery
from toktui.store.schema import VERSION as SCHEMA_VERSION
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

_LATELY_MS: Final = 30 * DAY_MS
_TAIL: Final = 16 << 10
"""Bytes at the end of toktui's own log that are looked at."""
_MOST_PAST: Final = 6


class About(msgspec.Struct, frozen=True):
    """Each number is another check of the whole store; 0: none was asked for."""

    check: int = 0


class AgentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has of an agent. Sizes are bytes, times UTC milliseconds."""

    name: str
    logs: int
    """Logs that are still there."""
    gone: int
    size: int
    lines: int
    misread: int
    problems: int
    version: str
    """The newest that it wrote itself into its logs."""
    read_ms: int | None
    roots: tuple[str, ...]
    swept: bool
    """Some root is on a mount that sends no events."""
    calls: int = 0
    estimated: int = 0
    """Estimated, or with an output that its log never got."""
    residual: int = 0
    unpriced: int = 0
    alarm: Alarm | None = None

    @property
    def exact(self) -> int:
        """Calls of which every number is the provider's."""
        return self.calls - self.estimated - self.residual


class StoreFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The store's file. Sizes are bytes."""

    path: str
    size: int
    wal: int
    logs_size: int
    """Of all logs that it was read from, as large as they were last seen."""
    schema: int
    schema_known: int
    committed_ms: int | None
    calls: int
    lately: int
    """Calls of the last 30 days."""

    @property
    def growth(self) -> int | None:
        """Bytes in 30 days, at what a call takes; None without calls, or where most of them are
        still beside the file."""
        known = self.calls and self.wal <= self.size
        return round(self.size * self.lately / self.calls) if known else None

    @property
    def share(self) -> float | None:
        """Its size over that of the logs."""
        return (self.size + self.wal) / self.logs_size if self.logs_size else None


class Checked(msgspec.Struct, frozen=True):
    """What a check of the whole store found: `ok`, or what is wrong."""

    integrity: str
    sums_match: bool
    at_ms: int


class Past(msgspec.Struct, frozen=True):
    """A line of toktui's own log."""

    when: str
    level: str
    text: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; `warnings` are sentences about what needs a look."""

    at_ms: int
    warnings: tuple[str, ...]
    agents: tuple[AgentHealth, ...]
    store: StoreFacts
    backups: tuple[Backup, ...]
    misread: tuple[Misread, ...]
    cleanup: tuple[Cleanup, ...]
    past: tuple[Past, ...]
    checked: Checked | None


_checks: dict[tuple[str, int], Checked] = {}
"""What checks have found, for a screen that is drawn again does not check again."""


def load_health(db: sqlite3.Connection, now_ms: int, about: About) -> Health:
    """One look from one state of the store; the first with another `about.check` takes long."""
    store_path = Path(db.execute("pragma database_list").fetchone()[2])
    checked = _checked(db, store_path, about, now_ms)
    with one_state(db):
        heard = {alarm.agent: alarm for alarm in alarms(db)}
        agents = tuple(_agents(db, heard))
        store = _store(db, store_path, agents, now_ms)
        unpriced = _unpriced(db)
        misread = misread_by_shape(db)
        cleanup = load_cleanup(db, now_ms)
        recovery = last_recovery(db)
    kept = tuple(backups(store_path.parent / "backups"))
    recovered = "" if recovery is None else f"A damaged store is kept as {clean(recovery.aside)}."
    aside = recovery is not None and (store_path.parent / recovery.aside).exists()
    return Health(
        at_ms=now_ms,
        warnings=tuple(
            _warnings(agents, store, kept, unpriced, checked, recovered if aside else "", now_ms)
        ),
        agents=agents,
        store=store,
        backups=kept,
        misread=misread,
        cleanup=cleanup,
        past=_past(store_path.parent / "toktui.log"),
        checked=checked,
    )


def _agents(db: sqlite3.Connection, heard: dict[str, Alarm]) -> Iterator[AgentHealth]:
    """Agents that have logs or calls here, those with most calls first."""
    sums = {
        row[0]: row[1:]
        for row in db.execute(
            "select s.agent, sum(t.estimated + t.placeholder), sum(t.residual), sum(t.unpriced)"
            " from session_total t cross join session s on s.id = t.session"
            " where t.exact < t.calls or t.unpriced > 0 group by s.agent"
        )
    }
    calls = dict(db.execute("select agent, sum(calls) from session group by agent"))
    misread = dict(
        db.execute("select l.agent, count(*) from misread x join log l on l.id = x.log group by 1")
    )
    roots: dict[int, list[str]] = {}
    for agent, root in db.execute("select distinct agent, root from log where gone_ms is null"):
        roots.setdefault(agent, []).append(root)
    versions: dict[int, str] = {}
    for agent, version in db.execute("select distinct agent, version from log where version <> ''"):
        versions[agent] = max(versions.get(agent, ""), version, key=version_order)
    logs = {
        row[0]: row[1:]
        for row in db.execute(
            "select agent, count(*) - count(gone_ms), count(gone_ms),"
            " coalesce(sum(iif(gone_ms is null, size, 0)), 0), sum(lines), sum(problem <> ''),"
            " max(read_ms) from log group by agent"
        )
    }
    names = dict(db.execute("select id, text from name where id in (select distinct agent from"
                            " session union select distinct agent from log)"))  # fmt: skip
    found: list[AgentHealth] = []
    for number, name in names.items():
        here, gone, size, lines, problems, read_ms = logs.get(number, (0, 0, 0, 0, 0, None))
        estimated, residual, unpriced = sums.get(number, (0, 0, 0))
        places = tuple(sorted(roots.get(number, ())))
        found.append(
            AgentHealth(
                name=name, logs=here, gone=gone, size=size, lines=lines,
                misread=misread.get(number, 0), problems=problems,
                version=versions.get(number, ""), read_ms=read_ms, roots=places,
                swept=any(_is_swept(place) for place in places), calls=calls.get(number, 0),
                estimated=estimated, residual=residual, unpriced=unpriced, alarm=heard.get(name),
            )
        )  # fmt: skip
    yield from sorted(found, key=lambda one: (-one.calls, -one.logs, one.name))


def _unpriced(db: sqlite3.Connection) -> dict[str, int]:
    """Calls without a price by their model, the most first."""
    return dict(
        db.execute(
            "select m.text, sum(t.unpriced) from session_total t join name m on m.id = t.model"
            " where t.priced = 0 and t.unpriced > 0 group by 1 order by 2 desc, 1"
        )
    )


def _is_swept(root: str) -> bool:
    kind = mount_type(Path(root))
    return kind is not None and is_remote(kind)


def _store(
    db: sqlite3.Connection, path: Path, agents: tuple[AgentHealth, ...], now_ms: int
) -> StoreFacts:
    (logs_size,) = db.execute("select coalesce(sum(size), 0) from log where size > 0").fetchone()
    (lately,) = db.execute(
        "select coalesce(sum(calls), 0) from quarter where quarter >= ?",
        ((now_ms - _LATELY_MS) // QUARTER_MS,),
    ).fetchone()
    return StoreFacts(
        path=str(path),
        size=_size(path),
        wal=_size(path.with_name(f"{path.name}-wal")),
        logs_size=logs_size,
        schema=version_of(db),
        schema_known=SCHEMA_VERSION,
        committed_ms=max((one.read_ms for one in agents if one.read_ms), default=None),
        calls=sum(one.calls for one in agents),
        lately=lately,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _checked(
    db: sqlite3.Connection, path: Path, about: About, now_ms: int
) -> Checked | None:
    if not about.check:
        return None
    key = (str(path), about.check)
    if key not in _checks:
        (answer,) = db.execute("pragma integrity_check(1)").fetchone()
        _checks[key] = Checked(clean(str(answer), 200), sums_match(db), now_ms)
    return _checks[key]


def _warnings(
    agents: tuple[AgentHealth, ...], store: StoreFacts, kept: tuple[Backup, ...],
    unpriced: dict[str, int], checked: Checked | None, recovered: str, now_ms: int,
) -> Iterator[str]:  # fmt: skip
    if checked is not None and checked.integrity != "ok":
        yield f"The store is damaged: {checked.integrity}. `toktui sync` mends it."
    elif checked is not None and not checked.sums_match:
        yield "The store's sums do not match its calls; `toktui data restore latest` helps."
    yield from (one.alarm.sentence() for one in agents if one.alarm is not None)
    if store.schema > store.schema_known:
        yield "A newer toktui made the store; it is only read. Update toktui."
    if recovered:
        yield recovered
    problems = sum(one.problems for one in agents)
    if problems:
        yield "A log cannot be read." if problems == 1 else f"{problems:,} logs cannot be read."
    if unpriced:
        names = ", ".join(clean(model, 40) for model in list(unpriced)[:3])
        calls = sum(unpriced.values())
        have = "A call has" if calls == 1 else f"{calls:,} calls have"
        yield f"{have} no price ({names}); `toktui prices set` adds one."
    if kept and now_ms - kept[0].made_ms > 2 * WEEK_MS:
        yield "There is no backup of the last two weeks; `toktui data backup` makes one."


_JOURNALED: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ([A-Z]+) [\w.]+: (.*)")


def _past(log: Path) -> tuple[Past, ...]:
    """The last lines of toktui's own log, newest first."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            text = file.read(_TAIL).decode(errors="replace")
    except OSError:
        return ()
    matches = (_JOURNALED.fullmatch(line) for line in text.splitlines())
    found = [Past(m[1], m[2], clean(m[3], 200)) for m in matches if m is not None]
    return tuple(reversed(found[-_MOST_PAST:]))
