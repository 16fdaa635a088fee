"""One model: its rates over time, projects and sessions, and what the calls could cost instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from toktui.metrics.model_detail import ModelDetail, load_model
from toktui.metrics.models import effective, per_output
from toktui.tui import format as fmt
from toktui.tui.lines import Line
from toktui.tui.section_fields import kinds_section, parts_section, sessions_section
from toktui.tui.section_prices import rates_section, what_if_section
from toktui.tui.sections import SectionsView
from toktui.tui.widgets.detail_head import DetailHead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.parts import Part, Whole
    from toktui.metrics.sums import Sums
    from toktui.tui.refresher import Reading
    from toktui.tui.sections import Section
    from toktui.tui.theme import Palette

_WORDS: Final = ("in", "read", "5m", "1h", "out")


class ModelHead(DetailHead):
    """Also the maker, the window, and what a million tokens of each bucket did cost."""

    LINES = 3

    def called(self, palette: Palette) -> Line:
        """With its tier if that is another than standard."""
        found: ModelDetail = self.data
        line = Line().add(found.name, palette.strong)
        return line if found.tier == "standard" else line.add(f"  {found.tier}", palette.text)

    def more(self, sums: Sums, palette: Palette) -> Line:
        """Who makes it, and how much it holds."""
        found: ModelDetail = self.data
        words = [found.provider] if found.provider else []
        if found.window:
            words.append(f"window {fmt.window(found.window)}")
        if sums.reasoning and sums.output:
            words.append(f"{fmt.percent(sums.reasoning / sums.output)} of output is reasoning")
        return Line().add(", ".join(words), palette.faint)

    def draw(self, width: int, height: int, palette: Palette) -> Sequence[Line]:
        """A line more."""
        lines = super().draw(width, height, palette)
        sums = self.whole.sums if self.whole else None
        if sums is None or not sums.calls:
            return lines
        if sums.unpriced:
            without = f"{fmt.plural(sums.unpriced, 'call')} without a price   "
            return [
                *lines,
                Line().add(without, palette.warning).add("toktui prices set", palette.accent)
                .add(" gives a model one", palette.faint),
            ]  # fmt: skip
        paid = Line().add("paid per M  ", palette.faint)
        for word, nusd in zip(_WORDS, effective(sums), strict=True):
            if nusd is not None:
                paid.add(f"{word} ", palette.faint).add(f"{fmt.money(nusd)}  ", palette.text)
        if (nusd := per_output(sums)) is not None:
            paid.add("all in per 1k out ", palette.faint).add(fmt.money(nusd), palette.text)
        return [*lines, paid]


class ModelView(SectionsView[ModelDetail]):
    """What if, rates, projects, agents, sub-agents, sessions."""

    KEY, LABEL = "model", "Model"
    LED_TO_BY = ("models", "enter")
    CHARTED = "project"
    MEANINGS = (
        *SectionsView.KEYS,
        ("enter", "open a project or a session"),
        ("what if", "the same calls otherwise: every call, its tokens as they were counted"),
        ("~ by tokens", "with the tokens that the other model's tokenizer makes, where measured"),
        ("$1 – $2", "between: beyond so many tokens of a prompt the model costs more"),
    )

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        head = ModelHead("MODEL", zone=zone, id="model-head")
        super().__init__(head, zone=zone, about=about or ("", "standard"))

    @classmethod
    def load(cls, reading: Reading, about: Any) -> ModelDetail:
        """Sums of the rollups, and what few calls say."""
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

    def whole(self, data: ModelDetail) -> Whole:
        """All calls of the model and tier."""
        return data.whole

    def named(self, part: Part) -> str:
        """A project."""
        return fmt.project_name(part.name)

    def sections(self, data: ModelDetail) -> Sequence[Section]:
        """In the order of what is asked most."""
        whole, zone, now_ms = data.whole, self.zone, data.now_ms
        sums = whole.sums
        return (
            what_if_section(data.otherwise, sums.cost_nusd, lacks=bool(sums.unpriced)),
            rates_section(data.rates),
            parts_section("project", "projects", whole.parts, zone, now_ms, self.color),
            parts_section("agent", "agents", whole.parts, zone, now_ms, self.color),
            kinds_section(whole.kinds),
            sessions_section(
                whole.sessions, zone, now_ms, "what each did on this model, in its whole life"
            ),
        )


VIEW: Final = ModelView
