"""Models: what each costs in each tier, at which rates, and what has no price yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.models import ModelRow, Models, load_models
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.cut_view import CutView
from toktui.tui.view import Open
from toktui.tui.widgets.chosen_rates import FOOT, ChosenRates
from toktui.tui.widgets.cut_fields import cut_fields
from toktui.tui.widgets.paged_rows import PagedRows
from toktui.tui.widgets.table_rows import Field, TableRows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.style import Style
    from textual.app import ComposeResult

    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_NEEDS: Final = {
    "calls": 52, "tokens": 60, "hit": 34, "saved": 188, "trend": 92, "share": 40,
}  # fmt: skip
_BUCKETS: Final = (
    ("input", "in $/M", 8, 150, "input"),
    ("read", "read $/M", 8, 77, "read"),
    ("write5m", "5m $/M", 8, 168, "write_5m"),
    ("write1h", "1h $/M", 8, 178, "write_1h"),
    ("output", "out $/M", 8, 114, "output"),
)
"""Of each bucket: the column, its head, how wide it is, where it is seen, how files name it."""
_GROW: Final = (("model", 24), ("trend", 30), ("model", 40))


class ModelsView(CutView[Models]):
    """Cost over time by model, a line for each, and the rates of the chosen one."""

    KEY, LABEL, PLACE = "models", "Models", 4
    MEANINGS = (
        *CutView.KEYS,
        ("enter", "open it: rates over time, projects, sessions, what if"),
        ("$/M", "what a million tokens did cost on average: cost of the bucket by its tokens"),
        ("$/1k out", "what a thousand tokens of output did cost, with all that was sent for them"),
        ("reasons", "share of the output that is reasoning"),
        ("share", "of the cost of all that is shown"),
    )
    NOTHING = "No calls yet. What models cost is shown as soon as an agent has called one."
    FOOT = FOOT

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        rows = TableRows[ModelRow](
            self._fields(), id="model-rows", grow=_GROW, sorted_by="cost",
            name_of=lambda row: (row.name, row.tier),
            comes_first=lambda row: bool(row.sums.unpriced),
        )  # fmt: skip
        super().__init__(rows, zone=zone, about=about)
        self._foot = ChosenRates(id="models-foot")

    def compose(self) -> ComposeResult:
        """Head, chart, list, rates."""
        yield from super().compose()
        yield self._foot

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
        """Counts the models, and those without a price."""
        rows = self.data.rows if self.data else ()
        unpriced = sum(bool(row.sums.unpriced) for row in rows)
        self._head.counted = fmt.plural(len({row.name for row in rows}), "model")
        self._head.warning = f"{unpriced} without a price" if unpriced else ""
        super().fill()

    def fit_parts(self, width: int, height: int) -> None:
        """The rates give way last."""
        super().fit_parts(width, height)
        rows = len(self.data.rows) if self.data else 0
        self._foot.display = rows > 0 and height >= 14
        self._foot.styles.height = FOOT if height < 40 else FOOT + 4

    def named(self, row: ModelRow) -> str:
        """The model, and its tier if that is another than standard."""
        name = fmt.model_name(row.name)
        return name if row.tier == "standard" else f"{name} {row.tier}"

    def on_table_rows_moved(self) -> None:
        """Shows the rates of another model."""
        self._foot.row = self._rows.chosen
        self._foot.redraw()

    def on_paged_rows_chosen(self, message: PagedRows.Chosen) -> None:
        """Opens a model."""
        self.post_message(Open("model", (message.row.name, message.row.tier)))

    def _fields(self) -> list[Field[ModelRow]]:
        sums = cut_fields(_NEEDS, self.color)
        return [
            Field(Column("model", "model", 16, False, 0), lambda r: fmt.model_name(r.name),
                  lambda r: r.name, style=_name_style),
            Field(Column("tier", "tier", 8, False, 104), lambda r: r.tier,
                  style=lambda r, p: p.faint if r.tier == "standard" else p.text),
            sums["calls"], sums["tokens"], sums["hit"],
            Field(Column("reasoning", "reasons", 7, True, 126), _reasoning,
                  lambda r: r.reasoning_share, "reasoning_share"),
            *(_paid(index) for index in range(len(_BUCKETS))),
            Field(Column("per_output", "$/1k out", 8, True, 68), lambda r: fmt.money(r.per_output),
                  lambda r: r.per_output, "nusd_per_thousand_output"),
            sums["saved"], sums["trend"], sums["share"], sums["cost"],
        ]  # fmt: skip


def _paid(index: int) -> Field[ModelRow]:
    """What a million tokens of a bucket did cost."""
    name, head, width, needs, named = _BUCKETS[index]
    return Field(
        Column(name, head, width, True, needs), lambda r: fmt.money(r.effective[index]),
        lambda r: r.effective[index], f"{named}_nusd_per_million",
    )  # fmt: skip


def _reasoning(row: ModelRow) -> str:
    return fmt.percent(row.reasoning_share) if row.sums.reasoning else ""


def _name_style(row: ModelRow, palette: Palette) -> Style:
    return palette.warning if row.sums.unpriced else palette.strong


VIEW: Final = ModelsView
