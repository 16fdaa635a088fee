"""What is behind the parts of a change: the models of two ranges side by side, in figures."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

import msgspec

from toktui.metrics.change import Cause, Change, Key, Side
from toktui.metrics.range_sums import sums_of_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from toktui.metrics.list_rates import ListRates
    from toktui.model import Tier


class ModelGroup(msgspec.Struct, frozen=True, gc=False):
    """What an agent did with a model and tier in one piece, at one list price."""

    words: tuple[str, ...]
    """Agent, model as logged, tier."""
    priced_as: str
    sums: list[int]
    """In the order of MEASURES."""
    from_ms: int
    """A time at which its list price held."""
    piece: int

    @property
    def model(self) -> str:
        """As priced, else as logged."""
        return self.priced_as or self.words[1]


class Reason(msgspec.Struct, frozen=True):
    """A part of the difference and what is behind it.

    `before` and `after` are calls, tokens per call or a hit rate, at the same mix of models where
    the mix would blur them; None where one figure cannot tell. `gained` and `lost` are the model
    that got the most work from the others, and the one that lost the most, with tiers.
    """

    cause: Cause
    nusd: int
    before: float | None = None
    after: float | None = None
    gained: Key | None = None
    lost: Key | None = None
    unpriced: bool = False
    """What `gained` did has no price, so that the sum only looks smaller."""


def sides_of(groups: Iterable[ModelGroup], rates: ListRates) -> dict[Key, Side]:
    """What each model and tier did in a range."""
    by_key: defaultdict[Key, list[ModelGroup]] = defaultdict(list)
    for group in groups:
        by_key[rates.name(group.words[1]), group.words[2]].append(group)
    return {key: _side(key, found, rates) for key, found in by_key.items()}


def _side(key: Key, groups: Sequence[ModelGroup], rates: ListRates) -> Side:
    priced = [group for group in groups if group.priced_as]
    sums = sums_of_all(group.sums for group in priced)
    listed: list[int] | None = [0] * len(sums.buckets)
    for group in priced:
        tokens = sums_of_all([group.sums]).buckets
        found = rates.listed(group.words[1], cast("Tier", key[1]), group.from_ms, tokens)
        if found is None or listed is None:
            listed = None
        else:
            listed = [a + b for a, b in zip(listed, found, strict=True)]
    return Side(
        calls=sum(group.sums[0] for group in groups),
        priced=sums.calls,
        tokens=sums.buckets,
        costs=sums.parts[:-1],
        fees=sums.cost_fees,
        listed=cast("tuple[int, int, int, int, int]", tuple(listed)) if listed else None,
    )


def reasons_for(
    change: Change, before: Mapping[Key, Side], after: Mapping[Key, Side]
) -> tuple[Reason, ...]:
    """The parts that are not nothing, largest first."""
    found = [
        _reason(part.cause, part.nusd, before, after) for part in change.parts if part.nusd
    ]
    return tuple(sorted(found, key=lambda reason: -abs(reason.nusd)))


def _reason(
    cause: Cause, nusd: int, before: Mapping[Key, Side], after: Mapping[Key, Side]
) -> Reason:
    sides = (before, after)
    old_calls, new_calls = (sum(side.calls for side in each.values()) for each in sides)
    if cause == "calls":
        return Reason(cause, nusd, old_calls, new_calls)
    if cause == "mix":
        shares = {
            key: _share(after.get(key), new_calls) - _share(before.get(key), old_calls)
            for key in {*before, *after}
        }
        order = sorted(shares, key=lambda key: (shares[key], key))
        side = after.get(order[-1])
        unpriced = side is not None and not side.priced
        return Reason(cause, nusd, gained=order[-1], lost=order[0], unpriced=unpriced)
    if cause in _FIGURES:
        count, per = _FIGURES[cause]
        return Reason(cause, nusd, *_at_the_same_mix(before, after, count, per))
    if cause == "unpriced":
        old, new = (sum(side.calls - side.priced for side in each.values()) for each in sides)
        return Reason(cause, nusd, old, new)
    return Reason(cause, nusd)


_FIGURES: Final[Mapping[Cause, tuple[Callable[[Side], int], Callable[[Side], int]]]] = {
    "prompt": (lambda side: side.prompt, lambda side: side.priced),
    "output": (lambda side: side.tokens[-1], lambda side: side.priced),
    "cache": (lambda side: side.tokens[1], lambda side: side.prompt),
}


def _at_the_same_mix(
    before: Mapping[Key, Side],
    after: Mapping[Key, Side],
    count: Callable[[Side], int],
    per: Callable[[Side], int],
) -> tuple[float | None, float | None]:
    """Means over the models that both ranges have, weighted as in both together."""
    both = [
        (before[key], after[key])
        for key in before.keys() & after.keys()
        if per(before[key]) and per(after[key])
    ]
    whole = sum(per(old) + per(new) for old, new in both)
    if not whole:
        return None, None
    weights = [(per(old) + per(new)) / whole for old, new in both]
    old, new = (
        sum(
            weight * count(pair[i]) / per(pair[i])
            for weight, pair in zip(weights, both, strict=True)
        )
        for i in (0, 1)
    )
    return old, new


def _share(side: Side | None, calls: int) -> float:
    return side.calls / calls if side and calls else 0.0
