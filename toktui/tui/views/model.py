"""One model: its rates over time, projects and sessions, and what the calls could cost instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.model_detail import ModelDetail, load_model
from toktui.metrics.models import effective, per_output
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends
from toktui.tui.section_items import (
    kinds_section,
    parts_section,
    rates_section,
    sessions_section,
    what_if_section,
)
from toktui.tui.sections import SectionsView
from toktui.tui.widgets.drawing import Drawing
from toktui.tui.widgets.over_time import Series
from toktui.tui.widgets.sorted_rows import range_words
from toktui.tui.widgets.today import saved_money, sum_money

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.tui.refresher import Reading
    from toktui.tui.sections import Section
    from toktui.tui.theme import Palette

_WORDS: Final = ("in", "read", "5m", "1h", "out")


class ModelHead(Drawing):
    """The totals, and what a million tokens of each bucket did cost."""

    detail: ModelDetail | None = None

    def __init__(self, *, zone: ZoneInfo, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """Three lines."""
        del height
        found = self.detail
        if found is None:
            return [Line().add("MODEL", palette.dim)]
        sums = found.whole.sums
        title = Line().add("MODEL  ", palette.dim).add(found.name, palette.strong)
        if found.tier != "standard":
            title.add(f"  {found.tier}", palette.text)
        title.add("   ").add(sum_money(sums), palette.hot)
        if found.provider:
            title.add(f"   {found.provider}", palette.faint)
        if found.window:
            title.add(f", window {fmt.window(found.window)}", palette.faint)
        dates = Line().add(range_words(found.whole.slices, self._zone), palette.faint)
        counts = (
            Line()
            .add(fmt.plural(sums.calls, "call"), palette.text)
            .add(f"  {fmt.tokens(sums.tokens)} tokens", palette.dim)
            .add(f"  {fmt.percent(sums.cache_hit_rate)} hit", palette.dim)
            .add(f"  saved {saved_money(sums)}", palette.dim)
        )
        if sums.reasoning and sums.output:
            share = fmt.percent(sums.reasoning / sums.output)
            counts.add(f"  {share} of output is reasoning", palette.faint)
        if sums.unpriced or not sums.calls:
            return [both_ends(title, dates, width, keep_left=True), counts]
        paid = Line().add("paid per M  ", palette.faint)
        for word, nusd in zip(_WORDS, effective(sums), strict=True):
            if nusd is not None:
                paid.add(f"{word} ", palette.faint).add(f"{fmt.money(nusd)}  ", palette.text)
        paid.add("all in per 1k out ", palette.faint)
        paid.add(fmt.money(per_output(sums)), palette.text)
        return [both_ends(title, dates, width, keep_left=True), counts, paid]


class ModelView(SectionsView[ModelDetail]):
    """What if, rates, projects, agents, sub-agents, sessions."""

    KEY, LABEL = "model", "Model"
    LED_TO_BY = ("models", "enter")
    MEANINGS = (
        *SectionsView.KEYS,
        ("enter", "open a project or a session"),
        ("what if", "the same calls otherwise: every call, its tokens as they were counted"),
        ("~ by tokens", "with the tokens that the other model's tokenizer makes, where measured"),
        ("$1 – $2", "between: beyond so many tokens of a prompt the model costs more"),
    )

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        self._summary = ModelHead(zone=zone, id="model-head")
        super().__init__(self._summary, zone=zone, about=about or ("", "standard"))

    @classmethod
    def load(cls, reading: Reading, about: Any) -> ModelDetail:
        """Sums of the rollup, and what few calls say."""
        name, tier = about
        return load_model(
            reading.db,
            reading.book,
            name,
            tier,
            filters=reading.scope.filters,
            within=reading.scope.within,
            now_ms=reading.now_ms,
            zone=reading.zone,
        )

    @property
    def title(self) -> str:
        """The model, and its tier if that is another than standard."""
        name, tier = self.about
        shown = fmt.model_name(name)
        return shown if tier == "standard" else f"{shown} {tier}"

    def fill(self) -> None:
        """Gives every part its share."""
        self._summary.detail = self.data
        self._summary.redraw()
        if self.data is not None:
            self._chart.take(self.series(), self.data.whole.slices)
            self.show_sections()

    def head_lines(self, width: int) -> int:
        """Title, counts, prices."""
        del width
        return 3

    def series(self) -> Sequence[Series]:
        """By project."""
        parts = self.data.whole.parts if self.data else ()
        return [
            Series(fmt.project_name(part.name), part.costs, part.tokens)
            for part in parts
            if part.key == "project"
        ]

    def series_of(self) -> str:
        """The projects."""
        return "project"

    def sections(self) -> Sequence[Section]:
        """In the order of what is asked most."""
        found = self.data
        if found is None:
            return ()
        whole, zone, now_ms = found.whole, self.zone, found.now_ms
        sums = whole.sums
        return (
            what_if_section(found.otherwise, sums.cost_nusd, lacks=bool(sums.unpriced)),
            rates_section(found.rates),
            parts_section("project", "projects", whole.parts, zone, now_ms),
            parts_section("agent", "agents", whole.parts, zone, now_ms),
            kinds_section(whole.kinds),
            sessions_section(
                whole.sessions, zone, now_ms, "what each did on this model, in its whole life"
            ),
        )


VIEW: Final = ModelView
