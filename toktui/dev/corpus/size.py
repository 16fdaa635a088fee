"""Sizes as people write them: `256MiB`, `1GiB`, `100000`."""

from __future__ import annotations

import re
from typing import Any, Final

import click

_UNITS: Final = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(KiB|MiB|GiB)?", str(value))
        if found is None:
            self.fail(f"{value!r} is no size; write 100000, 256MiB or 1GiB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2] or ""])


SIZE: Final = _Size()
"""A size in bytes, as an option."""
