"""Tiers as multiples of one another."""

from __future__ import annotations

from fractions import Fraction

from toktui.pricing.rows import Band, TierRates, bucket_rates, map_rates


def multiple_of(rates: TierRates, standard: TierRates | None) -> Fraction | None:
    """The one factor between two tiers in every band and bucket; None if there is no one."""
    if standard is None or [b.above for b in rates.bands] != [b.above for b in standard.bands]:
        return None
    pairs = [
        pair
        for band, base in zip(rates.bands, standard.bands, strict=True)
        for pair in zip(bucket_rates(band), bucket_rates(base), strict=True)
        if any(pair)
    ]
    if not pairs or not all(of is not None and to for of, to in pairs):
        return None
    factors = {Fraction(of or 0, to or 1) for of, to in pairs}
    return factors.pop() if len(factors) == 1 else None


def times(bands: tuple[Band, ...], multiple: Fraction) -> tuple[Band, ...]:
    """Every rate multiplied, half-even where a unit is split."""
    return tuple(map_rates(band, lambda rate: round(rate * multiple)) for band in bands)
