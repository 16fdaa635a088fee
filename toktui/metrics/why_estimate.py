"""The evidence for an estimate: what of the call was weighed, and by which calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.ingest.estimate import decode_calibration, decode_weight
from toktui.metrics.probable import has_estimates
from toktui.pricing.calibrate import Calibration, Weight, estimate

if TYPE_CHECKING:
    import sqlite3


class EstimateSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a call probably used: `estimated` tokens of output in all; the rest is beyond what is
    logged, in tokens and nano-dollars (None: the call has no price)."""

    weight: Weight
    by: Calibration
    estimated: int
    output: int
    low: int
    high: int
    cost_nusd: int | None
    cost_low_nusd: int | None
    cost_high_nusd: int | None


def load_estimate(db: sqlite3.Connection, call: int) -> EstimateSeen | None:
    """The estimate of a call, by its number; None if it has none."""
    if not has_estimates(db):
        return None
    found = db.execute(
        "select w.body, k.body, e.unpriced, e.output, e.low, e.high, e.cost_nusd, e.cost_low,"
        " e.cost_high from estimate e join weight w on w.call = e.call"
        " join calibration k on k.id = e.calibration where e.call = ?",
        (call,),
    ).fetchone()
    if found is None:
        return None
    weight, by = decode_weight(found[0]), decode_calibration(found[1])
    unpriced, output, low, high, *costs = found[2:]
    cost, cost_low, cost_high = (None, None, None) if unpriced else costs
    return EstimateSeen(
        weight=weight,
        by=by,
        estimated=estimate(by, weight).mid,
        output=output,
        low=low,
        high=high,
        cost_nusd=cost,
        cost_low_nusd=cost_low,
        cost_high_nusd=cost_high,
    )
