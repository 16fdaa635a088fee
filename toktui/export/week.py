"""The review of a week as the document of `toktui week --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import HOUR_MS, iso
from toktui.metrics.change import CAUSES, METHOD
from toktui.metrics.change_words import sentence
from toktui.metrics.report import Fees, TokenSums
from toktui.model import EXACTNESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toktui.metrics.change_facts import Reason
    from toktui.metrics.history import Bar, Review
    from toktui.metrics.outcomes import Summary
    from toktui.metrics.range_sums import Place
    from toktui.metrics.sums import Sums
    from toktui.metrics.top_sessions import TopSession
    from toktui.metrics.waste import Waste

MOST: Final = 10
"""Rows of each list in the document."""


class WeekTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of calls, as in `toktui.report/1`."""

    calls: int
    tokens: TokenSums
    fees: Fees
    cost_nusd: int | None
    cost_usd: float | None
    saved_nusd: int
    cache_hit_rate: float | None
    exactness: Mapping[str, int]
    estimated_calls: int
    unpriced_calls: int


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent or model cost."""

    name: str
    calls: int
    cost_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the week in the zone; `hours` is 23 or 25 where clocks change."""

    day: str
    hours: float
    totals: WeekTotals
    agents: tuple[Amount, ...]
    models: tuple[Amount, ...]


class LastWeek(msgspec.Struct, frozen=True, kw_only=True):
    """The week before, up to the same moment if this one still runs."""

    week: str
    until: str
    totals: WeekTotals


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """Medians of the last `weeks` weeks, up to the same moment."""

    weeks: int
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None


class ChangePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the difference; `before` and `after` are the figure that is behind it."""

    cause: str
    nusd: int
    usd: float
    before: float | None
    after: float | None
    gained: str | None
    lost: str | None
    text: str | None


class WhyChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The parts add up to `difference_nusd`, to the nano-dollar."""

    method: str
    groups: tuple[str, ...]
    before_nusd: int
    after_nusd: int
    difference_nusd: int
    parts: tuple[ChangePart, ...]


class TopPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A project, branch, model or agent; `project` is that of a branch."""

    name: str | None
    project: str | None
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    cache_hit_rate: float | None
    unpriced_calls: int


class TopSessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session: what of it lies in the week."""

    id: str
    agent: str
    project: str | None
    model: str
    calls: int
    tokens: int
    cost_nusd: int | None
    cost_usd: float | None
    unpriced_calls: int


class Top(msgspec.Struct, frozen=True, kw_only=True):
    """The dearest first."""

    sessions: tuple[TopSessionRow, ...]
    projects: tuple[TopPlace, ...]
    branches: tuple[TopPlace, ...]
    models: tuple[TopPlace, ...]
    agents: tuple[TopPlace, ...]


class ColdTurns(msgspec.Struct, frozen=True, kw_only=True):
    """Turns that sent a context anew instead of reading it from the cache, and what that cost
    more. It is inside of the week's cost."""

    turns: int
    tokens: int
    extra_nusd: int
    extra_usd: float
    unpriced: int
    by: Mapping[str, Mapping[str, int]]


class WeekWaste(msgspec.Struct, frozen=True):
    """What could have been avoided."""

    cold_turns: ColdTurns


class WeekBought(msgspec.Struct, frozen=True, kw_only=True):
    """Landed changes; `linked` are those that sessions made, and each of these costs all spend of
    the sessions that ended in the week over their number. Null where no repository was read in
    which one of these sessions worked."""

    changes: int | None
    linked: int | None
    reverted: int | None
    spent_nusd: int | None
    unlinked_nusd: int | None
    per_change_nusd: int | None
    unread_folders: int
    """With a repository that could not be read: more may have landed."""


class WeekDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.week/1`."""

    schema: Literal["toktui.week/1"] = "toktui.week/1"
    generated_at: str
    timezone: str
    week: str
    since: str
    until: str
    running: bool
    totals: WeekTotals
    days: tuple[Day, ...]
    last_week: LastWeek | None
    usual: Usual | None
    change: WhyChanged | None
    top: Top
    waste: WeekWaste
    bought: WeekBought | None


def as_document(
    review: Review, waste: Waste, bought: Summary | None, *, zone: str
) -> WeekDocument:
    """The review of a week with what it lost and bought. Without a week before: no change."""
    usual = review.usual
    return WeekDocument(
        generated_at=iso(review.now_ms - review.now_ms % 1000),
        timezone=zone,
        week=review.span.label,
        since=review.span.first.isoformat(),
        until=review.span.last.isoformat(),
        running=review.running,
        totals=_totals(review.sums),
        days=tuple(map(_day, review.bars)),
        last_week=LastWeek(
            week=review.before.label,
            until=iso(review.before_within.end_ms),
            totals=_totals(review.before_sums),
        ) if review.has_before else None,
        usual=usual and Usual(
            weeks=usual.count, calls=usual.calls, tokens=usual.tokens, cost_nusd=usual.nusd,
            cost_usd=_usd(usual.nusd), cache_hit_rate=_round(usual.cache_hit_rate),
        ),
        change=_change(review) if review.has_before else None,
        top=Top(
            sessions=tuple(map(_session, review.sessions[:MOST])),
            projects=tuple(map(_place, review.projects[:MOST])),
            branches=tuple(map(_place, review.branches[:MOST])),
            models=tuple(map(_place, review.models[:MOST])),
            agents=tuple(map(_place, review.agents[:MOST])),
        ),
        waste=WeekWaste(_cold(waste)),
        bought=bought and _bought(bought),
    )  # fmt: skip


def _bought(bought: Summary) -> WeekBought:
    known = bought.known
    return WeekBought(
        changes=bought.changes if known else None,
        linked=bought.linked_changes if known else None,
        reverted=bought.reverted if known else None,
        spent_nusd=bought.spent.nusd,
        unlinked_nusd=bought.unlinked.nusd if known else None,
        per_change_nusd=bought.per_change_nusd,
        unread_folders=bought.places.unread,
    )


def _totals(sums: Sums) -> WeekTotals:
    return WeekTotals(
        calls=sums.calls,
        tokens=TokenSums(*sums.buckets, sums.tokens, sums.reasoning),
        fees=Fees(sums.web_search),
        cost_nusd=sums.cost_nusd,
        cost_usd=_usd(sums.cost_nusd),
        saved_nusd=sums.saved_nusd,
        cache_hit_rate=_round(sums.cache_hit_rate),
        exactness={word: getattr(sums, word) for word in EXACTNESS},
        estimated_calls=sums.estimated,
        unpriced_calls=sums.unpriced,
    )


def _usd(nusd: int | None) -> float | None:
    return None if nusd is None else nusd / 1e9


def _round(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _day(bar: Bar) -> Day:
    start, end = bar.piece.within
    return Day(
        day=bar.piece.first.isoformat(),
        hours=(end - start) / HOUR_MS,
        totals=_totals(bar.sums),
        agents=_amounts(bar.agents),
        models=_amounts(bar.models),
    )


def _amounts(parts: Mapping[str, Sums]) -> tuple[Amount, ...]:
    return tuple(
        Amount(
            name=name, calls=sums.calls, cost_nusd=sums.cost_nusd, cost_usd=_usd(sums.cost_nusd),
            unpriced_calls=sums.unpriced,
        )
        for name, sums in parts.items()
    )  # fmt: skip


def _change(review: Review) -> WhyChanged:
    reasons: dict[str, Reason] = {reason.cause: reason for reason in review.reasons}
    return WhyChanged(
        method=METHOD,
        groups=("model", "tier"),
        before_nusd=review.change.before_nusd,
        after_nusd=review.change.after_nusd,
        difference_nusd=review.change.difference,
        parts=tuple(
            _part(cause, review.change.of(cause), reasons.get(cause)) for cause in CAUSES
        ),
    )


def _part(cause: str, nusd: int, reason: Reason | None) -> ChangePart:
    gained, lost = (reason.gained, reason.lost) if reason else (None, None)
    return ChangePart(
        cause=cause,
        nusd=nusd,
        usd=nusd / 1e9,
        before=reason and reason.before,
        after=reason and reason.after,
        gained=gained and gained[0],
        lost=lost and lost[0],
        text=reason and sentence(reason),
    )


def _place(place: Place) -> TopPlace:
    sums = place.sums
    return TopPlace(
        name=place.name or None,
        project=place.about or None,
        calls=sums.calls,
        tokens=sums.tokens,
        cost_nusd=sums.cost_nusd,
        cost_usd=_usd(sums.cost_nusd),
        cache_hit_rate=_round(sums.cache_hit_rate),
        unpriced_calls=sums.unpriced,
    )


def _session(found: TopSession) -> TopSessionRow:
    row, sums = found.row, found.sums
    return TopSessionRow(
        id=row.id,
        agent=row.agent,
        project=row.project or None,
        model=row.model,
        calls=sums.calls,
        tokens=sums.tokens,
        cost_nusd=sums.cost_nusd,
        cost_usd=_usd(sums.cost_nusd),
        unpriced_calls=sums.unpriced,
    )


def _cold(waste: Waste) -> ColdTurns:
    return ColdTurns(
        turns=waste.turns,
        tokens=waste.tokens,
        extra_nusd=waste.nusd,
        extra_usd=waste.nusd / 1e9,
        unpriced=waste.unpriced,
        by={
            "expired": {"turns": waste.expired, "extra_nusd": waste.expired_nusd},
            "model": {"turns": waste.model, "extra_nusd": waste.model_nusd},
            "lost": {"turns": waste.lost, "extra_nusd": waste.lost_nusd},
        },
    )
