"""A table that is at hand as a whole: sorted by key and click, with a cursor.

    Field(Column("cost", "cost", 8, True, 0), shown=lambda row: money(row.nusd),
          raw=lambda row: row.nusd, named="cost_nusd")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.binding import Binding
from textual.message import Message

from toktui.tui.columns import Column
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.trend import SERIES, series_styles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    """Instead of text: a bar, a sparkline, in so many cells. Neither sorted nor exported, if it has
    no raw value."""
    falls: bool | None = None
    """Whether sorting begins with the largest; by default that of numbers, at the right."""

    order: Callable[[Row], Raw] | None = None
    """What is sorted, if that is not the raw value."""

    @property
    def has_value(self) -> bool:
        """Whether there is something to sort and to export."""
        return self.drawn is None or self.raw is not None

    @property
    def begins_with_the_largest(self) -> bool:
        """When it is sorted by first."""
        return self.column.right if self.falls is None else self.falls

    def value(self, row: Row) -> Raw:
        """The raw value of a row."""
        return self.shown(row).strip() if self.raw is None else self.raw(row)

    def rank(self, row: Row) -> Raw:
        """What a row is sorted by; None is unknown and comes last."""
        return self.value(row) if self.order is None else self.order(row)


class TableRows(PagedRows, Generic[Row]):
    """Rows of one kind. Posts `PagedRows.Chosen` on Enter or a second click, `Moved` when another
    row is under the cursor.

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

    class Moved(Message):
        """Another row is under the cursor."""

    def __init__(
        self,
        fields: Sequence[Field[Row]] = (),
        *,
        id: str,
        grow: Sequence[tuple[str, int]] = (),
        sorted_by: str = "",
        descending: bool = True,
        name_of: Callable[[Row], object] = lambda row: row,
        comes_first: Callable[[Row], bool] = lambda _row: False,
    ) -> None:
        """`name_of` tells a row from others when they are loaded anew; what `comes_first` does so
        in any order."""
        super().__init__(id=id)
        self.sorted_by = sorted_by
        self.descending = descending
        self.name_of = name_of
        self.comes_first = comes_first
        self.ranks: Mapping[object, int] = {}
        """Which colour of a chart beside the list stands for a row, by the row's name."""
        self._given: Sequence[Row] = ()
        self.set_fields(fields, grow)

    def set_fields(self, fields: Sequence[Field[Row]], grow: Sequence[tuple[str, int]]) -> None:
        """Has these columns from now on; rows for them are set right after."""
        self.fields, self.grow = fields, grow
        self._by_name = {field.column.name: field for field in fields}

    def set_rows(self, rows: Sequence[Row], now_ms: int = 0) -> None:
        """Shows these; without a column to sort by in the order in which they are given. The cursor
        stays on its row, or at the top."""
        chosen = self.chosen if self.cursor else None
        self._given = rows
        ordered = self._ordered()
        if chosen is not None:
            name = self.name_of(chosen)
            places = (n for n, row in enumerate(ordered) if self.name_of(row) == name)
            self.cursor = next(places, self.cursor)
        self.take(ordered, first=0, found=len(ordered), now_ms=now_ms)
        self.post_message(self.Moved())

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self.row_at(self.cursor)

    def color_of(self, row: Row, palette: Palette) -> Style:
        """The row's colour in the chart beside the list."""
        rank = self.ranks.get(self.name_of(row), SERIES)
        return series_styles(palette)[min(rank, SERIES)]

    def columns(self) -> Sequence[Column]:
        """Those of the fields."""
        return [field.column for field in self.fields]

    def exported(self) -> Sequence[Column]:
        """Those with a value."""
        return [field.column for field in self.fields if field.column.head and field.has_value]

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

    def value(self, row: Row, name: str) -> Raw:
        """What a row is sorted by in a column."""
        return self._by_name[name].rank(row)

    @property
    def sorts(self) -> list[str]:
        """The columns by which can be sorted, in their order."""
        return [column.name for column in self.exported()]

    def sort_by(self, name: str) -> None:
        """By a column; again: the other way round. Numbers begin with the largest."""
        if name not in self.sorts:
            return
        if name == self.sorted_by:
            self.descending = not self.descending
        else:
            self.sorted_by = name
            self.descending = self._by_name[name].begins_with_the_largest
        self.start_over()
        self.set_rows(self._given, self.now_ms)

    def action_sort(self) -> None:
        """By the column right of the one that sorts now."""
        names = self.sorts
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

    def _put(self, index: int) -> None:
        super()._put(index)
        self.post_message(self.Moved())

    def _ordered(self) -> list[Row]:
        field = self._by_name.get(self.sorted_by)
        rows = list(self._given)
        if field is not None:
            unknown = [row for row in rows if field.rank(row) is None]
            rows = [row for row in rows if field.rank(row) is not None]
            rows.sort(key=lambda row: _rank(field.rank(row)), reverse=self.descending)
            rows += unknown
        return sorted(rows, key=lambda row: not self.comes_first(row))


def _rank(value: Raw) -> tuple[int, float | str]:
    """Numbers before words, words in any case."""
    return (0, value) if isinstance(value, int | float) else (1, str(value).casefold())
