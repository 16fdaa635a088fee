"""The head of one model or project: its name, what it cost, when, and the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import range_words
from toktui.tui.widgets.today import hit_text, saved_money, sum_money, sum_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.parts import Whole
    from toktui.metrics.sums import Sums
    from toktui.tui.theme import Palette


class DetailHead(Drawing):
    """The name and the totals; subclasses add what else is to be said."""

    LINES: ClassVar[int] = 2

    def __init__(self, title: str, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._zone = zone
        self.whole: Whole | None = None
        self.data: Any = None

    def take(self, whole: Whole | None, data: Any) -> None:
        """Shows this."""
        self.whole, self.data = whole, data
        self.redraw()

    def called(self, palette: Palette) -> Line:
        """What it is called."""
        raise NotImplementedError

    def more(self, sums: Sums, palette: Palette) -> Line:
        """What stands at the right of the counts."""
        del sums, palette
        return Line()

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Name and cost; counts."""
        del height
        whole = self.whole
        title = Line().add(f"{self._title}  ", palette.dim)
        if whole is None:
            return [title]
        sums = whole.sums
        title.extend(self.called(palette).pieces)
        if sums.calls:
            title.add("   ").add(sum_money(sums), palette.hot)
        dates = Line().add(range_words(whole.slices, self._zone), palette.faint)
        counts = Line().add(fmt.plural(sums.calls, "call"), palette.text)
        if sums.calls:
            counts.add(f"  {sum_tokens(sums)} tokens", palette.dim)
            counts.add(f"  {hit_text(sums)} hit", palette.dim)
            counts.add(f"  saved {saved_money(sums)}", palette.dim)
        return [
            both_ends(title, dates, width, keep_left=True),
            both_ends(counts, self.more(sums, palette), width, keep_left=True),
        ]
