"""The keys of a screen and what its marks mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from toktui.tui.lines import by_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

MARKS: Final = (
    ("–", "unknown; never shown as 0"),
    ("~", "estimated, where the agent logs no count"),
    ("≥", "lacks calls whose model has no known price"),
    ("list cost", "tokens at public API rates; with a plan you pay the plan"),
)


_MOST_LINES: Final = 8


class Help(ModalScreen[None]):
    """A sheet over the screen; any of its keys closes it."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,question_mark,q,enter", "close", "close"),
    ]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help VerticalScroll {
        width: 92; max-width: 96%; height: auto; max-height: 92%;
        background: $surface; padding: 1 3;
    }
    """

    def __init__(
        self, title: str, keys: Sequence[tuple[str, str]], everywhere: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__()
        self._title = title
        self._keys = keys
        self._everywhere = everywhere

    def compose(self) -> ComposeResult:
        """One text, written as soon as its width is known."""
        with VerticalScroll():
            yield Static(id="help-text")

    def on_resize(self) -> None:
        """Writes it for this width."""
        self.call_after_refresh(self._write)

    def _write(self) -> None:
        sheet = self.query_one(VerticalScroll)
        room = sheet.scrollable_content_region.width
        if not sheet.show_vertical_scrollbar:
            room -= sheet.styles.scrollbar_size_vertical
        groups = ((self._title, self._keys), ("Everywhere", self._everywhere), ("Marks", MARKS))
        wide = max(len(key) for _, rows in groups for key, _ in rows) + 2
        parts = [_listed(title, rows, min(wide, room // 2), room) for title, rows in groups]
        self.query_one("#help-text", Static).update(Content("\n").join(parts))

    def action_close(self) -> None:
        """Closes the sheet, once however often a key is pressed."""
        if self.is_current:
            self.dismiss()


def _listed(title: str, rows: Sequence[tuple[str, str]], wide: int, room: int) -> Content:
    """A title, and a line for each row; what is too long goes on below its beginning."""
    lines = [Content.styled(title, "bold $accent")]
    for key, word in rows:
        for part in by_words(word, max(10, room - wide), _MOST_LINES):
            lines.append(
                Content.assemble((key.ljust(wide), "$foreground"), (part, "$text-muted"))
            )
            key = ""
    return Content("\n").join([*lines, Content("")])
