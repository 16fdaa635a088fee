"""A view around a list that is read from the store window by window."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from toktui.tui.view import Ask, Data, View
from toktui.tui.widgets.paged_rows import PagedRows

EVERY: Final = 1_000_000
"""Rows in an export."""


class PagedView(View[Data]):
    """`about` is a struct with `first` and `count`, the window that is asked for."""

    def is_asked_for(self, rows: PagedRows) -> bool:
        """Whether `about` means this list."""
        del rows
        return True

    def everything(self) -> Any:
        """All of the list, for an export."""
        return msgspec.structs.replace(self.about, first=0, count=EVERY)

    def scoped(self) -> None:
        """Begins at the first of what matches."""
        for rows in self.query(PagedRows):
            rows.start_over()
        self.about = msgspec.structs.replace(self.about, first=0)

    def ask_for(self, **changes: object) -> None:
        """Looks at something else."""
        self.about = msgspec.structs.replace(self.about, **changes)
        self.post_message(Ask())

    def on_paged_rows_wanted(self, message: PagedRows.Wanted) -> None:
        """Reads on."""
        if self.is_asked_for(message.rows):
            self.ask_for(first=message.first)
