"""What the same calls would have cost otherwise: on another model, as batch, without a cache.

Money is nano-dollars, rounded once for all calls together; the cost of the calls themselves is
rounded call by call, which differs by at most half a nano-dollar a call.

Where it is not sure which calls had long prompts, a model with bands gives a range.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.errors import UsageError
from toktui.metrics.alternative import WhatIf
from toktui.metrics.what_if_piles import Pile, Piles, load_piles
from toktui.metrics.what_if_served import served_otherwise
from toktui.pricing.calibrate import shipped
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from toktui.metrics.cut import Slices
    from toktui.metrics.filters import Filters
    from toktui.metrics.models import Models
    from toktui.metrics.sums import Sums
    from toktui.model import Tier
    from toktui.pricing.periods import BandRates, Rate
    from toktui.pricing.rates import RateBook

_MAKERS: Final = frozenset({"anthropic", "openai", "google"})
_RESELLERS: Final = frozenset({"openrouter", "github-copilot", "cursor"})
"""They have hundreds of models of other makers."""
_LEAST_WINDOW: Final = 128_000


class WhatIfs(msgspec.Struct, frozen=True):
    """Of the calls of one model and tier."""

    name: str
    tier: Tier
    calls: int
    cost_nusd: int | None
    lacks: bool
    """Some of them have no price."""
    otherwise: tuple[WhatIf, ...]


def otherwise(
    db: sqlite3.Connection,
    book: RateBook,
    *,
    name: str,
    tier: Tier,
    sums: Sums,
    filters: Filters,
    slices: Slices,
    now_ms: int,
    others: Sequence[str] | None = None,
) -> tuple[WhatIf, ...]:
    """First the same model served otherwise, then other models at their rates of today.

    `sums` are those of the calls that are meant. `others` are models of the book; None: those that
    are used here, and comparable ones of the same makers.
    """
    used = _used(db, book)
    targets = _comparable(book, name, used, now_ms) if others is None else tuple(others)
    rates = {other: book.rate_for(other, now_ms) for other in targets}
    piles = load_piles(
        db, name=name, tier=tier, filters=filters, slices=slices, rates=rates.values()
    )
    entry = book.entry(name)
    own = served_otherwise(entry, tier, sums) if entry and not sums.unpriced else []
    found = [
        _on(other, rate, piles, used=other in used, ratio=token_ratio(name, other))
        for other, rate in rates.items()
        if other != name or tier != "standard"
    ]
    found.sort(key=lambda one: _order(one, sums.cost_nusd))
    return (*own, *found)


def _order(one: WhatIf, actual: int | None) -> tuple[bool, bool, int]:
    """What is used here by its cost, then others, the nearest to the actual cost first."""
    middle = one.middle_nusd
    if middle is None:
        return not one.used, True, 0
    return not one.used, False, middle if one.used or actual is None else abs(middle - actual)


def load_what_ifs(
    db: sqlite3.Connection,
    book: RateBook,
    found: Models,
    named: str,
    *,
    filters: Filters,
    others: Sequence[str] = (),
) -> tuple[WhatIfs, ...]:
    """Of every tier of a model, named as in the book or as in a log; `others` as `otherwise` has
    them, if there are any. Raises `UsageError` for a model that no call or no rate is of."""
    rows = [row for row in found.rows if named in (row.name, *row.logged)]
    if not rows:
        known = ", ".join(dict.fromkeys(clean(row.name, 60) for row in found.rows)) or "none"
        raise UsageError(f"No call of the model {clean(named)!r}.", f"Models with calls: {known}.")
    targets = [book.canonical(other) for other in others]
    for other, target in zip(others, targets, strict=True):
        if target is None:
            raise UsageError(
                f"The rate book has no model {clean(other)!r}.", "`toktui prices list` has all."
            )
    return tuple(
        WhatIfs(
            row.name, row.tier, row.sums.calls, row.sums.cost_nusd, bool(row.sums.unpriced),
            otherwise(
                db, book, name=row.name, tier=row.tier, sums=row.sums, filters=filters,
                slices=found.slices, now_ms=found.now_ms,
                others=[target for target in targets if target] or None,
            ),
        )
        for row in rows
    )  # fmt: skip


def token_ratio(name: str, other: str) -> float | None:
    """Tokens of `other` for one of `name`, if both were measured against the same tokenizer."""
    one, two = shipped().get(name), shipped().get(other)
    if name == other:
        return 1.0
    return None if one is None or two is None or not one.ratio else two.ratio / one.ratio


def _used(db: sqlite3.Connection, book: RateBook) -> frozenset[str]:
    rows = db.execute(
        "select text from name where id in (select distinct priced from session_total)"
    )
    return frozenset(text for (text,) in rows if text and book.entry(text))


def _comparable(
    book: RateBook, name: str, used: frozenset[str], now_ms: int
) -> tuple[str, ...]:
    """Models that an agent can work with: cached prompts, a large window, makers at hand."""
    makers = {entry.line.provider for model in (name, *used) if (entry := book.entry(model))}
    makers = (makers | _MAKERS) - _RESELLERS
    found = set(used)
    for model, entry in book.entries.items():
        if entry.line.provider not in makers or (entry.line.window or 0) < _LEAST_WINDOW:
            continue
        rate = book.rate_for(model, now_ms)
        if rate is not None and rate.bands[0].published[1]:
            found.add(model)
    return tuple(sorted(found))


def _on(
    name: str, rate: Rate | None, piles: Piles, *, used: bool, ratio: float | None
) -> WhatIf:
    """The calls at the rates of another model."""
    if rate is None:
        note = "nobody documents its rates"
        return WhatIf(kind="model", name=name, low_nusd=None, high_nusd=None, used=used, note=note)
    searches = sum(pile.web_search for pile in piles.piles)
    if searches and rate.web_search is None:
        note = "nobody documents what its web searches cost"
        return WhatIf(kind="model", name=name, low_nusd=None, high_nusd=None, used=used, note=note)
    # In parts of a nano-dollar that every band has whole: adding fractions takes ten times as long.
    unit = lcm(*(band.denominator for band in rate.bands))
    low = high = searches * (rate.web_search or 0) * unit
    for pile in piles.piles:
        costs = [_cost(band, pile, unit) for band in _reached(rate, pile, piles.thresholds)]
        low, high = low + min(costs), high + max(costs)
    return WhatIf(
        kind="model", name=name, low_nusd=round(Fraction(low, unit)),
        high_nusd=round(Fraction(high, unit)), used=used, ratio=ratio,
    )  # fmt: skip


def _cost(band: BandRates, pile: Pile, unit: int) -> int:
    paid = sum(count * rate for count, rate in zip(pile.tokens, band.per_token, strict=True))
    return paid * (unit // band.denominator)


def _reached(rate: Rate, pile: Pile, thresholds: Sequence[int]) -> list[BandRates]:
    """The bands in which calls of a pile can be; the one in which they are, if that is sure."""
    below = thresholds[: pile.over]
    reached = [band for band in rate.bands if not band.above or band.above in below]
    return reached[-1:] if pile.sure else reached
