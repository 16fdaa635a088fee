"""A view around one sorted list: its keys, in the footer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from toktui.tui.view import Data, View

if TYPE_CHECKING:
    from toktui.tui.widgets.table_rows import TableRows


class SortedView(View[Data]):
    """Subclasses say which list it is."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("s", "sort", "sort"),
        Binding("r", "reverse", "reverse"),
    ]
    OPENS = True
    KEYS = (
        ("↑ ↓ pgup pgdn", "choose a row"),
        ("s", "sort by the next column; or click its head"),
        ("r", "the other way round"),
    )

    @property
    def rows(self) -> TableRows[Any]:
        """The list."""
        raise NotImplementedError

    def scoped(self) -> None:
        """Begins at the first of the rows that match."""
        self.rows.start_over()

    def action_open(self) -> None:
        """Opens what is under the cursor."""
        self.rows.action_choose()

    def action_sort(self) -> None:
        """By the next column."""
        self.rows.action_sort()

    def action_reverse(self) -> None:
        """The other way round."""
        self.rows.action_reverse()
