"""A made-up team of twelve with eight weeks behind it, for `toktui serve --demo`.

The people and their numbers are drawn from a fixed seed; the days end today.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, update

from toktui.clock import day_label
from toktui.model import Tokens
from toktui.pricing.price import price
from toktui.server.days import read, take
from toktui.server.people import Speaker, enrol, make_code, make_team
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
    encode,
    schema_hash,
)
from toktui.team.wire.messages import Appearance, Enrol
from toktui.team.wire.signing import new_key, public_key

if TYPE_CHECKING:
    from toktui.server.database import Database

DAYS: Final = 56
ZONE: Final = "Europe/Paris"
PEOPLE: Final[tuple[tuple[str, Appearance, float], ...]] = (
    ("Ada Okafor", "name", 0.7), ("Bram de Wit", "name", 1.0), ("Chiara Rossi", "name", 1.3),
    ("night owl", "pseudonym", 0.9), ("Deniz Kaya", "name", 1.1), ("Eun-ji Park", "name", 0.8),
    ("moss", "pseudonym", 1.6), ("", "hidden", 1.0), ("", "hidden", 1.2), ("", "hidden", 0.9),
    ("", "hidden", 0.8), ("", "hidden", 1.4),
)  # fmt: skip
"""Name, how they appear, and what they spend for a change against the others."""

_SHARES: Final = (0.35, 0.5, 0.3, 0.1, 0.03)
"""On how many days a change of each size lands."""
_MODELS: Final = (("claude-code", "claude-opus-4-8"), ("claude-code", "claude-sonnet-5"),
                  ("codex", "gpt-5.5"))  # fmt: skip


def imagine(database: Database, now_ms: int) -> Speaker:
    """Fills an empty database; gives somebody of the team to look at it as."""
    draw = random.Random(12)
    with database.write() as db:
        team_id, owner = make_team(
            db, name="Harbour", zone=ZONE, retention_days=400, now_ms=now_ms
        )
        db.execute(update(team).where(team.c.id == team_id).values(consumption=True))
        invite = make_code(db, team_id, uses=len(PEOPLE), now_ms=now_ms)
        speakers: list[Speaker] = []
        for number, (name, appearance, thrift) in enumerate(PEOPLE):
            code = invite if number else owner
            who = _member(db, team_id, code, name, appearance, now_ms)
            speakers.append(who)
            today = day_label(now_ms, zone_named(ZONE))
            first = days_before(today, DAYS)
            db.execute(update(member).where(member.c.id == who.member).values(first_day=first))
            for back in range(DAYS, -1, -1):
                day = days_before(today, back)
                if draw.random() < 0.72:
                    document = _document(draw, who, day, thrift, closed=back > 0)
                    take(db, who, read(encode(document)), day=day, now_ms=now_ms)
    return speakers[0]


def _member(
    db: Connection, team_id: str, code: str, name: str, appearance: Appearance, now_ms: int
) -> Speaker:
    asked = Enrol(
        code=code, public_key=public_key(new_key()), appearance=appearance, name=name,
        schema=schema_hash(),
    )
    made = enrol(db, asked, now_ms)
    return Speaker(team_id, made.member, made.device, made.role, ZONE)


def _document(
    draw: random.Random, who: Speaker, day: str, thrift: float, *, closed: bool
) -> Document:
    rows = tuple(
        _row(draw, agent, model, day, thrift)
        for agent, model in _MODELS
        if public_book().canonical(model) == model and draw.random() < 0.7
    )
    cost = sum(row.cost_nusd or 0 for row in rows)
    sizes: list[Size] = [
        size for size, share in zip(SIZES, _SHARES, strict=True) if rows and draw.random() < share
    ]
    landed = tuple(
        Landed(size=size, changes=1, cost_nusd=int(cost * draw.uniform(0.1, 0.3)))
        for size in sizes
    )
    return Document(
        v=1, team=who.team, device=who.device, day=day, rev=1, closed=closed,
        client=Client(version="demo"), rows=rows,
        outcomes=Outcomes(landed=landed, reverted=int(draw.random() < 0.03)),
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
