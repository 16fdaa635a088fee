"""A list of which all rows are at hand: sorted here by any column, the chosen row kept in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from textual.message import Message

from toktui.tui import format as fmt
from toktui.tui.glyphs import spark
from toktui.tui.lines import Line
from toktui.tui.widgets.paged_rows import PagedRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style

    from toktui.export.seen import Raw
    from toktui.metrics.cut import Slices
    from toktui.tui.columns import Column
    from toktui.tui.theme import Palette

SERIES: Final = 5
"""How many of a chart have a colour of their own; the others share the next one."""
RAW_NAMES: Final = {
    "hit": "cache_hit_rate", "last": "last_ms", "cost": "cost_nusd", "saved": "saved_nusd",
    "scaled": "scaled_nusd", "input": "input_nusd_per_million", "read": "read_nusd_per_million",
    "write5m": "write_5m_nusd_per_million", "write1h": "write_1h_nusd_per_million",
    "output": "output_nusd_per_million", "per_output": "nusd_per_thousand_output",
    "reasoning": "reasoning_share", "share": "cost_share", "tokens": "tokens",
}  # fmt: skip
"""How exports name columns."""
LAST_CELLS: Final = 12
"""Width of a column with the last call."""
GRAINS: Final = {"day": "daily", "week": "weekly", "month": "monthly"}


class SortedRows(PagedRows):
    """Subclasses say what a column's value is, what a row is called, and how a cell is drawn."""

    SORT_ACTION = "sort_by"
    NOT_SORTED: frozenset[str] = frozenset({"trend"})
    TEXTS: frozenset[str] = frozenset()
    """Columns that are sorted from A to Z at first."""

    class Moved(Message):
        """Another row is under the cursor."""

    def __init__(self, *, id: str, sorted_by: str) -> None:
        super().__init__(id=id)
        self.sorted_by = sorted_by
        self._rows: Sequence[Any] = ()
        self.ranks: Mapping[object, int] = {}
        """Which colour of a chart beside the list stands for a row, by the row's name."""

    def value(self, row: Any, name: str) -> Any:
        """What a row has in a column, to sort by; None is unknown and comes last."""
        raise NotImplementedError

    def raw(self, row: Any, column: Column) -> Raw:
        """What the column is sorted by; of several names the list of them."""
        value = self.value(row, column.name)
        if isinstance(value, tuple):
            return ", ".join(map(str, cast("tuple[object, ...]", value))) or None
        return cast("Raw", value)

    def raw_name(self, column: Column) -> str:
        """With the unit."""
        return RAW_NAMES.get(column.name, column.name)

    def name_of(self, row: Any) -> object:
        """What tells a row from others when the data are loaded anew."""
        raise NotImplementedError

    def comes_first(self, row: Any) -> bool:
        """Whether a row comes before all others in any order."""
        del row
        return False

    def color_of(self, row: Any, palette: Palette) -> Style:
        """The row's colour in the chart."""
        rank = self.ranks.get(self.name_of(row), SERIES)
        return series_styles(palette)[min(rank, SERIES)]

    @property
    def chosen(self) -> Any | None:
        """The row under the cursor."""
        return self.row_at(self.cursor)

    def show_rows(self, rows: Sequence[Any], now_ms: int) -> None:
        """Takes all rows; the cursor stays on the row of the same name."""
        before = self.chosen
        self._rows = rows
        in_order = self._in_order()
        if before is not None and self.cursor:
            name = self.name_of(before)
            places = (n for n, row in enumerate(in_order) if self.name_of(row) == name)
            self.cursor = next(places, self.cursor)
        self.take(in_order, first=0, found=len(in_order), now_ms=now_ms)
        self.post_message(self.Moved())

    def sort_by(self, name: str) -> None:
        """By a column; again: the other way round."""
        names = self.sorts
        if name not in names:
            return
        if name == self.sorted_by:
            self.descending = not self.descending
        else:
            self.sorted_by, self.descending = name, name not in self.TEXTS
        self.start_over()
        self.show_rows(self._rows, self.now_ms)

    def sort_by_next(self) -> None:
        """By the column right of the one that sorts now."""
        names = self.sorts
        at = names.index(self.sorted_by) if self.sorted_by in names else -1
        self.sort_by(names[(at + 1) % len(names)])

    @property
    def sorts(self) -> list[str]:
        """The columns by which can be sorted, in their order."""
        return [column.name for column in self.columns() if column.name not in self.NOT_SORTED]

    def _in_order(self) -> list[Any]:
        known = [row for row in self._rows if self.value(row, self.sorted_by) is not None]
        unknown = [row for row in self._rows if self.value(row, self.sorted_by) is None]
        known.sort(key=lambda row: self.value(row, self.sorted_by), reverse=self.descending)
        return sorted((*known, *unknown), key=lambda row: not self.comes_first(row))

    def _put(self, index: int) -> None:
        super()._put(index)
        self.post_message(self.Moved())


def trend(
    line: Line, values: Sequence[int], width: int, palette: Palette, style: Style | None = None
) -> None:
    """Appends what was burned over time in so many cells, the latest at the right."""
    shown = merged(values, width)
    drawn = spark(shown, style or palette.read, palette.ground)
    line.extend(drawn.pieces).add(" " * (width - len(shown)))


def series_styles(palette: Palette) -> tuple[Style, ...]:
    """Those of a chart, and at the end that of all others."""
    return (*palette.series[:SERIES], palette.faint)


def last_call(at_ms: int, now_ms: int, zone: ZoneInfo) -> str:
    """The time of today, the day and time of this year, else only the day."""
    text = fmt.moment(at_ms, now_ms, zone)
    return text if len(text) <= LAST_CELLS else fmt.day(at_ms, zone)


def merged(values: Sequence[int], most: int) -> list[int]:
    """At most so many numbers: neighbours are added up, the same number of them each."""
    each = max(1, -(-len(values) // max(1, most)))
    first = len(values) % each
    parts = [values[:first]] if first else []
    parts += [values[n : n + each] for n in range(first, len(values), each)]
    return [sum(part) for part in parts]


def range_words(slices: Slices, zone: ZoneInfo) -> str:
    """What the range is and how it is cut: `2026-10-12 – 2026-11-22, daily`."""
    if not slices.count:
        return ""
    within = slices.within
    first = fmt.day(within.start_ms, zone)
    last = fmt.day(max(within.start_ms, within.end_ms - 1), zone)
    span = first if first == last else f"{first} – {last}"
    return f"{span}, {grain_words(slices)}"


def grain_words(slices: Slices) -> str:
    """`daily`, or `every 3 months`."""
    return GRAINS[slices.grain] if slices.each == 1 else f"every {slices.each} {slices.grain}s"
