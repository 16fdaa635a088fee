"""Why one range cost more or less than another: the difference in parts that add up to it.

The cost of a range is a sum of products, one for each model and tier and each bucket of tokens:

    calls x share of the model x share with a price x tokens of a call x share of the bucket
    x list rate x what long prompts, places and hours make of it

plus, for each model, calls x share x share with a price x fees of a call. Between two ranges every
factor changes at once. `METHOD`, the Shapley value, gives each factor the mean of what it adds over
all orders in which the factors could have changed: no order is preferred, a factor that did not
change gets nothing, and the other direction gives the same parts with the other sign. The parts
are rounded to whole nano-dollars by largest remainder.
"""

from __future__ import annotations

from math import factorial, fsum
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.model import BUCKETS
from toktui.pricing.rows import TOKENS_PER_UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

METHOD: Final = "shapley"
Cause = Literal[
    "calls", "mix", "prompt", "cache", "output", "prices", "bands", "fees", "unpriced", "other"
]
CAUSES: Final[tuple[Cause, ...]] = (
    "calls", "mix", "prompt", "cache", "output", "prices", "bands", "fees", "unpriced", "other",
)  # fmt: skip
"""`other` is what no cause explains: nothing, but for sums that are too large to be true."""
_SMALLEST_DOUBT: Final = 1e-12
"""How far a sum of floats can be off, of the largest that is added up."""
_OUTPUT: Final = len(BUCKETS) - 1


class Side(msgspec.Struct, frozen=True):
    """What one model did in one range, in one tier. Money is nano-dollars."""

    calls: int
    """All, those without a price included."""
    priced: int
    """Calls with a price; everything below is of these."""
    tokens: tuple[int, int, int, int, int]
    costs: tuple[int, int, int, int, int]
    """In the order of `model.BUCKETS`, both."""
    fees: int = 0
    listed: tuple[int, int, int, int, int] | None = None
    """Per bucket, tokens times the list rate of their time (nano-dollars per million, lowest
    band); None: the book does not have the model."""

    @property
    def prompt(self) -> int:
        """Tokens that were sent."""
        return sum(self.tokens[:_OUTPUT])


class Part(msgspec.Struct, frozen=True):
    """What one cause makes of the difference."""

    cause: Cause
    nusd: int


class Change(msgspec.Struct, frozen=True):
    """`parts` has every cause once, in the order of CAUSES; they add up to `after - before`."""

    before_nusd: int
    after_nusd: int
    parts: tuple[Part, ...]

    @property
    def difference(self) -> int:
        """Nano-dollars more than before."""
        return self.after_nusd - self.before_nusd

    def of(self, cause: Cause) -> int:
        """The nano-dollars of one cause."""
        return self.parts[CAUSES.index(cause)].nusd


Key = tuple[str, str]
"""A model, as priced or else as logged, and a tier."""
Factor = tuple[Cause, float, float]
"""What changes, from what, to what."""


def change_between(
    before: Mapping[Key, Side],
    after: Mapping[Key, Side],
    *,
    before_nusd: int | None = None,
    after_nusd: int | None = None,
) -> Change:
    """The parts of the difference. The costs are those of the sides unless said otherwise."""
    old = _cost(before) if before_nusd is None else before_nusd
    new = _cost(after) if after_nusd is None else after_nusd
    calls = tuple(sum(side.calls for side in sides.values()) for sides in (before, after))
    shares: dict[Cause, list[float]] = {cause: [] for cause in CAUSES}
    for key in sorted({*before, *after}):
        for product in _products(before.get(key), after.get(key), calls[0], calls[1]):
            for cause, amount in _shapley(product):
                shares[cause].append(amount)
    largest = max(abs(old), abs(new), *(fsum(map(abs, shares[cause])) for cause in CAUSES))
    doubt = sum(calls) + largest * _SMALLEST_DOUBT
    amounts = _rounded([fsum(shares[cause]) for cause in CAUSES[:-1]], new - old, doubt)
    return Change(old, new, tuple(map(Part, CAUSES, amounts)))


def _cost(sides: Mapping[Key, Side]) -> int:
    return sum(sum(side.costs) + side.fees for side in sides.values())


def _products(
    old: Side | None, new: Side | None, calls_old: int, calls_new: int
) -> list[list[Factor]]:
    """The products of one model, each as its factors; a side that cannot say what a factor was
    takes it from the other, so that the factor does not change."""
    known = old or new
    if known is None:
        return []
    n0, n1 = (0 if side is None else side.calls for side in (old, new))
    share = _both(_ratio(n0, calls_old), _ratio(n1, calls_new))
    has_price = _both(
        _ratio(old.priced, n0) if old and n0 else None,
        _ratio(new.priced, n1) if new and n1 else None,
    )
    calls: Factor = ("calls", calls_old, calls_new)
    head: list[Factor] = [calls, ("mix", *share), ("unpriced", *has_price)]
    old = old if old and old.priced else None
    new = new if new and new.priced else None
    products: list[list[Factor]] = []
    for bucket in range(len(BUCKETS)):
        counts = tuple(side.tokens[bucket] if side else 0 for side in (old, new))
        if not any(counts):
            continue
        product = list(head)
        if bucket == _OUTPUT:
            product.append(("output", *_each(old, new, lambda side: side.tokens[_OUTPUT])))
        else:
            product.append(("prompt", *_each(old, new, lambda side: side.prompt)))
            parts = [
                _ratio(count, side.prompt) if side else None
                for count, side in zip(counts, (old, new), strict=True)
            ]
            product.append(("cache", *_both(parts[0], parts[1])))
        product += _prices(old, new, bucket)
        products.append(product)
    if (old and old.fees) or (new and new.fees):
        products.append([*head, ("fees", *_each(old, new, lambda side: side.fees))])
    return products


def _prices(old: Side | None, new: Side | None, bucket: int) -> list[Factor]:
    """List rate and what became of it, in nano-dollars per token."""
    sides = (old, new)
    used = [side for side in sides if side and side.tokens[bucket]]
    if all(_listed(side, bucket) for side in used):
        rates = [
            _ratio(_listed(side, bucket), side.tokens[bucket] * TOKENS_PER_UNIT) if side else None
            for side in sides
        ]
        more = [
            _multiple(side, bucket) if side and side.tokens[bucket] else None for side in sides
        ]
        return [("prices", *_both(rates[0], rates[1])), ("bands", *_both(more[0], more[1]))]
    paid = [_ratio(side.costs[bucket], side.tokens[bucket]) if side else None for side in sides]
    return [("prices", *_both(paid[0], paid[1]))]


def _listed(side: Side, bucket: int) -> int:
    return 0 if side.listed is None else side.listed[bucket]


def _multiple(side: Side, bucket: int) -> float:
    """What was paid over what the list rate gives; rounding each call to nano-dollars is no
    difference."""
    paid, listed = side.costs[bucket] * TOKENS_PER_UNIT, _listed(side, bucket)
    if abs(paid - listed) <= side.priced * TOKENS_PER_UNIT:
        return 1.0
    return paid / listed


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _each(old: Side | None, new: Side | None, count: Callable[[Side], int]) -> tuple[float, float]:
    """Something per call with a price."""
    return _both(
        _ratio(count(old), old.priced) if old else None,
        _ratio(count(new), new.priced) if new else None,
    )


def _both(old: float | None, new: float | None) -> tuple[float, float]:
    one = old if old is not None else new
    other = new if new is not None else old
    return (one or 0.0, other or 0.0)


def _shapley(product: Sequence[Factor]) -> list[tuple[Cause, float]]:
    """What each factor makes of the change of a product."""
    same = 1.0
    moved: list[Factor] = []
    for factor in product:
        if factor[1] == factor[2]:
            same *= factor[1]
        else:
            moved.append(factor)
    if not same:
        return []
    weights = _WEIGHTS[len(moved)]
    found: list[tuple[Cause, float]] = []
    for index, (cause, old, new) in enumerate(moved):
        # By the number of other factors that have changed already, the sum of their products.
        sums = [same]
        for other, (_, was, became) in enumerate(moved):
            if other != index:
                low, high = [s * was for s in sums], [s * became for s in sums]
                sums = [a + b for a, b in zip([*low, 0.0], [0.0, *high], strict=True)]
        means = fsum(weight * s for weight, s in zip(weights, sums, strict=True))
        found.append((cause, (new - old) * means))
    return found


def _weights(count: int) -> tuple[float, ...]:
    """Of an order of `count` factors: how often a certain set of k of them stands before one."""
    return tuple(
        factorial(k) * factorial(count - 1 - k) / factorial(count) for k in range(count)
    )


_MOST_FACTORS: Final = 8
_WEIGHTS: Final = tuple(map(_weights, range(_MOST_FACTORS + 1)))


def _rounded(amounts: Sequence[float], total: int, doubt: float) -> list[int]:
    """Whole numbers, with the rest at the end, that add up to `total`; 0 stays 0.

    A rest within the doubt is due to rounding and goes to the largest remainders.
    """
    whole = [round(amount) for amount in amounts]
    rest = total - sum(whole)
    moved = [index for index, amount in enumerate(amounts) if amount]
    if not rest or not moved or abs(rest) > len(moved) + doubt:
        return [*whole, rest]
    sign = 1 if rest > 0 else -1
    moved.sort(key=lambda index: (-sign * (amounts[index] - whole[index]), index))
    for index in moved[: abs(rest)]:
        whole[index] += sign
    left = rest - sign * min(abs(rest), len(moved))
    whole[max(moved, key=lambda index: (abs(amounts[index]), -index))] += left
    return [*whole, 0]
