"""A member's day: the sum over devices, without copied histories, at the server's prices."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select, update

from toktui.server.duplicates import counted_once
from toktui.server.repricing import public_book, reprice
from toktui.server.tables import (
    LANDED,
    LINKED,
    MEASURES,
    SUMS,
    day_row,
    document,
    member,
    member_day,
)
from toktui.server.upsert import upsert
from toktui.server.worth import WORTH
from toktui.server.zones import range_of
from toktui.team.wire.document import OTHER, SIZES, Document, Landed, Row, decode, hashes_of

if TYPE_CHECKING:
    from toktui.clock import Range
    from toktui.server.duplicates import Copied
    from toktui.server.people import Speaker

MOST: Final = (1 << 50) - 1
"""Of each number of a member's day: a million dollars, or 10^15 tokens. Whoever sends more has his
sums cut here, so that those of a team fit 64 bits and one member cannot break everybody's board."""
NEXT: Final = member.c.changed + 1
"""Says that a member's days have changed."""
LIVE_MS: Final = 48 * 3_600_000
"""How long after a day's end it may come to count as sent while it was fresh."""
MOST_A_DAY: Final = 8
"""Landed changes of a day that count, the largest first: who splits his work gains no more."""
_Key = tuple[str, str, str]


class AddedUp(NamedTuple):
    """What a member's day was made of, and its instants."""

    documents: list[Document]
    within: Range


def add_up(db: Connection, who: Speaker, day: str) -> AddedUp:
    """Adds the member's day up anew, from all devices."""
    member_id, within = who.member, range_of(day, who.zone)
    found = db.execute(
        select(document.c.body, document.c.first_ms)
        .where(document.c.member == member_id, document.c.day == day).order_by(document.c.device)
    ).all()
    documents = [decode(bytes(one.body)) for one in found if one.body]
    rows = _within_bounds(_rows(documents, within))
    db.execute(update(member).where(member.c.id == member_id).values(changed=NEXT))
    where = {"member": member_id, "day": day, "team": who.team}
    db.execute(delete(day_row).where(day_row.c.member == member_id, day_row.c.day == day))
    landed = _landed(documents)
    unread = int(any(one.partly_unread for one in documents))
    if not rows and not any(landed.values()) and not unread:
        # A day whose calls were forgotten, or that never had any, is no active one.
        db.execute(
            delete(member_day).where(member_day.c.member == member_id, member_day.c.day == day)
        )
        return AddedUp(documents, within)
    if rows:
        db.execute(day_row.insert(), [
            {**where, "agent": agent, "model": model, "tier": tier, **sums}
            for (agent, model, tier), sums in sorted(rows.items())
        ])  # fmt: skip
    totals = {name: sum(row[name] for row in rows.values()) for name in MEASURES}
    upsert(db, member_day, ("member", "day"), [{
        **dict.fromkeys(SUMS, 0), **where, **totals, **landed,
        "shares_outcomes": any(one.outcomes is not None for one in documents),
        "partly_unread": unread,
        "live": int(all(one.first_ms <= within.end_ms + LIVE_MS for one in found)),
    }])  # fmt: skip
    return AddedUp(documents, within)


def _rows(documents: list[Document], within: Range) -> dict[_Key, dict[str, int]]:
    found: dict[_Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    copied = _copied(documents)
    for one in documents:
        for row in one.rows:
            copy = copied.get((one.device, row.agent))
            if copy is not None and copy.is_whole:
                continue
            known = row.model if public_book().canonical(row.model) == row.model else OTHER
            sums = found[row.agent, known, row.tier]
            for name, value in _measured(row, within, copy).items():
                sums[name] = min(MOST, sums[name] + value)
    return dict(found)


def _within_bounds(rows: dict[_Key, dict[str, int]]) -> dict[_Key, dict[str, int]]:
    """The rows of a day, cut so that none of their sums is more than a day may hold."""
    left: dict[str, int] = dict.fromkeys(MEASURES, MOST)
    for key in sorted(rows):
        for name, value in rows[key].items():
            rows[key][name] = min(value, left[name])
            left[name] -= rows[key][name]
    return rows


def _measured(row: Row, within: Range, copy: Copied | None) -> dict[str, int]:
    """The numbers of a row: the server's price, and without the calls that are copies."""
    values = {name: int(getattr(row, name) or 0) for name in MEASURES}
    cost = reprice(row, within).cost_nusd
    values["cost_nusd"] = cost or 0
    values["unpriced_calls"] = row.calls if cost is None else 0
    values["unpriced_tokens"] = row.tokens if cost is None else 0
    if copy is None:
        return values
    rest = {name: copy.rest(value) for name, value in values.items()}
    # Which of the calls are copies is known of a sample, so what is left is an estimate.
    return {**rest, "estimated_calls": rest["calls"], "estimated_tokens": copy.rest(row.tokens)}


def _copied(documents: list[Document]) -> dict[tuple[str, str], Copied]:
    """Devices and agents whose calls another device of the member has reported, too."""
    sketches: dict[str, dict[str, list[str]]] = defaultdict(dict)
    tokens: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in documents:
        for made in one.sketches:
            sketches[made.agent][one.device] = hashes_of(made)
        for row in one.rows:
            tokens[row.agent][one.device] += row.tokens
    return {
        (device, agent): copy
        for agent, by_device in sketches.items()
        for device, copy in counted_once(by_device, tokens[agent]).items()
    }


def _landed(documents: list[Document]) -> dict[str, Any]:
    """Landed changes of the day.

    Every device of a member may see the same repository, so only one device counts: whose changes
    are worth most.
    """
    shared = [(one.outcomes, one.v) for one in documents if one.outcomes is not None]
    if not shared:
        return {}
    best, version = max(shared, key=lambda one: (
        sum(landed.changes * WORTH[landed.size] for landed in one[0].landed),
        sum(landed.changes for landed in one[0].landed), -one[0].reverted,
    ))  # fmt: skip
    by_size = {landed.size: landed for landed in best.landed}
    unpriced = sum(_unpriced(landed, version) for landed in best.landed)
    values: dict[str, Any] = {"reverted": best.reverted, "linked_unpriced": unpriced}
    room = MOST_A_DAY
    for size, changes, cost in reversed(tuple(zip(SIZES, LANDED, LINKED, strict=True))):
        if size in by_size:
            values[changes] = min(room, by_size[size].changes)
            values[cost] = min(MOST, by_size[size].cost_nusd or 0)
            room -= values[changes]
    return values


def _unpriced(landed: Landed, version: int) -> int:
    """Changes whose cost is not known, or only in part."""
    # The first version of the protocol had no other word for it.
    unknown = version == 1 and landed.cost_nusd == 0
    return landed.changes if unknown else landed.unpriced_changes
