"""The line below the tabs that says which filter holds, and how to clear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.metrics.scope import EVERYTHING, terms
from toktui.tui.lines import Line, both_ends, link
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.header import LOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.scope import Scope
    from toktui.tui.theme import Palette


class ScopeLine(Drawing):
    """Gone where everything is shown, and in a low terminal, where the footer says it."""

    DEFAULT_CSS = "ScopeLine { height: 1; padding: 0 1; background: $panel; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="scope-line")
        self.scope = EVERYTHING
        self._deep = False

    def take(self, scope: Scope, *, deep: bool) -> None:
        """Says this; `deep`: escape leads back first."""
        self.scope, self._deep = scope, deep
        height = self.app.size.height  # pyright: ignore[reportUnknownMemberType]
        self.display = bool(scope.text) and height >= LOW
        self.redraw()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The parts of the filter, and what to press."""
        del height
        line = Line().add("only  ", palette.accent)
        for key, value in terms(self.scope.text):
            if key:
                line.add(f"{key} ", palette.dim)
            line.add(f"{value}   ", palette.strong)
        clear = "app.clear"
        right = Line(
            link("/ ", palette.accent, "app.filter"), link("change   ", palette.dim, "app.filter"),
            link("" if self._deep else "esc ", palette.accent, clear),
            link("clear", palette.dim, clear),
        )  # fmt: skip
        return [both_ends(line, right, width, keep_left=True)]
