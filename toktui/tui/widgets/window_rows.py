"""A table of which only a window is at hand: whoever loads it sorts it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.message import Message

from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Row = TypeVar("Row")


class WindowRows(TableRows[Row]):
    """Keys and heads of a `TableRows`; posts `SortWanted`, and `Wanted` for another window."""

    class SortWanted(Message):
        """The list is to be in another order."""

        def __init__(self, rows: WindowRows[Row], name: str, *, descending: bool) -> None:
            super().__init__()
            self.rows = rows
            self.name = name
            self.descending = descending

    def __init__(
        self,
        fields: Sequence[Field[Row]],
        *,
        id: str,
        sorts: Collection[str],
        grow: Sequence[tuple[str, int]] = (),
    ) -> None:
        super().__init__(fields, id=id, grow=grow)
        self._sorts = sorts

    def action_sort(self) -> None:
        """By the next column that can be sorted by."""
        names = [field.column.name for field in self.fields if field.column.name in self._sorts]
        at = names.index(self.sorted_by) + 1 if self.sorted_by in names else 0
        self.sort_by(names[at % len(names)])

    def sort_by(self, name: str) -> None:
        """By a column; again: the other way round. Numbers begin with the largest."""
        field = self._by_name.get(name)
        if field is None or name not in self._sorts:
            return
        again = name == self.sorted_by
        descending = not self.descending if again else field.column.right
        self.sorted_by, self.descending = name, descending
        self.start_over()
        self.post_message(self.SortWanted(self, name, descending=descending))
