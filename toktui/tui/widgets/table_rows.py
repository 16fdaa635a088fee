"""A table that is at hand as a whole: sorted by key and click, with a cursor.

    Field(Column("cost", "cost", 8, True, 0), shown=lambda row: money(row.nusd),
          raw=lambda row: row.nusd, named="cost_nusd")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.binding import Binding

from toktui.tui.columns import Column
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style

    from toktui.export.seen import Raw
    from toktui.tui.lines import Line
    from toktui.tui.theme import Palette

Row = TypeVar("Row")


@dataclass(frozen=True)
class Field(Generic[Row]):
    """What a column shows of a row."""

    column: Column
    shown: Callable[[Row], str]
    raw: Callable[[Row], Raw] | None = None
    """The value that is sorted and exported; without it, what is shown."""
    named: str = ""
    """Name of the raw value in files, with its unit: `cost_nusd`; else the column's."""
    style: Callable[[Row, Palette], Style] | None = None
    drawn: Callable[[Row, int, Palette], Line] | None = None
    """Instead of text: a bar, a sparkline, in so many cells."""

    def value(self, row: Row) -> Raw:
        """The raw value of a row."""
        return self.shown(row).strip() if self.raw is None else self.raw(row)


class TableRows(PagedRows, Generic[Row]):
    """Rows of one kind. Posts `PagedRows.Chosen` on Enter or a second click.

    `s` sorts by the next column, `r` the other way round, a click on a head by it. Unknown comes
    last in either direction.
    """

    SORT_ACTION = "sort_table"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("s", "sort", "sort", show=False),
        Binding("r", "reverse", "reverse", show=False),
    ]
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "choose a row"),
        ("s, r", "sort by the next column, the other way round; or click a head"),
    )
    """For the help of a view that has one."""

    def __init__(
        self,
        fields: Sequence[Field[Row]],
        *,
        id: str,
        grow: Sequence[tuple[str, int]] = (),
        sorted_by: str = "",
        descending: bool = True,
    ) -> None:
        super().__init__(id=id)
        self.fields = fields
        self.grow = grow
        self.sorted_by = sorted_by
        self.descending = descending
        self._given: Sequence[Row] = ()
        self._by_name = {field.column.name: field for field in fields}

    def set_rows(self, rows: Sequence[Row], now_ms: int = 0) -> None:
        """Shows these; without a column to sort by in the order in which they are given."""
        chosen = self.chosen
        self._given = rows
        ordered = self._ordered()
        if chosen is not None and chosen in ordered:
            self.cursor = ordered.index(chosen)
        self.take(ordered, first=0, found=len(ordered), now_ms=now_ms)

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self.row_at(self.cursor)

    def columns(self) -> Sequence[Column]:
        """Those of the fields."""
        return [field.column for field in self.fields]

    def grows(self) -> Sequence[tuple[str, int]]:
        """As given."""
        return self.grow

    def cells(self, line: Line, row: Row, column: Column, width: int, palette: Palette) -> None:
        """Appends the cell of a column."""
        field = self._by_name[column.name]
        if field.drawn is not None:
            line.extend(field.drawn(row, width, palette).strip(width))
            return
        style = field.style(row, palette) if field.style else palette.dim
        line.cell(field.shown(row), width, style, "right" if column.right else "left")

    def sort_by(self, name: str) -> None:
        """By a column; again: the other way round. Numbers begin with the largest."""
        field = self._by_name.get(name)
        if field is None:
            return
        if name == self.sorted_by:
            self.descending = not self.descending
        else:
            self.sorted_by, self.descending = name, field.column.right
        self.start_over()
        self.set_rows(self._given, self.now_ms)

    def action_sort(self) -> None:
        """By the next column that is shown."""
        names = [field.column.name for field in self.fields if field.column.head]
        at = names.index(self.sorted_by) + 1 if self.sorted_by in names else 0
        self.sort_by(names[at % len(names)])

    def action_reverse(self) -> None:
        """The other way round."""
        if self.sorted_by:
            self.sort_by(self.sorted_by)

    def raw(self, row: Row, column: Column) -> Raw:
        """The field's."""
        return self._by_name[column.name].value(row)

    def raw_name(self, column: Column) -> str:
        """The field's."""
        return self._by_name[column.name].named or column.name

    def _ordered(self) -> list[Row]:
        field = self._by_name.get(self.sorted_by)
        if field is None:
            return list(self._given)
        known = [row for row in self._given if field.value(row) is not None]
        unknown = [row for row in self._given if field.value(row) is None]
        known.sort(key=lambda row: _rank(field.value(row)), reverse=self.descending)
        return known + unknown


def _rank(value: Raw) -> tuple[int, float | str]:
    """Numbers before words, words in any case."""
    return (0, value) if isinstance(value, int | float) else (1, str(value).casefold())
