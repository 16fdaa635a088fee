"""A sheet that asks what to write: a few kinds, each with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult


class Offer(NamedTuple):
    """One kind: its name, the key that takes it, and how it is told."""

    name: str
    key: str
    word: str
    about: str


FORMS: Final = (
    Offer("csv", "c", "CSV", "exact values, for spreadsheets"),
    Offer("json", "j", "JSON", "exact values, for programs"),
    Offer("markdown", "m", "Markdown", "as shown, to paste"),
    Offer("svg", "s", "SVG", "a picture of the screen"),
)
"""What an export can be."""
CARDS: Final = (
    Offer("week svg", "w", "Week", "this week so far, as SVG"),
    Offer("month svg", "m", "Month", "this month so far"),
    Offer("year svg", "y", "Year", "the last twelve months"),
    Offer("week png", "W", "Week", "as PNG, to post anywhere"),
    Offer("month png", "M", "Month", "as PNG"),
    Offer("year png", "Y", "Year", "as PNG"),
)
"""What a share card can be of, and in which form."""


class OfferSheet(ModalScreen[str | None]):
    """Gives the name of the offer that is taken, or None."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape,q", "take('')", "close")]
    DEFAULT_CSS = """
    OfferSheet { align: center middle; background: $background 60%; }
    OfferSheet Vertical {
        width: 56; max-width: 96%; height: auto; max-height: 96%;
        background: $surface; padding: 1 2;
    }
    OfferSheet Static { height: auto; padding: 0 0 1 0; }
    OfferSheet OptionList { background: $surface; border: none; height: auto; padding: 0; }
    OfferSheet OptionList:focus { border: none; }
    """

    def __init__(self, title: str, offers: Sequence[Offer], *, key: str, note: str = "") -> None:
        """`key` opens the sheet."""
        super().__init__()
        self.offers = offers
        self._title = title
        self._note = note
        self._opened_by = key

    def compose(self) -> ComposeResult:
        """What it is about, and a line for each kind."""
        with Vertical():
            yield Static(
                Content.assemble(
                    (self._title, "bold $foreground"), (f"  {self._note}", "$text-muted")
                )
            )
            yield OptionList(*(Option(_as_prompt(offer), id=offer.name) for offer in self.offers))

    def on_key(self, event: events.Key) -> None:
        """Takes the kind of a key; the key that opened the sheet closes it."""
        taken = {offer.key: offer.name for offer in self.offers} | {self._opened_by: ""}
        if event.character in taken:
            # What is below is on top now, and would have the key, too.
            event.stop()
            self.action_take(taken[event.character])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This kind."""
        self.action_take(event.option_id or "")

    def action_take(self, name: str) -> None:
        """Closes the sheet, once however often a key is pressed."""
        if self.is_current:
            self.dismiss(name or None)


def _as_prompt(offer: Offer) -> Content:
    return Content.assemble((f"{offer.key}  ", "$accent"), (f"{offer.word:10}", "$foreground"),
                            (offer.about, "$text-muted"))  # fmt: skip
