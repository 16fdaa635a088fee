"""The main board: what a change cost each member against what the team usually pays for it.

C is all that a member spent in the window at the server's prices, linked to a change or not; tokens
without a price are taken to cost what the member's others do. U is the worth of the changes that
landed, each by its size. What the team usually pays for a unit is the median of C / U over the
members with enough changes. The index is

    (C + 5 usual) / (U usual + 5 usual)

so that 1.0 is as usual, less is cheaper, and few changes say little. Beside it, what a unit costs
now against the member's own best 28 days of the twelve weeks before:

    (now / best) ^ (n / (n + 8))

for n landed changes, so that few of them say little here, too.

Listed are the members who chose a name or a pseudonym, at any team size. Hidden members are part of
sums and medians only when at least five of them are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from toktui.clock import day_label
from toktui.server.enough import LEAST_CHANGES, changes_of, spent_of, tokens_of, too_little
from toktui.server.tables import LINKED, member, team
from toktui.server.windows import WINDOW_WEEKS, load_flagged, load_weeks
from toktui.server.worth import WORTH, counting, units_of
from toktui.server.zones import days_before, zone_named
from toktui.team.wire.document import Size
from toktui.team.wire.messages import Appearance

if TYPE_CHECKING:
    from toktui.server.people import Speaker

WINDOW_DAYS: Final = 7 * WINDOW_WEEKS
LEAST_MEMBERS: Final = 3
LEAST_HIDDEN: Final = 5
"""Hidden members that an aggregate needs before it holds any of them."""
PRIOR: Final = 5
"""Usual units that are added on both sides of the index."""
GOOD_HIT_RATE: Final = 0.85
GOOD_SHARE: Final = 0.6
LIVE_DAYS: Final = 14
"""Days of the window that came within two days of their end, from which a member is live."""
MOST_TREND: Final = 3.0

Missing = Literal[
    "", "outcomes not shared", "too few changes", "too few days", "too many reverted",
    "too much without a price", "too few members", "a day was deleted",
]  # fmt: skip
Level = Literal["self-reported", "checked", "live"]
"""How far numbers can be trusted. Checked: no day of the window is flagged, and the server has
priced all. Live: at least 14 of its days came within two days of their end, from devices whose keys
are known, so that they were not made up afterwards. None proves that they are true."""


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
    changes: Mapping[Size, int]
    """Landed changes by size; of a day that is flagged none count."""
    cost_nusd: int | None
    """All that was spent; None if nothing has a price."""
    cost_per_unit_nusd: int | None
    trend: float | None
    """What a unit costs now as a multiple of the own best; None until both are known."""
    linked_share: float | None
    """Landed share: cost of the sessions linked to landed changes, as a share of all cost. A lower
    bound while `linked_unpriced` is more than 0; None where none of their costs is known."""
    linked_unpriced: int
    """Landed changes whose cost is not known, or only in part."""
    lacks_unpriced: bool
    unpriced_share: float | None
    """Tokens without a price, as a share of all; None without tokens."""
    unread_days: int
    """Days on which not every log could be read: tokens and cost are this much at least."""
    holds_estimates: bool
    tokens: int
    cache_hit_rate: float | None
    active_days: int
    """Days with calls."""
    level: Level | None
    """Of others only whether they are live: what is flagged concerns its member alone."""
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
    return load_board_and_ids(db, who, now_ms)[0]


def load_board_and_ids(
    db: Connection, who: Speaker, now_ms: int
) -> tuple[Board, tuple[str, ...]]:
    """The board, and the ids of its members in the order of its standings, which leave no page."""
    info = db.execute(select(team).where(team.c.id == who.team)).one()
    until = days_before(day_label(now_ms, zone_named(info.zone)), 1)
    since = days_before(until, WINDOW_DAYS - 1)
    people = _people(db, who.team, since, until)
    listed = [one for one in people if one.appearance != "hidden"]
    hidden = [one for one in people if one.appearance == "hidden"]
    usual, counted = _usual(listed, hidden)
    placed = _placed([(one.id, _standing(one, usual, who.member)) for one in listed])
    standings = tuple(one for _, one in placed)
    you = next((one for one in standings if one.is_you), None)
    if you is None:
        mine = next((one for one in hidden if one.id == who.member), None)
        you = None if mine is None else _standing(mine, usual, who.member)
    board = Board(
        team=info.name, zone=info.zone, since=since, until=until,
        usual_nusd=None if usual is None else round(usual), members=len(listed),
        hidden=len(hidden) if len(hidden) >= LEAST_HIDDEN else None, counted=counted,
        worth=WORTH, standings=standings, you=you,
    )  # fmt: skip
    return board, tuple(one for one, _ in placed)


class _Member(NamedTuple):
    """Somebody of the team with the sums of the window."""

    id: str
    name: str
    appearance: Appearance
    rules: Collection[str]
    """That a day of the window breaks."""
    sums: Mapping[str, int]
    best: float | None
    """What a unit cost at best before the window."""


def _people(db: Connection, team_id: str, since: str, until: str) -> list[_Member]:
    weeks = load_weeks(db, team_id, until)
    flagged = load_flagged(db, team_id, since, until)
    found = db.execute(
        select(member.c.id, member.c.name, member.c.appearance).where(member.c.team == team_id)
    )
    return [
        _Member(row.id, row.name, row.appearance, flagged.get(row.id, ()), weeks[row.id].window,
                weeks[row.id].best)
        for row in found
    ]  # fmt: skip


def _usual(listed: Sequence[_Member], hidden: Sequence[_Member]) -> tuple[float | None, int]:
    """What the team usually pays for a unit, and over how many members that is.

    With hidden ones in it, it has two digits, so that the difference between two days tells little
    of one of them.
    """
    counted = [one for one in listed if not why_not(one)]
    unseen = [one for one in hidden if not why_not(one)]
    if len(unseen) < LEAST_HIDDEN:
        unseen = []
    costs = [spent_of(one.sums) / units_of(one.sums) for one in (*counted, *unseen)]
    if len(costs) < LEAST_MEMBERS:
        return None, len(costs)
    usual = median(costs)
    return (float(f"{usual:.2g}") if unseen else usual), len(costs)


def why_not(one: _Member) -> Missing:
    """Why a member's own numbers do not make an index yet; empty if they do."""
    if not one.sums["shares"]:
        return "outcomes not shared"
    if "deleted" in one.rules:
        return "a day was deleted"
    return too_little(one.sums)


def index_of(cost_nusd: float, units: float, usual: float) -> float:
    """The cost index; 1.0 is what the team usually pays."""
    if usual <= 0:
        return 1.0
    return (cost_nusd + PRIOR * usual) / (units * usual + PRIOR * usual)


def trend_of(now: float, best: float, changes: int) -> float:
    """What a unit costs against the own best, drawn towards 1 the fewer changes landed."""
    ratio = min(MOST_TREND, max(1 / MOST_TREND, now / best))
    return ratio ** (changes / (changes + LEAST_CHANGES))


def _standing(one: _Member, usual: float | None, me: str) -> Standing:
    sums, own = one.sums, why_not(one)
    units, cost = units_of(sums), _cost(sums)
    tokens, changes = tokens_of(sums), changes_of(sums)
    prompt = tokens - sums["output"]
    hit = sums["cache_read"] / prompt if prompt else None
    share = _linked_share(sums, cost) if sums["shares"] else None
    index = trend = None
    if not own and usual is not None:
        index = round(index_of(spent_of(sums), units, usual), 4)
    if not own and one.best:
        trend = trend_of(spent_of(sums) / units, one.best, counting(changes))
    level, is_you = _level(one), one.id == me
    return Standing(
        name=one.name or "you", appearance=one.appearance, is_you=is_you, place=None, index=index,
        missing=own or ("too few members" if usual is None else ""),
        changes=changes, cost_nusd=cost,
        cost_per_unit_nusd=round(cost / units) if cost is not None and units else None,
        trend=None if trend is None else round(trend, 4),
        linked_share=None if share is None else round(share, 4),
        linked_unpriced=sums["linked_unpriced"], lacks_unpriced=sums["unpriced_calls"] > 0,
        unpriced_share=round(sums["unpriced_tokens"] / tokens, 4) if tokens else None,
        unread_days=sums["partly_unread"], holds_estimates=sums["estimated_calls"] > 0,
        tokens=tokens, cache_hit_rate=None if hit is None else round(hit, 4),
        active_days=sums["days"], level=level if is_you or level == "live" else None,
        badges=() if index is None or level == "self-reported"
        else _badges(index, hit, share, trend),
    )  # fmt: skip


def _linked_share(sums: Mapping[str, int], cost: int | None) -> float | None:
    linked = sum(sums[name] for name in LINKED)
    if not cost or (sums["linked_unpriced"] and not linked):
        return None
    return min(1.0, linked / cost)


def _level(one: _Member) -> Level:
    if one.rules or not one.sums["days"]:
        return "self-reported"
    return "live" if one.sums["live"] >= LIVE_DAYS else "checked"


def _badges(
    index: float, hit: float | None, share: float | None, trend: float | None
) -> tuple[str, ...]:
    """Thresholds, beyond which there is nothing to win; for those who have an index."""
    earned = {
        "healthy cache": index <= 1 and hit is not None and hit >= GOOD_HIT_RATE,
        "mostly landed": share is not None and share >= GOOD_SHARE,
        "own best": trend is not None and trend <= 1,
    }
    return tuple(name for name, is_earned in earned.items() if is_earned)


def _cost(one: Mapping[str, int]) -> int | None:
    """None where no call has a price."""
    return one["cost_nusd"] if one["calls"] > one["unpriced_calls"] else None


def _placed(standings: Sequence[tuple[str, Standing]]) -> list[tuple[str, Standing]]:
    """In order, equal ones on the same place; those without an index by name behind them. Each
    stands with its member's id."""
    ranked = sorted(standings, key=lambda one: (
        one[1].index is None, one[1].index or 0.0, one[1].name.lower(), one[0]
    ))  # fmt: skip
    placed: list[tuple[str, Standing]] = []
    for number, (member_id, one) in enumerate(ranked, 1):
        place = None
        if one.index is not None:
            before = placed[-1][1] if placed else None
            same = before is not None and before.index == one.index
            place = before.place if before is not None and same else number
        placed.append((member_id, msgspec.structs.replace(one, place=place)))
    return placed
