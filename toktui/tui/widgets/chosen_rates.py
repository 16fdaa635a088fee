"""Below the list of models: the rates that applied to the chosen one, or how to price it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.rates_lines import how_to_price, rate_lines
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.models import ModelRow
    from toktui.tui.theme import Palette

FOOT: Final = 4
"""Lines that it needs."""


class ChosenRates(Drawing):
    """The rates that applied to the chosen model, or how to price it."""

    DEFAULT_CSS = f"ChosenRates {{ height: {FOOT}; margin: 1 0 0 0; }}"
    row: ModelRow | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The latest rates first in line, as many as there is room for."""
        row = self.row
        if row is None:
            return []
        name = Line().add(row.name, palette.strong)
        if row.tier != "standard":
            name.add(f" {row.tier}", palette.text)
        logged = [text for text in row.logged if text != row.name]
        if logged:
            name.add(f"  in logs {', '.join(logged)}", palette.faint)
        if row.sums.unpriced:
            lines = how_to_price(row, width, palette)
        else:
            each = [rate_lines(used, width, palette) for used in reversed(row.rates)]
            lines = [line for group in each for line in group]
            name.add("   ").add(fmt.plural(len(row.rates), "rate"), palette.faint)
            name.add(" applied, enter shows what if", palette.faint)
        if len(lines) > height - 1:
            more = len(lines) - height + 2
            lines = [*lines[: height - 2], Line().add(f"and {more} lines more", palette.faint)]
        return [name, *lines]
