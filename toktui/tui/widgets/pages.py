"""Lines that are longer than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from toktui.tui.lines import Line
from toktui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toktui.tui.theme import Palette


class Pages(Drawing, can_focus=True):
    """Scrolls through what `write` gives for a width."""

    DEFAULT_CSS = "Pages { height: 1fr; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("home,g", "scroll(-1000000)", "first", show=False),
        Binding("end,G", "scroll(1000000)", "last", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown,space", "page(1)", "page down", show=False),
    ]

    def __init__(self, write: Callable[[int, Palette], list[Line]], *, id: str) -> None:
        super().__init__(id=id)
        self._write = write
        self.top = 0

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The lines from the first in sight on, and whether there are more."""
        lines = self._write(width, palette)
        self.top = max(0, min(self.top, len(lines) - height))
        shown = lines[self.top : self.top + height]
        below = len(lines) - self.top - height
        if below > 0:
            shown[-1] = Line().add(f"↓ {below + 1} more lines", palette.faint)
        return shown

    def action_scroll(self, lines: int) -> None:
        """Up or down."""
        self.top = max(0, self.top + lines)
        self.redraw()

    def action_page(self, pages: int) -> None:
        """By what is in sight."""
        self.action_scroll(pages * max(1, self.size.height - 2))

    def on_mouse_scroll_down(self) -> None:
        """Three lines down."""
        self.action_scroll(3)

    def on_mouse_scroll_up(self) -> None:
        """Three lines up."""
        self.action_scroll(-3)
