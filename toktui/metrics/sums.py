"""The rollups' sums as a value, with what is derived from them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.model import EXACTNESS
from toktui.store.absurd import MOST
from toktui.store.rollups import MEASURES

if TYPE_CHECKING:
    from collections.abc import Sequence

SUM_SELECT: Final = ", ".join(f"coalesce(sum({measure}), 0)" for measure in MEASURES)
"""Every measure summed, in the order of `Sums`."""


_TOKENS: Final = "c.input + c.cache_read + c.cache_write_5m + c.cache_write_1h + c.output"
_OF_A_CALL: Final = {
    "calls": "1",
    **{word: f"c.exactness = {number}" for number, word in enumerate(EXACTNESS)},
    "unpriced": "c.cost_nusd is null",
    "estimated_tokens": f"iif(c.exactness = {EXACTNESS.index('estimated')}, {_TOKENS}, 0)",
    "unpriced_tokens": f"iif(c.cost_nusd is null, {_TOKENS}, 0)",
}
SUM_OF_CALLS: Final = ", ".join(
    f"coalesce(sum({_OF_A_CALL.get(measure, f'c.{measure}')}), 0)" for measure in MEASURES
)
"""The same over calls `c`, where the rollups do not know enough."""


class Sums(msgspec.Struct, frozen=True, gc=False):
    """The measures of `store.schema.MEASURES` over many calls. Money is nano-dollars."""

    calls: int = 0
    exact: int = 0
    placeholder: int = 0
    estimated: int = 0
    residual: int = 0
    unpriced: int = 0
    input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    web_search: int = 0
    estimated_tokens: int = 0
    unpriced_tokens: int = 0
    priced_nusd: int = 0
    """Cost of the calls that have a price."""
    cost_input: int = 0
    cost_cache_read: int = 0
    cost_cache_write_5m: int = 0
    cost_cache_write_1h: int = 0
    cost_output: int = 0
    cost_fees: int = 0
    saved_nusd: int = 0
    reported_nusd: int = 0

    @property
    def prompt(self) -> int:
        """Tokens that were sent."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def tokens(self) -> int:
        """Tokens of all buckets; stops where the buckets' sums do."""
        return min(self.prompt + self.output, MOST)

    @property
    def buckets(self) -> tuple[int, int, int, int, int]:
        """Tokens in the order of `model.BUCKETS`."""
        return (
            self.input,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.output,
        )

    @property
    def parts(self) -> tuple[int, int, int, int, int, int]:
        """Cost in the order of `model.PARTS`."""
        return (
            self.cost_input,
            self.cost_cache_read,
            self.cost_cache_write_5m,
            self.cost_cache_write_1h,
            self.cost_output,
            self.cost_fees,
        )

    @property
    def cost_nusd(self) -> int | None:
        """Cost of the priced calls; None if there are calls and none is priced."""
        return None if self.calls and self.unpriced == self.calls else self.priced_nusd

    @property
    def told_tokens(self) -> int | None:
        """The tokens; None if there are calls and none tells of a single one: no call uses none."""
        return None if self.calls and not self.tokens else self.tokens

    @property
    def told_nusd(self) -> int | None:
        """The cost; None if no call has a price, or none tells what there is to pay for."""
        return None if self.told_tokens is None and not self.priced_nusd else self.cost_nusd

    @property
    def cache_hit_rate(self) -> float | None:
        """Share of the prompt tokens that were read from a cache; None without prompt tokens."""
        return self.cache_read / self.prompt if self.prompt else None


def named_sums(measures: Sequence[str], numbers: Sequence[int]) -> Sums:
    """The sums of some of the measures; those of the others stay 0."""
    if measures is MEASURES:
        return Sums(*numbers)
    return Sums(**dict(zip(_fields(tuple(measures)), numbers, strict=True)))


@lru_cache(maxsize=16)
def _fields(measures: tuple[str, ...]) -> tuple[str, ...]:
    """What the measures are called in `Sums`."""
    return tuple("priced_nusd" if name == "cost_nusd" else name for name in measures)


def sums_of(row: Sequence[int]) -> Sums:
    """A row of `SUM_SELECT`."""
    return Sums(*row)
