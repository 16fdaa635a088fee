"""A widget that shows lines and sends the terminal only the cells that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from toktui.tui.lines import Line, changed_spans
from toktui.tui.theme import Palette

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import App


class Drawing(Widget):
    """Subclasses say what there is to see in `draw`; call `redraw` whenever that may differ."""

    ALLOW_SELECT = False
    _drawn: list[Strip]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn = []
        self._drawn_for: object = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """At most `height` lines, each cut or filled to `width` cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws anew, and repaints the cells that differ from what is shown."""
        width, height = self.size
        if not self.is_attached or not width or not height:
            return
        strips = self._strips(width, height)
        before = self._drawn
        if not self._is_drawn_for(width, height):
            self._drawn = strips
            self.repaint([Region(0, 0, width, height)])
            return
        self._drawn = strips
        regions = [
            Region(first, y, length, 1) for y, first, length in changed_spans(before, strips)
        ]
        if regions:
            self.repaint(regions)

    def repaint(self, regions: Sequence[Region]) -> None:
        """Sends these cells to the terminal."""
        self.refresh(*regions)

    def strip_at(self, y: int) -> Strip | None:
        """A line as drawn last; None if there is no such line."""
        return self._drawn[y] if y < len(self._drawn) else None

    def render_line(self, y: int) -> Strip:
        """One line, as drawn last."""
        width, height = self.size
        palette = palette_of(self)
        if self._drawn_for is not palette or not self._is_drawn_for(width, height):
            self._drawn = self._strips(width, height)
        if y >= len(self._drawn):
            return Strip.blank(width, self.rich_style)
        return self._drawn[y].apply_style(self.rich_style)

    @property
    def shown(self) -> str:
        """What is shown, as plain text, for tests."""
        return "\n".join(strip.text.rstrip() for strip in self._drawn)

    def _strips(self, width: int, height: int) -> list[Strip]:
        palette = palette_of(self)
        self._drawn_for = palette
        lines = list(self.draw(width, height, palette))[:height]
        lines.extend(Line() for _ in range(height - len(lines)))
        return [line.cut(width).strip(width) for line in lines]

    def _is_drawn_for(self, width: int, height: int) -> bool:
        drawn = self._drawn
        return len(drawn) == height and bool(drawn) and drawn[0].cell_length == width

    def on_resize(self, event: events.Resize) -> None:
        """Draws for the new size."""
        del event
        self._drawn = []
        self.redraw()


def palette_of(widget: Widget) -> Palette:
    """The palette of the theme that is on; the same object as long as the theme is."""
    app = cast("App[object]", widget.app)  # pyright: ignore[reportUnknownMemberType]
    key = (app.theme, app.current_theme.dark)
    known: tuple[object, Palette] | None = getattr(app, "_toktui_palette", None)
    if known is None or known[0] != key:
        known = (key, Palette(app.theme_variables, dark=app.current_theme.dark))
        app._toktui_palette = known  # type: ignore[attr-defined]
    return known[1]


class Slit(Widget):
    """Shows one column of the drawing that it lies on.

    Textual sends the terminal everything from the left edge of a widget to the cells that changed;
    what changes every second is therefore a widget of its own.
    """

    DEFAULT_CSS = "Slit { position: absolute; height: 100%; width: 1; offset: 0 0; }"
    ALLOW_SELECT = False

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.display = False
        self._drawing = drawing
        self.first = -1
        self.length = 0

    def place(self, first: int, length: int) -> None:
        """Lies on the cells from `first` on; nowhere if there are none."""
        if (first, length) == (self.first, self.length):
            return
        self.first, self.length = first, length
        self.display = length > 0
        self.styles.offset = (max(0, first), 0)
        self.styles.width = max(1, length)

    def render_line(self, y: int) -> Strip:
        """The cells of the drawing below."""
        strip = self._drawing.strip_at(y)
        if strip is None:
            return Strip.blank(self.size.width, self._drawing.rich_style)
        cropped = strip.crop(self.first, self.first + self.length)
        return cropped.apply_style(self._drawing.rich_style)

    def holds(self, region: Region) -> bool:
        """Whether these cells of the drawing are all below."""
        return self.first <= region.x and region.right <= self.first + self.length

    def touches(self, region: Region) -> bool:
        """Whether any of these cells is below."""
        return region.x < self.first + self.length and self.first < region.right
