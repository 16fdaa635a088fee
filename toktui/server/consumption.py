"""What members consumed: a page that an owner may switch on, and that is no achievement."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection, func, select

from toktui.clock import day_label
from toktui.server.refusal import Refused
from toktui.server.tables import day_row, member, member_day, team
from toktui.server.zones import days_before, zone_named

if TYPE_CHECKING:
    from toktui.server.people import Speaker

DAYS: Final = {"day": 1, "week": 7, "28 days": 28}
_BUCKETS: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


class Consumed(msgspec.Struct, frozen=True, kw_only=True):
    """Of one listed member."""

    name: str
    is_you: bool
    calls: int
    tokens: int
    cost_nusd: int | None
    lacks_unpriced: bool
    holds_estimates: bool
    unread_days: int
    """Days on which not every log could be read: all of this is so much at least."""
    cache_hit_rate: float | None


class ModelUse(msgspec.Struct, frozen=True, kw_only=True):
    """Of one model by the listed members."""

    model: str
    calls: int
    tokens: int
    cost_nusd: int | None
    lacks_unpriced: bool
    holds_estimates: bool


class Consumption(msgspec.Struct, frozen=True, kw_only=True):
    """By name, not by size: spend is no achievement. Hidden members are not in it."""

    schema: str = "toktui.consumption/1"
    team: str
    since: str
    until: str
    members: tuple[Consumed, ...]
    models: tuple[ModelUse, ...]


def load_consumption(db: Connection, who: Speaker, span: str, now_ms: int) -> Consumption:
    """The last day, week or 28 days, today included."""
    info = db.execute(select(team).where(team.c.id == who.team)).one()
    if not info.consumption:
        raise Refused("not_found", "The team has not switched this page on.")
    if span not in DAYS:
        raise Refused("wrong_value", f"The spans are {', '.join(DAYS)}.")
    until = day_label(now_ms, zone_named(info.zone))
    since = days_before(until, DAYS[span] - 1)
    sums = (
        "calls", *_BUCKETS, "unpriced_calls", "estimated_calls", "partly_unread", "cost_nusd"
    )  # fmt: skip
    days = member_day.c
    found = db.execute(
        select(member.c.id, member.c.name, *(func.sum(days[name]).label(name) for name in sums))
        .select_from(member.join(member_day, days.member == member.c.id))
        .where(days.team == who.team, days.day >= since, days.day <= until,
               member.c.appearance != "hidden")
        .group_by(member.c.id, member.c.name)
    ).mappings()  # fmt: skip
    people: list[Consumed] = []
    for row in found:
        n = {name: int(row[name]) for name in sums}
        prompt = sum(n[name] for name in _BUCKETS[:-1])
        people.append(Consumed(
            name=row["name"], is_you=row["id"] == who.member, calls=n["calls"],
            tokens=prompt + n["output"],
            cost_nusd=n["cost_nusd"] if n["calls"] > n["unpriced_calls"] else None,
            lacks_unpriced=n["unpriced_calls"] > 0, holds_estimates=n["estimated_calls"] > 0,
            unread_days=n["partly_unread"],
            cache_hit_rate=round(n["cache_read"] / prompt, 4) if prompt else None,
        ))  # fmt: skip
    return Consumption(
        team=info.name, since=since, until=until,
        members=tuple(sorted(people, key=lambda one: one.name.casefold())),
        models=_models(db, who.team, since, until),
    )


def load_day_tokens(db: Connection, who: Speaker, since: str, until: str) -> dict[str, int]:
    """Tokens of the listed members on each day that has any."""
    days = member_day.c
    found: Any = db.execute(
        select(days.day, *(func.sum(days[name]) for name in _BUCKETS))
        .select_from(member_day.join(member, member.c.id == days.member))
        .where(days.team == who.team, days.day >= since, days.day <= until,
               member.c.appearance != "hidden")
        .group_by(days.day)
    )  # fmt: skip
    return {day: sum(map(int, sizes)) for day, *sizes in found}


def _models(db: Connection, team_id: str, since: str, until: str) -> tuple[ModelUse, ...]:
    rows = day_row.c
    sums = ("calls", *_BUCKETS, "unpriced_calls", "estimated_calls", "cost_nusd")
    found: Any = db.execute(
        select(rows.model, *(func.sum(rows[name]) for name in sums))
        .select_from(day_row.join(member, member.c.id == rows.member))
        .where(rows.team == team_id, rows.day >= since, rows.day <= until,
               member.c.appearance != "hidden")
        # By member, and added up here: the sum of all may not fit 64 bits.
        .group_by(rows.model, rows.member)
    )  # fmt: skip
    models: dict[str, Counter[str]] = defaultdict(Counter)
    for model, *values in found:
        models[model].update(dict(zip(sums, map(int, values), strict=True)))
    return tuple(
        ModelUse(
            model=model, calls=n["calls"], tokens=sum(n[name] for name in _BUCKETS),
            cost_nusd=n["cost_nusd"] if n["calls"] > n["unpriced_calls"] else None,
            lacks_unpriced=n["unpriced_calls"] > 0, holds_estimates=n["estimated_calls"] > 0,
        )
        for model, n in sorted(models.items())
    )  # fmt: skip
