"""The line to type a filter into."""

from __future__ import annotations

from textual.widgets import Input


class FilterBox(Input):
    """Above the keys; only there while one types."""

    DEFAULT_CSS = """
    FilterBox {
        dock: bottom; height: 1; padding: 0 1; margin: 0 0 1 0; background: $panel; display: none;
    }
    """

    def __init__(self) -> None:
        super().__init__(placeholder="filter: agent, project, model", id="filter", compact=True)
        self.cursor_blink = False

    def open(self) -> None:
        """Shows itself, ready to be typed into."""
        self.display = True
        self.focus()

    def close(self) -> None:
        """Goes away, with its text kept."""
        self.display = False
