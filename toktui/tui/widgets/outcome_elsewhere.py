"""Where nothing is known of what landed: the folders, why, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.outcomes.whys import help_with
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.lines import Line, by_words
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.outcome_parts import spent_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.outcome_places import Elsewhere
    from toktui.tui.theme import Palette

_FOLDERS = 14


class ElsewhereLines(Drawing):
    """In place of the list of changes where no repository could be read."""

    DEFAULT_CSS = "ElsewhereLines { height: 1fr; margin: 1 0 0 0; }"
    groups: Sequence[Elsewhere] = ()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Some lines for each reason, the dearest first."""
        room = max(10, width - _FOLDERS - 2)
        lines = [Line().add("WHY", palette.dim)]
        for group in self.groups:
            count = fmt.plural(group.folders, "folder") if group.folders else "some calls"
            first = Line().cell(count, _FOLDERS, palette.text).add(group.why, palette.strong)
            first.add(f"   {spent_money(group.spent)}", palette.dim)
            if group.folders == 1:
                first.add(f"   {clean(group.example, 60)}", palette.faint)
            lines.append(first)
            for words in by_words(help_with(group.why), room, 3):
                lines.append(Line().add(" " * _FOLDERS).add(words, palette.faint))
        return lines[:height]
