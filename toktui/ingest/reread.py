"""What a newer parser made of logs that had been read before, per month, for `doctor` to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent as agent_named

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from toktui.ingest.backlog import KnownLog
    from toktui.ingest.settle import Settler

_NAME: Final = "reread:"


class Month(msgspec.Struct, frozen=True, array_like=True):
    """Sums of one agent in a UTC month (`2026-11`). Cost in nano-dollars, of priced calls."""

    month: str
    calls: int
    tokens: int
    cost_nusd: int


class Reread(msgspec.Struct, frozen=True):
    """The last time an agent's logs were read again; `after` is missing until that is done."""

    agent: str
    parser: int
    began_ms: int
    before: tuple[Month, ...]
    after: tuple[Month, ...] | None = None

    def changes(self) -> list[Month]:
        """What became more (or less, then negative), by month; months as they were are left out."""
        if self.after is None:
            return []
        old = {month.month: month for month in self.before}
        new = {month.month: month for month in self.after}
        found: list[Month] = []
        for name in sorted(old.keys() | new.keys()):
            a, b = old.get(name, Month(name, 0, 0, 0)), new.get(name, Month(name, 0, 0, 0))
            if a != b:
                found.append(
                    Month(
                        name, b.calls - a.calls, b.tokens - a.tokens, b.cost_nusd - a.cost_nusd
                    )
                )
        return found


def begin_rereads(settler: Settler, known: Iterable[KnownLog], now_ms: int) -> None:
    """Keeps the sums of every agent whose present logs an older parser has read."""
    older = {
        log.agent
        for log in known
        if not log.gone and 0 < log.parser < agent_named(log.agent).PARSER
    }
    for name in sorted(older):
        parser = agent_named(name).PARSER
        last = _load(settler.db, name)
        if last is None or last.parser != parser:
            before = _months(settler.db, name)
            _keep(settler.db, Reread(name, parser, now_ms, before))


def finish_rereads(settler: Settler) -> None:
    """Keeps the sums of agents whose logs are now all read by the newer parser."""
    for reread in load_rereads(settler.db):
        if reread.after is not None:
            continue
        (left,) = settler.db.execute(
            "select count(*) from log l join name a on a.id = l.agent"
            " where a.text = ? and l.gone_ms is null and l.problem = '' and l.parser < ?",
            (reread.agent, reread.parser),
        ).fetchone()
        if not left:
            after = _months(settler.db, reread.agent)
            _keep(settler.db, msgspec.structs.replace(reread, after=after))


def load_rereads(db: sqlite3.Connection) -> list[Reread]:
    """The last re-read of every agent that had one."""
    rows = db.execute(
        "select value from setting where name >= ? and name < ? order by name",
        (_NAME, _NAME + "\uffff"),
    )
    return [msgspec.json.decode(value, type=Reread) for (value,) in rows]


def _load(db: sqlite3.Connection, name: str) -> Reread | None:
    row = db.execute("select value from setting where name = ?", (_NAME + name,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Reread)


def _keep(db: sqlite3.Connection, reread: Reread) -> None:
    db.execute(
        "insert or replace into setting (name, value) values (?, ?)",
        (_NAME + reread.agent, msgspec.json.encode(reread).decode()),
    )


def _months(db: sqlite3.Connection, name: str) -> tuple[Month, ...]:
    rows = db.execute(
        "select strftime('%Y-%m', q.quarter * 900, 'unixepoch'), sum(q.calls),"
        " sum(q.input + q.cache_read + q.cache_write_5m + q.cache_write_1h + q.output),"
        " sum(q.cost_nusd) from quarter q join name a on a.id = q.agent where a.text = ?"
        " group by 1 order by 1",
        (name,),
    )
    return tuple(Month(*row) for row in rows)
