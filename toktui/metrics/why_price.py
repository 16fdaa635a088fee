"""Why a call costs what it does: the rates that applied and the multiplication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import BUCKETS, FLAG_SUM, PARTS, TIERS
from toktui.pricing.derive import Derivation, derive, derive_stored, why_unpriced

if TYPE_CHECKING:
    from toktui.metrics.why_rows import StoredCall
    from toktui.pricing.rates import RateBook

_OTHER_RATES: Final = (
    "Priced with other rates than the book has today; see `toktui reprice --dry-run`."
)


class Priced(msgspec.Struct, frozen=True):
    """A part of the stored cost; no `rate` and `per` where no known rate row gives it."""

    part: str
    count: int
    rate: int | None
    """Tokens: nano-dollars for `per` tokens. Fees: nano-dollars for one."""
    per: int | None
    nusd: int
    rate_of: str


def load_price(
    book: RateBook, call: StoredCall
) -> tuple[Derivation | None, tuple[Priced, ...], str]:
    """The derivation with the stored parts, or the parts alone and why."""
    tier, geo = TIERS[call.tier], call.geo or None
    summed = bool(call.flags & FLAG_SUM)
    if call.cost_nusd is None:
        missing = why_unpriced(
            book,
            model=call.model,
            at_ms=call.at_ms,
            tier=tier,
            geo=geo,
            web_search=call.web_search,
        )
        return None, (), missing
    today = derive(
        book,
        model=call.model,
        at_ms=call.at_ms,
        tier=tier,
        geo=geo,
        tokens=call.tokens,
        web_search=call.web_search,
        summed=summed,
    )
    stored = None
    if today is None or today.cost.rate_id != call.rate_id or not _gives(today, call):
        stored = derive_stored(
            book,
            call.rate_row,
            at_ms=call.at_ms,
            geo=geo,
            tokens=call.tokens,
            web_search=call.web_search,
            summed=summed,
        )
    note = "" if _gives(today, call) else _OTHER_RATES
    for found in (stored, today):
        if found is not None and _gives(found, call):
            return found, _priced(found), note
    counts = (*(getattr(call, bucket) for bucket in BUCKETS), call.web_search)
    parts = tuple(
        Priced(part, count, None, None, nusd, part)
        for part, count, nusd in zip(PARTS, counts, call.part_nusd, strict=True)
        if count or nusd
    )
    return None, parts, note


def _gives(found: Derivation | None, call: StoredCall) -> bool:
    return found is not None and tuple(found.cost.parts) == call.part_nusd


def _priced(found: Derivation) -> tuple[Priced, ...]:
    return tuple(
        Priced(line.part, line.count, line.rate, line.per, line.nusd, line.rate_of)
        for line in found.lines
    )
