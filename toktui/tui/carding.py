"""The share card, from any screen: `toktui card` without leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual.binding import Binding

from toktui.metrics.card import Card, load_card
from toktui.tui.refresher import Question
from toktui.tui.taking import TakingApp

if TYPE_CHECKING:
    from toktui.metrics.card import Period
    from toktui.tui.refresher import Reading

CARD: Final = "card"
"""Of the question for its figures; no view has this key."""


def load(reading: Reading, about: Period) -> Card:
    """What a card says; never of projects, and whatever the filter is."""
    return load_card(reading.db, about, now_ms=reading.now_ms, zone=reading.zone)


class CardingApp(TakingApp):
    """Draws the card and writes it into Downloads."""

    BINDINGS: ClassVar[list[Any]] = [Binding("C", "card", "share card", show=False)]
    _card_form = "svg"

    def action_card(self) -> None:
        """Asks of which time, and writes it."""
        from toktui.tui.offer_sheet import CARDS, OfferSheet  # noqa: PLC0415  seldom needed

        if not isinstance(self.screen, OfferSheet):
            note = "one picture; it names no project"
            self.push_screen(OfferSheet("Share card", CARDS, key="C", note=note), self._ask_card)

    def _ask_card(self, offer: str | None) -> None:
        if offer is not None:
            period, self._card_form = offer.split()
            self._refresher.ask_aside(Question(CARD, load, cast("Period", period)))

    def take_card(self, card: object) -> None:
        """Its figures are read: draws it in the shade of the theme, and writes it."""
        if not isinstance(card, Card):
            return
        shade, form = "dark" if self.current_theme.dark else "light", self._card_form

        def picture() -> str | bytes:
            from toktui.export.card import draw_card, title_of  # noqa: PLC0415  seldom needed

            drawn, title = draw_card(card, shade), title_of(card)
            if form == "svg":
                return drawn.svg(title)
            from toktui.export.card_png import png_of  # noqa: PLC0415  an extra

            return png_of(drawn, title)

        name = "year" if card.period == "year" else card.span.label
        self.run_worker(
            lambda: self.write_download(f"card-{name}", form, picture),
            thread=True, exit_on_error=False,
        )  # fmt: skip
