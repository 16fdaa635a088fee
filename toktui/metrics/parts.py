"""The parts of one project or of one model: each cut adds up to the whole, to the nano-dollar."""

from __future__ import annotations

from collections import defaultdict
from operator import add
from typing import TYPE_CHECKING, Final, Literal, cast

import msgspec

from toktui.metrics.cut import (
    SHOWN,
    Slices,
    Tally,
    last_quarters,
    rows_in,
    share,
    slices_of,
)
from toktui.metrics.filters import conditions
from toktui.metrics.names import has_table, names_of
from toktui.metrics.sessions_in import PART_COLUMNS
from toktui.metrics.sums import Sums
from toktui.model import EXACTNESS, TIERS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from toktui.clock import Range
    from toktui.metrics.cut import One
    from toktui.metrics.filters import Filters
    from toktui.metrics.rollup import Row

Key = Literal["agent", "model", "project", "branch", "tier"]
KEYS: Final[tuple[Key, ...]] = ("agent", "model", "project", "branch", "tier")
"""By which the rollup can be cut."""
CONVERSATION: Final = "conversation"
"""Calls of a session itself, not of an agent inside it."""
SUB_AGENT: Final = "sub-agent"
"""Of a type that the log does not name."""
MOST_SESSIONS: Final = 100
MOST_READ: Final = 12_000
"""Calls that are looked at one by one; more would take longer than a screen may."""
MOST_AGENTS: Final = 5_000
"""Sub-agents whose type is looked up."""
_ESTIMATED: Final = EXACTNESS.index("estimated")
_TOKENS: Final = "t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h + t.output"

_KIND: Final = (
    f"iif(t.agent_id = 0, '{CONVERSATION}', coalesce((select nullif(max(o.agent_type), '')"
    " from source o join name n on n.text = o.agent_id"
    f" where o.session = s.key and n.id = t.agent_id), '{SUB_AGENT}'))"
)
"""Who asked for the calls of `t`, a part or a call of the session `s`."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What has one value of a key; money is nano-dollars."""

    key: Key
    name: str
    sums: Sums
    cost_share: float | None
    costs: tuple[int, ...]
    tokens: tuple[int, ...]
    last_ms: int


class SessionPart(msgspec.Struct, frozen=True, kw_only=True):
    """What a session did of it in the range; `number` is that of the store."""

    number: int
    id: str
    agent: str
    project: str
    nusd: int | None
    unpriced: int
    estimated: int
    calls: int
    tokens: int
    last_ms: int


class Kind(msgspec.Struct, frozen=True):
    """What sessions themselves asked for, or their agents of one type."""

    name: str
    calls: int
    tokens: int
    nusd: int
    unpriced: int
    estimated: int
    cost_share: float | None


class Whole(msgspec.Struct, frozen=True):
    """All calls that are meant, by several keys."""

    sums: Sums
    costs: tuple[int, ...]
    tokens: tuple[int, ...]
    slices: Slices
    parts: tuple[Part, ...]
    """By key in the order that was asked for, then by cost."""
    sessions: tuple[SessionPart, ...]
    """The latest."""
    kinds: tuple[Kind, ...] | None
    """By who asked; None: too many sub-agents, or sessions over the ends of the range."""


def load_whole(
    db: sqlite3.Connection,
    keys: Sequence[Key],
    *,
    filters: Filters,
    within: Range,
    zone: ZoneInfo,
    one: One,
) -> Whole:
    """The calls that are meant, cut by each key; within the caller's transaction."""
    slices = slices_of(db, within, zone)
    whole = Tally(slices.count, SHOWN)
    tallies: dict[tuple[Key, str], Tally] = {}
    for index, some in enumerate(_passes(keys, filters, one)):
        found = rows_in(db, some, slices, filters, one, measures=SHOWN)
        lasts = last_quarters(db, some, slices, filters, one)
        words = _words(db, some, found)
        for row in found:
            if not index:
                whole.add(row)
            for key, name in words(row.keys):
                tally = tallies.get((key, name))
                if tally is None:
                    tally = tallies[key, name] = Tally(slices.count, SHOWN)
                tally.add(row)
                tally.last = max(tally.last, lasts[row.keys])
    total = whole.sums
    parts = [_part(key, name, tally, total) for (key, name), tally in tallies.items()]
    parts.sort(key=lambda p: (keys.index(p.key), -p.sums.priced_nusd, -p.sums.tokens, p.name))
    return Whole(
        total, tuple(whole.costs), tuple(whole.tokens), slices, tuple(parts),
        _sessions(db, slices, filters, one), _kinds(db, slices, filters, one),
    )  # fmt: skip


def _passes(keys: Sequence[Key], filters: Filters, one: One) -> list[tuple[str, ...]]:
    """The columns that are read together: those of places apart, where the others are in a rollup
    without places."""
    columns = tuple("priced" if key == "model" else key for key in keys)
    if "model" in keys:
        columns = (*columns, "model")
    places = tuple(column for column in columns if column in ("project", "branch"))
    others = tuple(column for column in columns if column not in places)
    placed = one.folders is not None or filters.projects or filters.branches or filters.words
    return [columns] if placed or not places or not others else [places, others]


def _words(
    db: sqlite3.Connection, columns: Sequence[str], rows: Sequence[Row]
) -> Callable[[tuple[int, ...]], list[tuple[Key, str]]]:
    """What the numbers of these columns mean: the keys, and a word for each."""
    names = names_of(
        db,
        {
            number
            for row in rows
            for column, number in zip(columns, row.keys, strict=True)
            if column != "tier"
        },
    )

    def words(numbers: tuple[int, ...]) -> list[tuple[Key, str]]:
        by_column = dict(zip(columns, numbers, strict=True))
        logged = by_column.pop("model", 0)
        found: list[tuple[Key, str]] = []
        for column, number in by_column.items():
            if column == "tier":
                found.append(("tier", TIERS[number]))
            elif column == "priced":
                found.append(("model", names[number or logged]))
            else:
                found.append((cast("Key", column), names[number]))
        return found

    return words


def _part(key: Key, name: str, tally: Tally, total: Sums) -> Part:
    sums = tally.sums
    return Part(
        key=key,
        name=name,
        sums=sums,
        cost_share=share(sums.priced_nusd, total.priced_nusd),
        costs=tuple(tally.costs),
        tokens=tuple(tally.tokens),
        last_ms=tally.last_ms,
    )


def _sessions(
    db: sqlite3.Connection, slices: Slices, filters: Filters, one: One
) -> tuple[SessionPart, ...]:
    """The latest that lived in the range, with all that they did of it in their whole life."""
    if not slices.count or not has_table(db, "session_part"):
        return ()
    wanted = " and ".join((*one.conditions(db), *conditions(db, filters, PART_COLUMNS))) or "1"
    numbers = db.execute(
        "select s.id from session s where s.last_ms >= ?1 and s.first_ms < ?2"
        f" and exists (select 1 from session_part t where t.session = s.id and {wanted})"
        f" order by s.last_ms desc limit {MOST_SESSIONS}",
        slices.within,
    ).fetchall()
    statement = (
        "select s.id, s.key, a.text, p.text,"
        " iif(sum(t.calls) = sum(t.unpriced), null, sum(t.cost_nusd)),"
        f" sum(t.unpriced), sum(t.estimated), sum(t.calls), sum({_TOKENS}), s.last_ms"
        " from session s join session_part t on t.session = s.id join name a on a.id = s.agent"
        f" join name p on p.id = s.project where s.id = ? and {wanted}"
    )
    rows = [db.execute(statement, number).fetchone() for number in numbers]
    return tuple(
        SessionPart(
            number=row[0], id=row[1], agent=row[2], project=row[3], nusd=row[4], unpriced=row[5],
            estimated=row[6], calls=row[7], tokens=row[8], last_ms=row[9],
        )
        for row in rows
    )  # fmt: skip


def _kinds(
    db: sqlite3.Connection, slices: Slices, filters: Filters, one: One
) -> tuple[Kind, ...] | None:
    """Told by the parts of sessions inside of the range, and by the calls of those that reach
    beyond it. None: too many of these, or of sub-agents."""
    if not slices.count:
        return ()
    if not has_table(db, "session_part"):
        return None
    within = slices.within
    beyond = "s.last_ms >= ?1 and s.first_ms < ?2 and (s.first_ms < ?1 or s.last_ms >= ?2)"
    (reach,) = db.execute(
        f"select coalesce(sum(s.calls), 0) from session s where {beyond}", within
    ).fetchone()
    wanted = "".join(
        f" and {fits}" for fits in (*one.conditions(db), *conditions(db, filters, PART_COLUMNS))
    )
    inside = "s.first_ms >= ?1 and s.last_ms < ?2"
    (agents,) = db.execute(
        "select count(*) from session s cross join session_part t on t.session = s.id"
        f" where {inside} and t.agent_id <> 0{wanted}",
        within,
    ).fetchone()
    if reach > MOST_READ or agents > MOST_AGENTS:
        return None
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for source, measured in (
        (
            f"session s cross join session_part t on t.session = s.id where {inside}",
            f"sum(t.calls), sum({_TOKENS}), sum(t.cost_nusd), sum(t.unpriced), sum(t.estimated)",
        ),
        (
            "session s cross join call t on t.session = s.id and t.at_ms >= ?1 and t.at_ms < ?2"
            f" where {beyond}",
            f"count(*), sum({_TOKENS}), sum(coalesce(t.cost_nusd, 0)), sum(t.cost_nusd is null),"
            f" sum(t.exactness = {_ESTIMATED})",
        ),
    ):
        statement = f"select {_KIND}, {measured} from {source}{wanted} group by 1"
        for name, *numbers in db.execute(statement, within):
            sums[name] = list(map(add, sums[name], numbers))
    total = sum(found[2] for found in sums.values())
    kinds = [
        Kind(name, asked, tokens, nusd, unpriced, estimated, share(nusd, total))
        for name, (asked, tokens, nusd, unpriced, estimated) in sums.items()
    ]
    return tuple(sorted(kinds, key=lambda kind: (-kind.nusd, -kind.tokens, kind.name)))
