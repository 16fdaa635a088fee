"""What everything cost, by one key: a head, columns over time, a line for each value of the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypeVar

from toktui.tui.lines import Line, both_ends
from toktui.tui.sorted_view import SortedView
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import OverTime, Series, range_words
from toktui.tui.widgets.today import hit_text, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from rich.style import Style
    from textual.app import ComposeResult

    from toktui.metrics.cut import Slices
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette
    from toktui.tui.widgets.cut_fields import Cut
    from toktui.tui.widgets.table_rows import TableRows

_LEAST: Final = 7
_TALLEST: Final = 16
"""Lines of the chart."""


class Cuts(Protocol):
    """Rows whose sum is `sums`, over the time of `slices`."""

    @property
    def rows(self) -> Sequence[Cut]: ...
    @property
    def sums(self) -> Sums: ...
    @property
    def slices(self) -> Slices: ...
    @property
    def now_ms(self) -> int: ...


Found = TypeVar("Found", bound=Cuts)


class CutHead(Drawing):
    """How many there are, what they amount to, and the time that is looked at."""

    DEFAULT_CSS = "CutHead { height: 1; }"

    def __init__(self, title: str, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._zone = zone
        self.found: Cuts | None = None
        self.counted = ""
        """How many of what."""
        self.warning = ""

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        left, found = Line().add(self._title, palette.dim), self.found
        if found is None:
            return [left]
        left.add(f"  {self.counted}", palette.text)
        if found.rows:
            left.add("   ").add(sum_money(found.sums), palette.hot)
        if self.warning:
            left.add(f"   {self.warning}", palette.warning)
        if found.sums.prompt:
            left.add(f"   {hit_text(found.sums)} hit", palette.dim)
        right = Line().add(range_words(found.slices, self._zone), palette.faint)
        return [both_ends(left, right, width, keep_left=True)]


class CutView(SortedView[Found]):
    """Subclasses have the list, and name its rows."""

    DEFAULT_CSS = """
    CutView { layout: vertical; padding: 1 1 0 1; }
    CutView OverTime { height: 9; margin: 1 0 0 0; }
    CutView TableRows { margin: 1 0 0 0; }
    """
    NOTHING: ClassVar[str]
    """What an empty list says, where no filter makes it so."""
    FOOT: ClassVar[int] = 0
    """Lines that stand below the list."""

    def __init__(self, rows: TableRows[Any], *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = CutHead(self.LABEL.upper(), zone=zone, id=f"{self.KEY}-head")
        self._chart = OverTime(zone=zone, id=f"{self.KEY}-chart")
        self._rows = rows

    def compose(self) -> ComposeResult:
        """Head, chart, list."""
        yield from (self._head, self._chart, self._rows)

    @property
    def rows(self) -> TableRows[Any]:
        """The list."""
        return self._rows

    def named(self, row: Any) -> str:
        """What the chart calls a row."""
        raise NotImplementedError

    def color(self, row: Any, palette: Palette) -> Style:
        """What the chart paints it in."""
        return self._rows.color_of(row, palette)

    def now(self) -> int:
        """When the data were read."""
        return self._rows.now_ms

    def fill(self) -> None:
        """Gives every part its share."""
        found = self.data
        self._head.found = found
        self._head.redraw()
        limited = self.scope.is_limited
        self._rows.empty = "No call matches the filter; esc clears it." if limited else self.NOTHING
        if found is None:
            return
        dearest = sorted(found.rows, key=lambda row: -row.sums.priced_nusd)
        series = [Series(self.named(row), row.costs, row.tokens) for row in dearest]
        self._chart.take(series, found.slices)
        self._rows.ranks = {self._rows.name_of(row): rank for rank, row in enumerate(dearest)}
        self._rows.set_rows(found.rows, found.now_ms)

    def fit_parts(self, width: int, height: int) -> None:
        """The list keeps its room."""
        del width
        rows = len(self.data.rows) if self.data else 0
        foot = self.FOOT + 1 if self.FOOT else 0
        room = height - rows - 6 - foot
        self._chart.display = rows > 0 and (room >= _LEAST or height >= 22 + foot)
        tallest = _TALLEST if height < 50 else _TALLEST * 3 // 2
        self._chart.styles.height = max(_LEAST, min(tallest, room))
        small = height < 12
        self._rows.styles.margin = (0 if small else 1, 0, 0, 0)
        self.styles.padding = (0 if small else 1, 1, 0, 1)
