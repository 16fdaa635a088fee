"""Rates in lines, and what to do where there is none."""

from __future__ import annotations

import shlex
from decimal import Decimal
from typing import TYPE_CHECKING

from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.lines import Line

if TYPE_CHECKING:
    from toktui.metrics.models import ModelRow
    from toktui.metrics.rates_used import UsedRate
    from toktui.tui.theme import Palette

_WORDS = ("input", "read", "write 5m", "write 1h", "output")


def rate_lines(used: UsedRate, width: int, palette: Palette) -> list[Line]:
    """One rate: since when, what a million tokens of each bucket costs, who says so; and its bands.
    """
    rate = used.rate
    since = "" if rate.valid_from is None else f"from {rate.valid_from.isoformat()}"
    if used.until is not None:
        since += f"{' to' if since else 'until'} {used.until.isoformat()}"
    since = since or "always"
    indent = len(since) + 2
    lines: list[Line] = []
    for band in rate.bands:
        line = Line()
        if band.above:
            line.cell("", indent).add(f"prompts beyond {fmt.grouped(band.above)}  ", palette.dim)
        else:
            line.cell(since, indent, palette.text)
        for word, units, own in zip(_WORDS, band.rates, band.published, strict=True):
            if own:
                line.add(f"{word} ", palette.faint).add(f"{dollars(units)}  ", palette.text)
        lines.append(line)
        if not band.above:
            source = f"/M  {rate.source.id} of {rate.source.date.isoformat()}"
            if line.width + len(source) > width:
                lines.append(line := Line().cell("", indent))
            line.add(source, palette.faint)
    return lines


def dollars(units: int) -> str:
    """A rate as published: `$0.30`, `$12.50`, `$0.0125`."""
    text = f"{Decimal(units) / 10**9:f}"
    whole, _, rest = text.partition(".")
    return f"${whole}.{rest.rstrip('0'):0<2}"


def how_to_price(row: ModelRow, width: int, palette: Palette) -> list[Line]:
    """Why calls have no price, and the command or the lines of the config that give them one."""
    name = row.logged[0] if row.logged else row.name
    line = Line().add("UNPRICED  ", palette.warning).add(row.missing, palette.text)
    if not name:
        return [line, Line().add("The log does not name the model.", palette.faint)]
    if row.provider:
        return [line, Line().add("Its tokens are counted; toktui prices show ", palette.faint).add(
            _quoted(name), palette.text)]
    command = f"toktui prices set {_quoted(name)} --input 3 --cache-read 0.3 --output 15"
    label = "set it (dollars per M tokens):  "
    label = label if len(label) + len(command) <= width else ""
    return [
        line,
        Line().add(label, palette.faint).add(command, palette.accent),
        Line().add("or in config.toml:  ", palette.faint)
        .add(f"[prices.{_toml(name)}]  input = 3.00  output = 15.00", palette.dim),
    ]  # fmt: skip


def _quoted(name: str) -> str:
    return shlex.quote(clean(name, 120))


def _toml(name: str) -> str:
    return '"' + clean(name, 120).replace("\\", "\\\\").replace('"', '\\"') + '"'
