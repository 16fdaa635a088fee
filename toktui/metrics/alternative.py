"""What calls would have cost otherwise, as a value."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["model", "tier", "no cache", "short writes", "long writes"]


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
