"""The same calls of the same model, served otherwise: what follows from their cost alone."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from toktui.metrics.alternative import Kind, WhatIf
from toktui.pricing.multiples import multiple_of
from toktui.pricing.rows import of_tier

if TYPE_CHECKING:
    from toktui.metrics.sums import Sums
    from toktui.model import Tier
    from toktui.pricing.rates import Entry


def served_otherwise(entry: Entry, tier: Tier, sums: Sums) -> list[WhatIf]:
    """The same model: what follows from the stored cost alone, whatever the bands were."""
    found: list[WhatIf] = []
    for other in ("batch", "flex", "standard"):
        factor = None if other == tier else _tier_factor(entry, tier, other)
        if factor is not None:
            tokens = sums.priced_nusd - sums.cost_fees
            nusd = round(tokens * factor) + sums.cost_fees
            times = f"×{float(factor):.3g} of {tier} rates"
            found.append(_exactly("tier", other, nusd, times))
    if sums.cache_read or sums.cache_write_5m or sums.cache_write_1h:
        note = "all prompt tokens at the input rate"
        found.append(_exactly("no cache", "no cache", sums.priced_nusd + sums.saved_nusd, note))
    factor = _write_factor(entry, tier)
    if factor:
        note = "same hits supposed; fewer in truth, since a short cache ends sooner"
        short = round(sums.cost_cache_write_1h * factor) - sums.cost_cache_write_1h
        if sums.cache_write_1h and factor != 1:
            found.append(
                _exactly("short writes", "short cache writes", sums.priced_nusd + short, note)
            )
        note = "same hits supposed; more in truth, since a long cache ends later"
        long = round(sums.cost_cache_write_5m / factor) - sums.cost_cache_write_5m
        if sums.cache_write_5m and factor != 1:
            found.append(
                _exactly("long writes", "long cache writes", sums.priced_nusd + long, note)
            )
    return found


def _exactly(kind: Kind, name: str, nusd: int, note: str) -> WhatIf:
    return WhatIf(kind=kind, name=name, low_nusd=nusd, high_nusd=nusd, used=True, note=note)


def _tier_factor(entry: Entry, tier: Tier, other: Tier) -> Fraction | None:
    """What a tier costs of another one, if it always was so much in every band and bucket."""
    factors = {
        multiple_of(to, of_tier(row, tier))
        for row in entry.model.rows
        if (to := of_tier(row, other)) is not None
    }
    return factors.pop() if len(factors) == 1 else None


def _write_factor(entry: Entry, tier: Tier) -> Fraction | None:
    """What a short write costs of a long one, if it always was so much."""
    factors: set[Fraction | None] = set()
    for row in entry.model.rows:
        rates = of_tier(row, tier)
        for band in rates.bands if rates else ():
            if not band.cache_write_5m or not band.cache_write_1h:
                return None
            factors.add(Fraction(band.cache_write_5m, band.cache_write_1h))
    return factors.pop() if len(factors) == 1 else None
