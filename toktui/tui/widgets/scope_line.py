"""The line below the tabs: what led to this view, which filter holds, and how to clear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.metrics.scope import EVERYTHING, terms
from toktui.text import clean
from toktui.tui.lines import Line, both_ends, link
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.header import LOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.scope import Scope
    from toktui.tui.theme import Palette

_STEPS: Final = 4
_LONGEST: Final = 28
"""Views of the trail that are named, and how long their names may be."""


class ScopeLine(Drawing):
    """Gone where everything is shown, and in a low terminal, where the footer says it."""

    DEFAULT_CSS = "ScopeLine { height: 1; padding: 0 1; background: $panel; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="scope-line")
        self.scope = EVERYTHING
        self.trail: Sequence[str] = ()
        self.note = ""

    def take(self, scope: Scope, trail: Sequence[str], note: str = "") -> None:
        """Says this; `note` is how far the filter holds. With more than one view in the trail
        escape leads back first."""
        self.scope, self.trail, self.note = scope, trail, note
        height = self.app.size.height  # pyright: ignore[reportUnknownMemberType]
        self.display = (bool(scope.text) or len(trail) > 1) and height >= LOW
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The parts of the filter, and what to press."""
        del height
        line = self._trail(palette)
        if not self.scope.text:
            return [line]
        line.add("     " if line.pieces else "").add("only  ", palette.accent)
        for key, value in terms(self.scope.text):
            if key:
                line.add(f"{key} ", palette.dim)
            line.add(f"{value}   ", palette.strong)
        if self.note:
            line.add(f"{self.note}   ", palette.warning)
        clear = "app.clear"
        right = Line(
            link("/ ", palette.accent, "app.filter"), link("change   ", palette.dim, "app.filter"),
            link("" if len(self.trail) > 1 else "esc ", palette.accent, clear),
            link("clear", palette.dim, clear),
        )  # fmt: skip
        return [both_ends(line, right, width, keep_left=True)]

    def _trail(self, palette: Palette) -> Line:
        """Each view that led here can be clicked; long ones are cut, the oldest left out."""
        line = Line()
        if len(self.trail) < 2:
            return line
        shown = list(enumerate(self.trail))[-_STEPS:]
        if shown[0][0]:
            line.add("… › ", palette.faint)
        for at, title in shown[:-1]:
            line.pieces.append(link(clean(title, _LONGEST), palette.dim, f"app.back_to({at})"))
            line.add(" › ", palette.faint)
        return line.add(clean(self.trail[-1], _LONGEST), palette.text)
