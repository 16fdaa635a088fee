"""A member's day: the sum over devices, without copied histories, at the server's prices."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, select

from toktui.server.duplicates import counted_once
from toktui.server.repricing import public_book, reprice
from toktui.server.tables import (
    LANDED,
    LINKED,
    MEASURES,
    SUMS,
    day_row,
    document,
    member_day,
    team,
)
from toktui.server.upsert import upsert
from toktui.server.zones import range_of
from toktui.team.wire.document import OTHER, SIZES, Document, Row, decode, hashes_of

if TYPE_CHECKING:
    from toktui.clock import Range

MOST: Final = (1 << 50) - 1
"""Of each number of a member's day: a million dollars, or 10^15 tokens. Whoever sends more has his
sums cut here, so that those of a team fit 64 bits and one member cannot break everybody's board."""
MOST_A_DAY: Final = 8
"""Landed changes of a day that count, the largest first: who splits his work gains no more."""
_Key = tuple[str, str, str]


def add_up(db: Connection, team_id: str, member_id: str, day: str) -> Range:
    """Adds the member's day up anew; gives the day's instants."""
    zone = db.execute(select(team.c.zone).where(team.c.id == team_id)).scalar_one()
    within = range_of(day, zone)
    bodies = db.execute(
        select(document.c.body).where(document.c.member == member_id, document.c.day == day)
        .order_by(document.c.device)
    ).scalars()  # fmt: skip
    documents = [decode(bytes(body)) for body in bodies if body]
    rows = _rows(documents, within)
    where = {"member": member_id, "day": day, "team": team_id}
    for table in (day_row, member_day):
        db.execute(delete(table).where(table.c.member == member_id, table.c.day == day))
    if not documents:
        return within
    if rows:
        db.execute(day_row.insert(), [
            {**where, "agent": agent, "model": model, "tier": tier, **sums}
            for (agent, model, tier), sums in sorted(rows.items())
        ])  # fmt: skip
    totals = {name: min(MOST, sum(row[name] for row in rows.values())) for name in MEASURES}
    upsert(db, member_day, ("member", "day"), [{
        **dict.fromkeys(SUMS, 0), **where, **totals, **_landed(documents),
        "shares_outcomes": any(one.outcomes is not None for one in documents),
    }])  # fmt: skip
    return within


def _rows(documents: list[Document], within: Range) -> dict[_Key, dict[str, int]]:
    found: dict[_Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    left_out = _left_out(documents)
    for one in documents:
        for row in one.rows:
            if (one.device, row.agent) in left_out:
                continue
            known = row.model if public_book().canonical(row.model) == row.model else OTHER
            sums = found[row.agent, known, row.tier]
            for name, value in _measured(row, within).items():
                sums[name] = min(MOST, sums[name] + value)
    return dict(found)


def _measured(row: Row, within: Range) -> dict[str, int]:
    values = {name: int(getattr(row, name) or 0) for name in MEASURES}
    cost = reprice(row, within).cost_nusd
    values["cost_nusd"] = cost or 0
    if cost is None:
        values["unpriced_calls"], values["unpriced_tokens"] = row.calls, row.tokens
    return values


def _left_out(documents: list[Document]) -> set[tuple[str, str]]:
    """Devices and agents whose calls another device of the member has reported, too."""
    sketches: dict[str, dict[str, list[str]]] = defaultdict(dict)
    tokens: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in documents:
        for made in one.sketches:
            sketches[made.agent][one.device] = hashes_of(made)
        for row in one.rows:
            tokens[row.agent][one.device] += row.tokens
    return {
        (device, agent)
        for agent, by_device in sketches.items()
        for device in counted_once(by_device, tokens[agent])
    }


def _landed(documents: list[Document]) -> dict[str, Any]:
    """Landed changes of the day.

    Every device of a member may see the same repository, so the device that saw most counts.
    """
    shared = [one.outcomes for one in documents if one.outcomes is not None]
    if not shared:
        return {}
    best = max(shared, key=lambda o: (sum(landed.changes for landed in o.landed), -o.reverted))
    by_size = {landed.size: landed for landed in best.landed}
    values: dict[str, Any] = {"reverted": best.reverted}
    room = MOST_A_DAY
    for size, changes, cost in reversed(tuple(zip(SIZES, LANDED, LINKED, strict=True))):
        if size in by_size:
            values[changes] = min(room, by_size[size].changes)
            values[cost] = min(MOST, by_size[size].cost_nusd)
            room -= values[changes]
    return values
