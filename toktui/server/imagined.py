"""A made-up team of twelve with eight weeks behind it, for `toktui serve --demo`.

The people and their numbers are drawn from a fixed seed; the days end today.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Connection, update

from toktui.clock import day_label
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.server.days import read, take
from toktui.server.enrolling import enrol
from toktui.server.people import Speaker, make_code, make_team
from toktui.server.repricing import public_book
from toktui.server.tables import member, team
from toktui.server.zones import days_before, range_of, zone_named
from toktui.team.wire.document import (
    SIZES,
    Client,
    Document,
    Landed,
    Outcomes,
    Row,
    Size,
    V,
    encode,
    schema_hash,
)
from toktui.team.wire.messages import Appearance, Enrol
from toktui.team.wire.signing import new_key, public_key

if TYPE_CHECKING:
    from toktui.server.database import Database

DAYS: Final = 56
ZONE: Final = "Europe/Paris"


class Person(NamedTuple):
    """Somebody made up."""

    name: str
    appearance: Appearance
    thrift: float
    """What a change costs, against the others."""
    linked: float = 0.6
    """Share of the cost in sessions that landed something, on a day on which something landed."""
    days: int = DAYS
    """Since joining."""
    shares: bool = True
    """Whether landed changes are shared."""


PEOPLE: Final = (
    Person("Ada Okafor", "name", 0.7, linked=0.9), Person("Bram de Wit", "name", 1.0),
    Person("Chiara Rossi", "name", 1.3, linked=0.5), Person("night owl", "pseudonym", 0.9),
    Person("Deniz Kaya", "name", 1.1, linked=0.85), Person("Eun-ji Park", "name", 0.8, days=6),
    Person("moss", "pseudonym", 1.6, shares=False), Person("", "hidden", 1.0),
    Person("", "hidden", 1.2), Person("", "hidden", 0.9), Person("", "hidden", 0.8),
    Person("", "hidden", 1.4),
)  # fmt: skip

_SHARES: Final = (0.35, 0.5, 0.3, 0.1, 0.03)
"""On how many days a change of each size lands."""
_MODELS: Final = (("claude-code", "claude-opus-4-8"), ("claude-code", "claude-sonnet-5"),
                  ("codex", "gpt-5.5"))  # fmt: skip


def imagine(database: Database, now_ms: int) -> Speaker:
    """Fills an empty database; gives somebody of the team to look at it as."""
    draw = random.Random(12)
    today = day_label(now_ms, zone_named(ZONE))
    began_ms = range_of(days_before(today, DAYS), ZONE).start_ms
    with database.write() as db:
        team_id, owner = make_team(
            db, name="Harbour", zone=ZONE, retention_days=400, now_ms=began_ms
        )
        db.execute(update(team).where(team.c.id == team_id).values(consumption=True))
        others, hours = len(PEOPLE) - 1, 24 * (DAYS + 1)
        invite = make_code(db, team_id, uses=others, hours=hours, now_ms=began_ms)
        speakers: list[Speaker] = []
        for number, person in enumerate(PEOPLE):
            first = days_before(today, person.days)
            joined_ms = range_of(first, ZONE).start_ms + (9 * 60 + 7 * number) * 60_000
            who = _member(db, team_id, invite if number else owner, person, joined_ms)
            speakers.append(who)
            db.execute(update(member).where(member.c.id == who.member).values(first_day=first))
            for back in range(person.days, -1, -1):
                day = days_before(today, back)
                if draw.random() < 0.72:
                    document = _document(draw, who, day, person, closed=back > 0)
                    # A closed day is sent soon after it ends, today's just now.
                    at_ms = min(now_ms, range_of(day, ZONE).end_ms + draw.randrange(3_600_000))
                    take(db, who, read(encode(document)), day=day, now_ms=at_ms)
        make_code(db, team_id, uses=3, made_by=speakers[0].member, now_ms=now_ms - 3_600_000)
    return speakers[0]


def _member(
    db: Connection, team_id: str, code: str, person: Person, now_ms: int
) -> Speaker:
    asked = Enrol(
        code=code, public_key=public_key(new_key()), appearance=person.appearance,
        name=person.name, schema=schema_hash(),
    )
    made = enrol(db, asked, now_ms)
    return Speaker(team_id, made.member, made.device, made.role, ZONE)


def _document(
    draw: random.Random, who: Speaker, day: str, person: Person, *, closed: bool
) -> Document:
    rows = tuple(
        _row(draw, agent, model, day, person.thrift)
        for agent, model in _MODELS
        if public_book().canonical(model) == model and draw.random() < 0.7
    )
    cost = sum(row.cost_nusd or 0 for row in rows)
    sizes: list[Size] = [
        size for size, share in zip(SIZES, _SHARES, strict=True) if rows and draw.random() < share
    ]
    landed = tuple(
        Landed(size=size, changes=1, cost_nusd=int(cost * person.linked / len(sizes)))
        for size in sizes
    )
    reverted = int(draw.random() < 0.03)
    return Document(
        v=V, team=who.team, device=who.device, day=day, rev=1, closed=closed,
        client=Client(version="demo"), rows=rows,
        outcomes=Outcomes(landed=landed, reverted=reverted) if person.shares else None,
    )


def _row(draw: random.Random, agent: str, model: str, day: str, thrift: float) -> Row:
    calls = int(draw.uniform(20, 160) * thrift)
    tokens = Tokens(
        input=calls * draw.randint(300, 3_000), cache_read=calls * draw.randint(30_000, 90_000),
        cache_write_5m=calls * draw.randint(1_000, 4_000), output=calls * draw.randint(200, 900),
    )  # fmt: skip
    return Row(
        agent=agent, model=model, tier="standard", calls=calls, input=tokens.input,
        cache_read=tokens.cache_read, cache_write_5m=tokens.cache_write_5m, cache_write_1h=0,
        output=tokens.output, reasoning=0, web_search=0, estimated_calls=0, estimated_tokens=0,
        unpriced_calls=0, unpriced_tokens=0, cost_nusd=_cost(model, tokens, day),
    )  # fmt: skip


def _cost(model: str, tokens: Tokens, day: str) -> int:
    at_ms = range_of(day, ZONE).start_ms
    found = price(public_book(), model=model, at_ms=at_ms, tokens=tokens, summed=True)
    return 0 if found is None else found.total_nusd
