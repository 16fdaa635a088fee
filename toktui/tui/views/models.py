"""Models: what each costs in each tier, at which rates, and what has no price yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from toktui.metrics.models import ModelRow, Models, load_models
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.lines import Line, both_ends
from toktui.tui.rates_lines import how_to_price, rate_lines
from toktui.tui.sorted_view import SortedView
from toktui.tui.view import Open
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import OverTime, Series
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.sorted_rows import SortedRows, range_words, trend
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

FOOT: Final = 4
"""Lines about the chosen model."""


class ModelRows(SortedRows):
    """A line for each model and tier; what is unpriced stands first."""

    COLUMNS = (
        Column("model", "model", 16, False, 0),
        Column("tier", "tier", 8, False, 104),
        Column("calls", "calls", 6, True, 52),
        Column("tokens", "tokens", 6, True, 60),
        Column("hit", "hit", 6, True, 0),
        Column("reasoning", "reasons", 7, True, 126),
        Column("input", "in $/M", 7, True, 150),
        Column("read", "read $/M", 8, True, 77),
        Column("write5m", "5m $/M", 7, True, 168),
        Column("write1h", "1h $/M", 7, True, 178),
        Column("output", "out $/M", 8, True, 114),
        Column("per_output", "$/1k out", 8, True, 68),
        Column("saved", "saved", 7, True, 188),
        Column("trend", "over time", 12, False, 92),
        Column("share", "share", 6, True, 40),
        Column("cost", "cost", 8, True, 0),
    )
    GROW = (("model", 24), ("trend", 30), ("model", 40))
    TEXTS = frozenset({"model", "tier"})
    BUCKETS: ClassVar[dict[str, int]] = {
        "input": 0, "read": 1, "write5m": 2, "write1h": 3, "output": 4,
    }  # fmt: skip

    def name_of(self, row: ModelRow) -> object:
        """The model and its tier."""
        return row.name, row.tier

    def comes_first(self, row: ModelRow) -> bool:
        """What has no price comes first."""
        return bool(row.sums.unpriced)

    def value(self, row: ModelRow, name: str) -> Any:
        """What a column is sorted by."""
        sums = row.sums
        if name in self.BUCKETS:
            return row.effective[self.BUCKETS[name]]
        match name:
            case "model":
                return row.name
            case "tier":
                return row.tier
            case "calls":
                return sums.calls
            case "tokens":
                return sums.tokens
            case "hit":
                return sums.cache_hit_rate
            case "reasoning":
                return row.reasoning_share
            case "per_output":
                return row.per_output
            case "saved":
                return sums.saved_nusd
            case "share":
                return row.cost_share
            case _:
                return sums.cost_nusd

    def cells(
        self, line: Line, row: ModelRow, column: Column, width: int, palette: Palette
    ) -> None:
        """Appends the cell of a column."""
        sums, text, style = row.sums, "", palette.dim
        unpriced = bool(sums.unpriced)
        if column.name in self.BUCKETS:
            text = fmt.money(row.effective[self.BUCKETS[column.name]])
        match column.name:
            case "model":
                text, style = fmt.model_name(row.name), palette.strong
                style = palette.warning if unpriced else style
            case "tier":
                text = row.tier
                style = palette.faint if text == "standard" else palette.text
            case "calls":
                text = fmt.tokens(sums.calls)
            case "tokens":
                text = ("~" if sums.estimated else "") + fmt.tokens(sums.tokens)
            case "hit":
                text = fmt.percent(sums.cache_hit_rate)
            case "reasoning":
                text = fmt.percent(row.reasoning_share) if sums.reasoning else ""
            case "per_output":
                text = fmt.money(row.per_output)
            case "saved":
                text = saved_money(sums)
            case "trend":
                values = row.costs if any(row.costs) else row.tokens
                trend(line, values, width, palette, self.color_of(row, palette))
                return
            case "share":
                text = fmt.percent(None if sums.cost_nusd is None else row.cost_share)
            case "cost":
                text = sum_money(sums)
                style = palette.faint if sums.cost_nusd is None else palette.text
            case _:
                pass
        line.cell(text, width, style, "right" if column.right else "left")


class ModelsHead(Drawing):
    """How many models, and what they amount to."""

    DEFAULT_CSS = "ModelsHead { height: 1; }"
    models: Models | None = None
    filtered = ""

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """One line."""
        del height
        left = Line().add("MODELS", palette.dim)
        found = self.models
        if found is None:
            return [left]
        names = {row.name for row in found.rows}
        left.add(f"  {fmt.plural(len(names), 'model')}", palette.text)
        left.add("   ").add(sum_money(found.sums), palette.hot)
        unpriced = sum(bool(row.sums.unpriced) for row in found.rows)
        if unpriced:
            left.add(f"   {unpriced} without a price", palette.warning)
        left.add(f"   {fmt.percent(found.sums.cache_hit_rate)} hit", palette.dim)
        right = Line().add(range_words(found.slices, self._zone), palette.faint)
        return [both_ends(left, right, width, keep_left=True)]


class ChosenRates(Drawing):
    """The rates that applied to the chosen model, or how to price it."""

    DEFAULT_CSS = f"ChosenRates {{ height: {FOOT}; margin: 1 0 0 0; }}"
    row: ModelRow | None = None

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """The latest rates first in line, as many as there is room for."""
        row = self.row
        if row is None:
            return []
        name = Line().add(row.name, palette.strong)
        if row.tier != "standard":
            name.add(f" {row.tier}", palette.text)
        logged = [text for text in row.logged if text != row.name]
        if logged:
            name.add(f"  in logs {', '.join(logged)}", palette.faint)
        if row.sums.unpriced:
            lines = how_to_price(row, palette)
        else:
            each = [rate_lines(used, width, palette) for used in reversed(row.rates)]
            lines = [line for group in each for line in group]
            name.add("   ").add(fmt.plural(len(row.rates), "rate"), palette.faint)
            name.add(" applied, enter shows what if", palette.faint)
        if len(lines) > height - 1:
            more = len(lines) - height + 2
            lines = [*lines[: height - 2], Line().add(f"and {more} lines more", palette.faint)]
        return [name, *lines]


class ModelsView(SortedView[Models]):
    """Cost over time by model, a line for each, and the rates of the chosen one."""

    KEY, LABEL, PLACE = "models", "Models", 4
    MEANINGS = (
        *SortedView.KEYS,
        ("enter", "open it: rates over time, projects, sessions, what if"),
        ("$/M", "what a million tokens did cost on average: cost of the bucket by its tokens"),
        ("$/1k out", "what a thousand tokens of output did cost, with all that was sent for them"),
        ("reasons", "share of the output that is reasoning"),
        ("share", "of the cost of all that is shown"),
    )
    DEFAULT_CSS = """
    ModelsView { layout: vertical; padding: 1 1 0 1; }
    ModelsView OverTime { height: 9; margin: 1 0 0 0; }
    ModelsView ModelRows { margin: 1 0 0 0; }
    """

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=about)
        self._head = ModelsHead(zone=zone, id="models-head")
        self._chart = OverTime(zone=zone, id="models-chart")
        self._rows = ModelRows(id="model-rows", sorted_by="cost")
        self._foot = ChosenRates(id="models-foot")

    def compose(self) -> ComposeResult:
        """Head, chart, list, rates."""
        yield from (self._head, self._chart, self._rows, self._foot)

    @classmethod
    def load(cls, reading: Reading, about: Any) -> Models:
        """Sums of the rollup."""
        del about
        return load_models(
            reading.db,
            reading.book,
            filters=reading.scope.filters,
            within=reading.scope.within,
            now_ms=reading.now_ms,
            zone=reading.zone,
        )

    def fill(self) -> None:
        """Gives every part its share."""
        found = self.data
        self._head.models = found
        self._head.redraw()
        self._rows.empty = (
            "No call matches the filter; escape clears it."
            if self.scope.is_limited
            else "No calls yet. What models cost is shown as soon as an agent has called one."
        )
        if found is None:
            return
        dearest = sorted(found.rows, key=lambda row: -row.sums.priced_nusd)
        series = [Series(series_name(row), row.costs, row.tokens) for row in dearest]
        self._chart.take(series, found.slices)
        self._rows.ranks = {(row.name, row.tier): rank for rank, row in enumerate(dearest)}
        self._rows.show_rows(found.rows, found.now_ms)

    def fit_parts(self, width: int, height: int) -> None:
        """The rates give way last."""
        rows = len(self.data.rows) if self.data else 0
        chart = height - rows - FOOT - 7
        self._chart.display = rows > 0 and height >= 26
        self._chart.styles.height = max(7, min(16 if height < 50 else 24, chart))
        self._foot.display = rows > 0 and height >= 14
        self._foot.styles.height = FOOT if height < 40 else FOOT + 4
        small = height < 12
        self._rows.styles.margin = (0 if small else 1, 0, 0, 0)
        self.styles.padding = (0 if small else 1, 1, 0, 1)
        del width

    @property
    def rows(self) -> SortedRows:
        """The list."""
        return self._rows

    def on_sorted_rows_moved(self) -> None:
        """Shows the rates of another model."""
        self._foot.row = self._rows.chosen
        self._foot.redraw()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a model."""
        self.post_message(Open("model", (message.row.name, message.row.tier)))


def series_name(row: ModelRow) -> str:
    """A model, and its tier if that is another than standard."""
    name = fmt.model_name(row.name)
    return name if row.tier == "standard" else f"{name} {row.tier}"


VIEW: Final = ModelsView
