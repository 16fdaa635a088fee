"""The review of a week, filled into the document of `toktui week --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.clock import HOUR_MS, iso
from toktui.export.week_document import (
    Amount,
    ChangePart,
    ColdTurns,
    Day,
    LastWeek,
    Top,
    TopPlace,
    TopSessionRow,
    Usual,
    WeekBought,
    WeekDocument,
    WeekTotals,
    WeekWaste,
    WhyChanged,
)
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


def as_document(
    review: Review, waste: Waste | None, bought: Summary | None, *, zone: str
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
        waste=WeekWaste(waste and _cold(waste)),
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
