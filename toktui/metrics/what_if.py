"""What the same calls would have cost otherwise: on another model, as batch, without a cache.

Money is nano-dollars, rounded once for all calls together; the cost of the calls themselves is
rounded call by call, which differs by at most half a nano-dollar a call.

Many models cost more beyond so many tokens of a prompt, which the rollup does not know call by
call. A quarter of an hour with no more prompt tokens in all than that has no such call; what is
left is read call by call where there are few enough, and else gives a range.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.errors import UsageError
from toktui.metrics.cut import One, meant
from toktui.model import FLAG_SUM
from toktui.pricing.calibrate import shipped
from toktui.pricing.multiples import multiple_of
from toktui.pricing.rows import of_tier
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from toktui.metrics.cut import Slices
    from toktui.metrics.filters import Filters
    from toktui.metrics.models import Models
    from toktui.metrics.sums import Sums
    from toktui.model import Tier
    from toktui.pricing.periods import BandRates, Rate
    from toktui.pricing.rates import Entry, RateBook

Kind = Literal["model", "tier", "no cache", "short writes", "long writes"]
MOST_READ: Final = 12_000
"""Calls that are read one by one; more would take longer than a screen may."""
_MAKERS: Final = frozenset({"anthropic", "openai", "google"})
_RESELLERS: Final = frozenset({"openrouter", "github-copilot", "cursor"})
"""They have hundreds of models of other makers."""
_LEAST_WINDOW: Final = 128_000
_PROMPT: Final = "(t.input + t.cache_read + t.cache_write_5m + t.cache_write_1h)"
_TOKENS: Final = (
    "sum(t.input), sum(t.cache_read), sum(t.cache_write_5m), sum(t.cache_write_1h), sum(t.output),"
    " sum(t.web_search)"
)


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The calls otherwise. Where `low_nusd` is not `high_nusd`, the truth is between them."""

    kind: Kind
    name: str
    """The model, the tier, or what is otherwise."""
    low_nusd: int | None
    high_nusd: int | None
    used: bool = False
    """The store has calls of that model."""
    ratio: float | None = None
    """Its tokens for one token of the present model, as measured; None: not known."""
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether there is one amount."""
        return self.low_nusd is not None and self.low_nusd == self.high_nusd

    @property
    def middle_nusd(self) -> int | None:
        """To sort by."""
        if self.low_nusd is None or self.high_nusd is None:
            return None
        return (self.low_nusd + self.high_nusd) // 2

    @property
    def scaled_nusd(self) -> int | None:
        """The amount with the tokens that the other tokenizer would have counted; an estimate."""
        middle = self.middle_nusd
        return None if middle is None or self.ratio is None else round(middle * self.ratio)


class WhatIfs(msgspec.Struct, frozen=True):
    """Of the calls of one model and tier."""

    name: str
    tier: Tier
    calls: int
    cost_nusd: int | None
    lacks: bool
    """Some of them have no price."""
    otherwise: tuple[WhatIf, ...]


class Pile(msgspec.Struct, frozen=True):
    """Tokens by bucket of calls with prompts above the first `over` thresholds; if not `sure`, of
    calls of which none is above more than these."""

    over: int
    sure: bool
    tokens: tuple[int, int, int, int, int]
    web_search: int


class Piles(msgspec.Struct, frozen=True):
    """Calls of one model and tier, by how large their prompts are."""

    thresholds: tuple[int, ...]
    piles: tuple[Pile, ...]


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
    own = _served_otherwise(entry, tier, sums) if entry and not sums.unpriced else []
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


def load_piles(
    db: sqlite3.Connection,
    *,
    name: str,
    tier: Tier,
    filters: Filters,
    slices: Slices,
    rates: Iterable[Rate | None],
) -> Piles:
    """The calls of a model and tier, by the thresholds of the rates."""
    edges = sorted({band.above for rate in rates if rate for band in rate.bands if band.above})
    if not slices.count:
        return Piles((), ())
    where = " and ".join(meant(db, filters, One(model=name, tier=tier)))
    rolled_up = _rolled_up(db, where, slices, edges)
    if all(pile.over == 0 for pile in rolled_up):
        return Piles(tuple(edges), tuple(rolled_up))
    one_by_one = _one_by_one(db, name, where, slices, edges)
    return Piles(tuple(edges), tuple(rolled_up if one_by_one is None else one_by_one))


def _over(edges: Sequence[int], prompt: str) -> str:
    return " + ".join(f"({prompt} > {edge})" for edge in edges) or "0"


def _rolled_up(
    db: sqlite3.Connection, where: str, slices: Slices, edges: Sequence[int]
) -> list[Pile]:
    rows = db.execute(
        f"select {_over(edges, _PROMPT)}, max(t.calls > 1), {_TOKENS} from quarter t"
        f" where t.quarter >= ? and t.quarter < ? and {where} group by 1, t.calls > 1",
        (slices.starts[0], slices.end),
    )
    return [Pile(row[0], not row[0] or not row[1], row[2:7], row[7]) for row in rows]


def _one_by_one(
    db: sqlite3.Connection, name: str, where: str, slices: Slices, edges: Sequence[int]
) -> list[Pile] | None:
    """By an index, the calls of the sessions that used the model; None: too many of them."""
    within = slices.within
    users = (
        "(select x.session from name n join session_total x on x.model = n.id where n.text = ?1"
        " union"
        " select x.session from name n join session_total x on x.priced = n.id where n.text = ?1)"
    )
    values = (name, within.start_ms, within.end_ms)
    (calls,) = db.execute(
        f"select coalesce(sum(s.calls), 0) from {users} u cross join session s"
        " on s.id = u.session where s.last_ms >= ?2 and s.first_ms < ?3",
        values,
    ).fetchone()
    if calls > MOST_READ:
        return None
    prompt = f"iif(t.flags & {FLAG_SUM}, 0, {_PROMPT})"
    rows = db.execute(
        f"select {_over(edges, prompt)}, {_TOKENS} from {users} u cross join session s"
        " on s.id = u.session cross join call t on t.session = s.id"
        " where s.last_ms >= ?2 and s.first_ms < ?3 and t.at_ms >= ?2 and t.at_ms < ?3"
        f" and {where} group by 1",
        values,
    )
    return [Pile(row[0], True, row[1:6], row[6]) for row in rows]


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
    low = high = Fraction(searches * (rate.web_search or 0))
    for pile in piles.piles:
        costs = [_cost(band, pile) for band in _reached(rate, pile, piles.thresholds)]
        low, high = low + min(costs), high + max(costs)
    return WhatIf(
        kind="model", name=name, low_nusd=round(low), high_nusd=round(high), used=used, ratio=ratio
    )


def _cost(band: BandRates, pile: Pile) -> Fraction:
    paid = sum(count * rate for count, rate in zip(pile.tokens, band.per_token, strict=True))
    return Fraction(paid, band.denominator)


def _reached(rate: Rate, pile: Pile, thresholds: Sequence[int]) -> list[BandRates]:
    """The bands in which calls of a pile can be; the one in which they are, if that is sure."""
    below = thresholds[: pile.over]
    reached = [band for band in rate.bands if not band.above or band.above in below]
    return reached[-1:] if pile.sure else reached


def _served_otherwise(entry: Entry, tier: Tier, sums: Sums) -> list[WhatIf]:
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
