"""The boards: what a change cost each member against what the team usually pays, and consumption.

Index. C is all that a member spent in the window at the server's prices, linked to a change or not.
U is the worth of the changes that landed, each by its size. What the team usually pays for a unit
is the median of C / U over the members with enough changes. The index is

    (C + 5 usual) / (U usual + 5 usual)

so that 1.0 is as usual, less is cheaper, and few changes say little.

Listed are the members who chose a name or a pseudonym, at any team size. Hidden members are part of
sums and medians only when at least five of them are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from sqlalchemy import BigInteger, Connection, Integer, cast, func, select

from toktui.clock import day_label
from toktui.server.tables import LANDED, LINKED, flag, member, member_day, team
from toktui.server.zones import days_before, zone_named
from toktui.team.wire.document import SIZES
from toktui.team.wire.messages import Appearance

if TYPE_CHECKING:
    from toktui.server.people import Speaker

WINDOW_DAYS: Final = 28
LEAST_CHANGES: Final = 8
LEAST_DAYS: Final = 6
LEAST_MEMBERS: Final = 3
MOST_REVERTED: Final = 0.2
MOST_UNPRICED: Final = 0.1
LEAST_HIDDEN: Final = 5
"""Hidden members that an aggregate needs before it holds any of them."""
PRIOR: Final = 5
"""Usual units that are added on both sides of the index."""
WORTH: Final[Mapping[str, float]] = {"XS": 0.25, "S": 1, "M": 4, "L": 16, "XL": 64}
"""Units of a change by its size: four of the size below, as its lines are, so that a change that is
split into four is worth what it was."""
GOOD_HIT_RATE: Final = 0.85
_NEEDED: Final = (
    "calls", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output",
    "estimated_calls", "unpriced_calls", "unpriced_tokens", "cost_nusd", *LANDED, *LINKED,
    "reverted",
)  # fmt: skip

Missing = Literal[
    "", "outcomes not shared", "too few changes", "too few days", "too many reverted",
    "too much without a price", "too few members", "flagged",
]  # fmt: skip


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One listed member, or the one who asks."""

    name: str
    appearance: Appearance
    is_you: bool
    place: int | None
    """From 1; None until there is an index."""
    index: float | None
    missing: Missing
    """Why there is no index yet."""
    changes: Mapping[str, int]
    """Landed changes by size."""
    cost_nusd: int | None
    """All that was spent; None if nothing has a price."""
    cost_per_unit_nusd: int | None
    linked_share: float | None
    """Cost of the sessions linked to landed changes, as a share of all cost."""
    lacks_unpriced: bool
    holds_estimates: bool
    tokens: int
    cache_hit_rate: float | None
    active_days: int
    badges: tuple[str, ...]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A board as JSON and as page; `schema` names its shape."""

    schema: str = "toktui.board/1"
    team: str
    zone: str
    since: str
    until: str
    """Both days are in the window, and over."""
    usual_nusd: int | None
    """What the team usually pays for one unit, which is a change of size S."""
    members: int
    """That are listed."""
    hidden: int | None
    """That are not; None if fewer than five."""
    counted: int
    """Members whose numbers are part of `usual_nusd`."""
    worth: Mapping[str, float]
    standings: tuple[Standing, ...]
    """By place, then by name."""
    you: Standing | None
    """The member who asks, listed or not."""


def load_board(db: Connection, who: Speaker, now_ms: int) -> Board:
    """The main board as `who` sees it: 28 closed days."""
    info = db.execute(select(team).where(team.c.id == who.team)).one()
    until = days_before(day_label(now_ms, zone_named(info.zone)), 1)
    since = days_before(until, WINDOW_DAYS - 1)
    people = _people(db, who.team, since, until)
    listed = [one for one in people if one["appearance"] != "hidden"]
    hidden = [one for one in people if one["appearance"] == "hidden"]
    counted = [one for one in listed if not why_not(one)]
    unseen = [one for one in hidden if not why_not(one)]
    if len(unseen) >= LEAST_HIDDEN:
        counted += unseen
    usual = None
    if len(counted) >= LEAST_MEMBERS:
        usual = median(one["cost_nusd"] / units_of(one) for one in counted)
    standings = _placed([_standing(one, usual, who.member) for one in listed])
    you = next((one for one in standings if one.is_you), None)
    if you is None:
        mine = next((one for one in hidden if one["id"] == who.member), None)
        you = None if mine is None else _standing(mine, usual, who.member)
    return Board(
        team=info.name, zone=info.zone, since=since, until=until,
        usual_nusd=None if usual is None else round(usual), members=len(listed),
        hidden=len(hidden) if len(hidden) >= LEAST_HIDDEN else None, counted=len(counted),
        worth=WORTH, standings=standings, you=you,
    )  # fmt: skip


def _people(db: Connection, team_id: str, since: str, until: str) -> list[dict[str, Any]]:
    """Members with their sums; flagged days count nothing towards a place, and cost all the same.
    """
    days = member_day.c
    found = db.execute(
        select(
            member.c.id, member.c.name, member.c.appearance, func.count(days.day).label("days"),
            func.coalesce(func.max(cast(days.shares_outcomes, Integer)), 0).label("shares"),
            # Cast, since PostgreSQL adds whole numbers up to a decimal one.
            *(cast(func.coalesce(func.sum(days[name]), 0), BigInteger).label(name)
              for name in _NEEDED),
        )
        .select_from(member.outerjoin(
            member_day,
            (days.member == member.c.id) & (days.day >= since) & (days.day <= until),
        ))
        .where(member.c.team == team_id)
        .group_by(member.c.id, member.c.name, member.c.appearance)
    )  # fmt: skip
    flagged = set(db.execute(
        select(flag.c.member).where(
            flag.c.team == team_id, flag.c.day >= since, flag.c.day <= until,
            # The server prices everything itself, so a wrong price of the client's harms nobody.
            flag.c.rule != "price",
        )
    ).scalars())  # fmt: skip
    names = tuple(found.keys())
    people: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in found]
    for one in people:
        one["flagged"] = one["id"] in flagged
    return people


def units_of(one: Mapping[str, Any]) -> float:
    """Worth of the changes that landed."""
    return sum(
        one[name] * WORTH[size] for name, size in zip(LANDED, SIZES, strict=True)
    )


def why_not(one: Mapping[str, Any]) -> Missing:
    """Why a member's own numbers do not make an index yet; empty if they do."""
    changes = sum(one[name] for name in LANDED)
    if not one["shares"]:
        return "outcomes not shared"
    if one["flagged"]:
        return "flagged"
    if changes < LEAST_CHANGES:
        return "too few changes"
    if one["days"] < LEAST_DAYS:
        return "too few days"
    if one["reverted"] > MOST_REVERTED * changes:
        return "too many reverted"
    if one["unpriced_tokens"] > MOST_UNPRICED * _tokens(one):
        return "too much without a price"
    return ""


def index_of(cost_nusd: int, units: float, usual: float) -> float:
    """The cost index; 1.0 is what the team usually pays."""
    if usual <= 0:
        return 1.0
    return (cost_nusd + PRIOR * usual) / (units * usual + PRIOR * usual)


def _standing(one: Mapping[str, Any], usual: float | None, me: str) -> Standing:
    missing = why_not(one) or ("too few members" if usual is None else "")
    units = units_of(one)
    prompt = one["input"] + one["cache_read"] + one["cache_write_5m"] + one["cache_write_1h"]
    hit = one["cache_read"] / prompt if prompt else None
    has_price = one["calls"] > one["unpriced_calls"]
    cost = one["cost_nusd"] if has_price else None
    linked = sum(one[name] for name in LINKED)
    index = None
    if not missing and usual is not None:
        index = round(index_of(one["cost_nusd"], units, usual), 4)
    share = min(1.0, linked / cost) if cost and one["shares"] else None
    return Standing(
        name=one["name"] or "you", appearance=one["appearance"], is_you=one["id"] == me,
        place=None, index=index, missing=missing,
        changes={size: one[name] for name, size in zip(LANDED, SIZES, strict=True)},
        cost_nusd=cost,
        cost_per_unit_nusd=round(cost / units) if cost is not None and units else None,
        linked_share=None if share is None else round(share, 4),
        lacks_unpriced=one["unpriced_calls"] > 0, holds_estimates=one["estimated_calls"] > 0,
        tokens=_tokens(one), cache_hit_rate=None if hit is None else round(hit, 4),
        active_days=one["days"], badges=_badges(index, hit, share),
    )  # fmt: skip


def _badges(index: float | None, hit: float | None, share: float | None) -> tuple[str, ...]:
    """Thresholds, beyond which there is nothing to win."""
    found: list[str] = []
    if index is not None and index <= 1 and hit is not None and hit >= GOOD_HIT_RATE:
        found.append("healthy cache")
    if share is not None and share >= 0.6:
        found.append("mostly landed")
    return tuple(found)


def _tokens(one: Mapping[str, Any]) -> int:
    return (
        one["input"] + one["cache_read"] + one["cache_write_5m"] + one["cache_write_1h"]
        + one["output"]
    )  # fmt: skip


def _placed(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """In order, equal ones on the same place; those without an index by name behind them."""
    ranked = sorted(
        standings, key=lambda one: (one.index is None, one.index or 0.0, one.name.lower())
    )
    placed: list[Standing] = []
    for number, one in enumerate(ranked, 1):
        place = None
        if one.index is not None:
            same = placed and placed[-1].index == one.index
            place = placed[-1].place if same else number
        placed.append(msgspec.structs.replace(one, place=place))
    return tuple(placed)
