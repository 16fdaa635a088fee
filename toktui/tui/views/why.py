"""Why a call costs what it costs: the bytes, the rates, the multiplication."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from toktui.clock import iso
from toktui.metrics.find import Target
from toktui.metrics.why import CallSeen, load_why
from toktui.text import clean
from toktui.tui import format as fmt
from toktui.tui.lines import Line, both_ends, by_words, wrapped
from toktui.tui.view import View
from toktui.tui.widgets.pages import Pages

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from textual.app import ComposeResult

    from toktui.metrics.searches import SearchSeen
    from toktui.metrics.why import SightingSeen
    from toktui.metrics.why_price import Priced
    from toktui.tui.refresher import Reading
    from toktui.tui.theme import Palette

_NAMES: Final = {
    "input": "input", "cache_read": "cache read", "cache_write_5m": "cache write 5m",
    "cache_write_1h": "cache write 1h", "output": "output", "fees": "web searches",
}  # fmt: skip
_MOST_COPIES: Final = 50
_MOST_NOTES: Final = 4


class WhyView(View["CallSeen | None"]):
    """The evidence for one call."""

    KEY, LABEL = "why", "Why"
    LED_TO_BY = ("session", "w")
    FILTERED = "not here"
    MEANINGS = (
        ("↑ ↓ pgup pgdn", "scroll"),
        ("counted", "the line that the call is counted at"),
        ("copy", "a line that reports it again, with the reason; never counted"),
    )
    DEFAULT_CSS = "WhyView { layout: vertical; padding: 1 1 0 1; }"

    def __init__(self, *, zone: ZoneInfo, about: Any = None) -> None:
        super().__init__(zone=zone, about=int(about or 0))
        self._pages = Pages(self._lines, id="why-pages")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._pages

    @classmethod
    def load(cls, reading: Reading, about: int) -> CallSeen | None:
        """The call with all its copies; the lines are read from the logs."""
        target = Target("call", about, "", "")
        calls = load_why(reading.db, reading.book, target, copies=True).calls
        return calls[0] if calls else None

    def fill(self) -> None:
        """Writes the text anew."""
        self._pages.redraw()

    def _lines(self, width: int, palette: Palette) -> list[Line]:
        call = self.data
        if call is None:
            return [Line().add("…", palette.faint)]
        lines = self._facts(call, width, palette)
        lines.append(Line())
        lines.extend(_rates(call, width, palette))
        lines.extend(_multiplication(call, palette))
        counted = [seen for seen in call.sightings if seen.counted]
        copies = [seen for seen in call.sightings if not seen.counted]
        for seen in [*counted, *copies[:_MOST_COPIES]]:
            lines.append(Line())
            lines.extend(_sighting(seen, self.home, width, palette, alone=len(call.sightings) == 1))
        if len(copies) > _MOST_COPIES:
            more = fmt.plural(len(copies) - _MOST_COPIES, "more copy", "more copies")
            lines.append(Line().add(more, palette.faint))
        for search in call.searches:
            lines.append(Line())
            lines.extend(_search(search, self.home, width, palette))
        return lines

    def _facts(self, call: CallSeen, width: int, palette: Palette) -> list[Line]:
        name = (
            Line().add("WHY  ", palette.dim).add(fmt.exact_money(call.cost_nusd), palette.hot)
            .add(" list cost", palette.faint)
        )  # fmt: skip
        served = [call.model or fmt.UNKNOWN]
        if call.tier != "standard":
            served.append(call.tier)
        if call.geo:
            served.append(call.geo)
        when = Line().add(iso(call.at_ms), palette.dim)
        facts = [
            ("call", call.id), ("model", ", ".join(served)),
            ("exactness", ", ".join((call.exactness, *call.flags))), ("agent", call.agent),
            ("session", call.session), ("sub-agent", call.agent_id),
            ("project", f"{call.project} on {call.branch}" if call.branch else call.project),
        ]  # fmt: skip
        if call.spread is not None:
            low, high = map(fmt.grouped, call.spread)
            facts += [
                ("output", f"~{fmt.grouped(call.tokens.output)} ({low} to {high}), from its text"),
                ("input", "only what the user wrote: at least that was sent"),
            ]
        if call.estimate is not None:
            more = call.estimate
            low, high = fmt.grouped(more.low), fmt.grouped(more.high)
            facts.append(("probably", f"+{fmt.grouped(more.output)} output ({low} to {high})"))
        if call.reported_nusd is not None:
            facts.append(("agent says", fmt.exact_money(call.reported_nusd)))
        rows = [
            Line().cell(word, 11, palette.faint).add(clean(value, max(8, width - 12)), palette.text)
            for word, value in facts
            if value
        ]
        return [both_ends(name, when, width), Line(), *rows]


def _rates(call: CallSeen, width: int, palette: Palette) -> list[Line]:
    found = call.derivation
    said = by_words(clean(call.note or "", 300), width, _MOST_NOTES)
    notes = [Line().add(part, palette.warning) for part in said]
    if found is None:
        return notes
    since = "since the model exists"
    if found.valid_from is not None:
        since = f"valid from {found.valid_from.isoformat()}"
    head = Line().add("RATES  ", palette.dim)
    indent = head.width
    head.add(f"{call.priced_as} ({found.provider}), {found.tier}, {since}", palette.text)
    source = f"source {found.source_id} of {found.source_date.isoformat()}"
    if head.width + 2 + len(source) <= width:
        lines = [head.add(f"  {source}", palette.faint)]
    else:
        lines = [head, Line().add(" " * indent).add(source, palette.faint)]
    if found.before_first_date:
        lines.append(Line().add("older than the first known price, which is used", palette.warning))
    if found.above:
        band = f"band for prompts of more than {fmt.grouped(found.above)} tokens"
        lines.append(Line().add(band, palette.dim))
    for multiplier in found.multipliers:
        factor = Decimal(multiplier.numerator) / Decimal(multiplier.denominator)
        where = "already in the rates" if multiplier.in_rates else "times the cost of the tokens"
        lines.append(Line().add(f"{multiplier.name} ×{factor.normalize():f}, {where}", palette.dim))
    return [*lines, *notes]


def _multiplication(call: CallSeen, palette: Palette) -> list[Line]:
    lines: list[Line] = []
    for part in call.parts:
        lines.append(
            Line()
            .cell(_NAMES[part.part], 16, palette.dim)
            .cell(fmt.grouped(part.count), 14, palette.text, "right")
            .cell(_rate(part), 24, palette.dim, "right")
            .cell(fmt.exact_money(part.nusd), 18, palette.text, "right")
        )
    if not call.parts:
        counts = (
            ("input", call.tokens.input), ("cache read", call.tokens.cache_read),
            ("cache write 5m", call.tokens.cache_write_5m),
            ("cache write 1h", call.tokens.cache_write_1h), ("output", call.tokens.output),
        )  # fmt: skip
        lines = [
            Line().cell(word, 16, palette.dim).cell(fmt.grouped(count), 14, palette.text, "right")
            for word, count in counts
            if count
        ]
    lines.append(
        Line()
        .cell("total", 16, palette.strong)
        .cell(fmt.grouped(call.tokens.total), 14, palette.strong, "right")
        .cell("tokens", 24, palette.faint, "right")
        .cell(fmt.exact_money(call.cost_nusd), 18, palette.hot, "right")
    )
    return lines


def _rate(part: Priced) -> str:
    if part.rate is None:
        return fmt.UNKNOWN
    dollars = f"{Decimal(part.rate) / 10**9:f}"
    whole, _, rest = dollars.partition(".")
    shown = f"× ${whole}.{rest.rstrip('0'):0<2}"
    return f"{shown} each" if part.part == "fees" else f"{shown} /M"


def _sighting(
    seen: SightingSeen, home: str, width: int, palette: Palette, *, alone: bool
) -> list[Line]:
    role = "COUNTED" if seen.counted else f"COPY  {seen.reason}"
    if seen.kind == "ledger":
        role = "LEDGER"
    head = Line().add(role, palette.dim if not seen.counted else palette.good)
    if seen.gives_numbers and not alone:
        head.add("  gives the numbers", palette.accent)
    return _quoted(head, seen, home, width, palette)


def _search(seen: SearchSeen, home: str, width: int, palette: Palette) -> list[Line]:
    head = Line().add(f"SEARCHES  {fmt.grouped(seen.count)}", palette.dim)
    return _quoted(head, seen, home, width, palette)


def _quoted(
    head: Line, seen: SightingSeen | SearchSeen, home: str, width: int, palette: Palette
) -> list[Line]:
    quote = seen.quote
    place = quote.row or "an entry" if quote.at is None else f"byte {fmt.grouped(quote.at)}"
    head.add(f"  {place}, {fmt.grouped(seen.length)} long", palette.faint)
    lines = [head, Line().add(clean(fmt.place(seen.log, home), max(8, width)), palette.dim)]
    if seen.quote.state != "read":
        return [*lines, Line().add(clean(seen.quote.why, 200), palette.warning)]
    return [*lines, *wrapped(seen.quote.excerpt(), width, palette.faint)]


VIEW: Final = WhyView
