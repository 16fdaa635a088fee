"""Numbers as options take them: within bounds that are told in one sentence where they do not hold.
"""

from __future__ import annotations

import math
from typing import Any, Final

import click

LONGEST: Final = 20
"""Of what is read as a number, and of what is repeated of it."""


class Whole(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]  older ones take none
    """A whole number from `least` to `most`, both included; None is no bound."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least, self._most = least, most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The number; click.BadParameter if it is none, or not within the bounds."""
        text = str(value).strip()
        digits = text.removeprefix("-")
        if len(digits) <= LONGEST and digits.isascii() and digits.isdigit():
            number = int(text)
            if number >= self._least and (self._most is None or number <= self._most):
                return number
        bounds = f"from {self._least} up"
        if self._most is not None:
            bounds = f"from {self._least} to {self._most}"
        self.fail(f"{text[:LONGEST]!r} is no whole number {bounds}.", param, ctx)


class Number(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A number from `least` to `most`, both included; neither infinite nor `nan`."""

    name = "number"

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; click.BadParameter if it is none, or not within the bounds."""
        text = str(value).strip()
        try:
            number = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            number = math.nan
        if self._least <= number <= self._most:
            return number
        self.fail(
            f"{text[:LONGEST]!r} is no number from {self._least:g} to {self._most:.0f}.", param, ctx
        )
