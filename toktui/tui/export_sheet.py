"""The sheet that asks what kind of file to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from textual.app import ComposeResult

FORMS: Final = (
    ("csv", "c", "CSV", "exact values, for spreadsheets"),
    ("json", "j", "JSON", "exact values, for programs"),
    ("markdown", "m", "Markdown", "as shown, to paste"),
    ("svg", "s", "SVG", "a picture of the screen"),
)


class ExportSheet(ModalScreen[str | None]):
    """Gives the kind that is chosen, or None."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q,e", "choose('')", "close"),
        *(Binding(key, f"choose('{form}')", word) for form, key, word, _ in FORMS),
    ]
    DEFAULT_CSS = """
    ExportSheet { align: center middle; background: $background 60%; }
    ExportSheet Vertical {
        width: 52; max-width: 96%; height: auto; max-height: 96%;
        background: $surface; padding: 1 2;
    }
    ExportSheet OptionList { background: $surface; border: none; height: auto; padding: 0; }
    ExportSheet OptionList:focus { border: none; }
    """

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label

    def compose(self) -> ComposeResult:
        """A line for each kind."""
        with Vertical():
            options = OptionList(*(Option(_offer(*form), id=form[0]) for form in FORMS))
            options.border_title = None
            yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This kind."""
        self.action_choose(event.option_id or "")

    def action_choose(self, form: str) -> None:
        """Closes the sheet, once however often a key is pressed."""
        if self.is_current:
            self.dismiss(form or None)


def _offer(form: str, key: str, word: str, what: str) -> Content:
    del form
    return Content.assemble((f"{key}  ", "$accent"), (f"{word:10}", "$foreground"),
                            (what, "$text-muted"))  # fmt: skip
