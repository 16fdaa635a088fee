"""The evidence for a call or session, filled into the document of `toktui why --json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from toktui.clock import iso
from toktui.export.why_document import (
    Call,
    Method,
    Multiplier,
    Part,
    ProbableCall,
    Rates,
    Search,
    Sighting,
    Spread,
    WhyDocument,
    WhyTotals,
)
from toktui.metrics.why import total_nusd
from toktui.store.absurd import MOST

if TYPE_CHECKING:
    from toktui.metrics.searches import SearchSeen
    from toktui.metrics.why import CallSeen, SightingSeen, Why
    from toktui.metrics.why_estimate import EstimateSeen
    from toktui.metrics.why_price import Priced
    from toktui.model import Tokens
    from toktui.pricing.derive import Derivation


def as_document(why: Why) -> WhyDocument:
    """All of it."""
    cost = total_nusd(why.calls)
    return WhyDocument(
        kind=why.target.kind,
        id=why.target.id,
        agent=why.target.agent,
        calls=tuple(map(_call, why.calls)),
        totals=WhyTotals(
            len(why.calls),
            min(sum(call.tokens.total for call in why.calls), MOST),
            cost,
            _usd(cost),
            sum(call.cost_nusd is None for call in why.calls),
        ),
    )


def _call(call: CallSeen) -> Call:
    return Call(
        id=call.id,
        agent=call.agent,
        session=call.session,
        agent_id=call.agent_id or None,
        at=iso(call.at_ms),
        project=call.project or None,
        branch=call.branch or None,
        version=call.version or None,
        model=call.model,
        priced_as=call.priced_as if call.cost_nusd is not None else None,
        tier=call.tier,
        geo=call.geo or None,
        exactness=call.exactness,
        flags=call.flags,
        tokens=_counts(call.tokens),
        fees={"web_search": call.web_search},
        cost_nusd=call.cost_nusd,
        cost_usd=_usd(call.cost_nusd),
        reported_nusd=call.reported_nusd,
        rate_id=call.rate_id or None,
        rates=None if call.derivation is None else _rates(call.derivation),
        parts=tuple(map(_part, call.parts)),
        note=call.note or None,
        sightings=tuple(map(_sighting, call.sightings)),
        searches=tuple(map(_search, call.searches)),
        copies=call.copies,
        probable=UNSET if call.estimate is None else _probable(call.estimate),
        estimated=UNSET if call.spread is None else Spread(low=call.spread[0], high=call.spread[1]),
    )


def _probable(found: EstimateSeen) -> ProbableCall:
    w, by = found.weight, found.by
    return ProbableCall(
        output=found.output,
        low=found.low,
        high=found.high,
        estimated=found.estimated,
        cost_nusd=found.cost_nusd,
        cost_low_nusd=found.cost_low_nusd,
        cost_high_nusd=found.cost_high_nusd,
        cost_usd=_usd(found.cost_nusd),
        method=Method(
            source=by.source, model=by.model, calls=by.calls, tokens=w.tokens, ratio=by.ratio,
            tools=w.tools, arguments=w.arguments, frames=w.frames, thinking=w.thinking,
            sealed=w.sealed, sealed_ratio=by.sealed,
        ),
    )  # fmt: skip


def _usd(nusd: int | None) -> float | None:
    return None if nusd is None else nusd / 1e9


def _counts(tokens: Tokens) -> dict[str, int]:
    return {**msgspec.structs.asdict(tokens), "total": tokens.total}


def _part(part: Priced) -> Part:
    return Part(
        part=part.part, count=part.count, rate_nusd=part.rate, per=part.per, rate_of=part.rate_of,
        cost_nusd=part.nusd,
    )


def _rates(found: Derivation) -> Rates:
    return Rates(
        book=found.book_version,
        source=found.source_id,
        source_date=found.source_date.isoformat(),
        provider=found.provider,
        tier=found.tier,
        valid_from=None if found.valid_from is None else found.valid_from.isoformat(),
        before_first_date=found.before_first_date,
        prompt_tokens=found.prompt,
        band_above=found.above,
        band_up_to=found.up_to,
        multipliers=tuple(
            Multiplier(
                name=m.name, numerator=m.numerator, denominator=m.denominator,
                in_rates=m.in_rates, source=m.source,
            )
            for m in found.multipliers
        ),
    )


def _sighting(seen: SightingSeen) -> Sighting:
    return Sighting(
        counted=seen.counted,
        reason=seen.reason or None,
        gives_numbers=seen.gives_numbers,
        kind=seen.kind,
        log=seen.log,
        offset=seen.offset,
        byte=seen.quote.at,
        row=seen.quote.row or None,
        length=seen.length,
        session=seen.session,
        agent_id=seen.agent_id or None,
        state=seen.quote.state,
        excerpt=seen.quote.excerpt() if seen.quote.state == "read" else None,
        stored=_counts(seen.stored),
    )


def _search(seen: SearchSeen) -> Search:
    return Search(
        count=seen.count,
        log=seen.log,
        offset=seen.offset,
        length=seen.length,
        state=seen.quote.state,
        excerpt=seen.quote.excerpt() if seen.quote.state == "read" else None,
    )
