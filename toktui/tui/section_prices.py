"""The sections of a model about prices: what its calls could cost otherwise, and its rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from toktui.metrics.alternative import WhatIf
from toktui.tui import format as fmt
from toktui.tui.columns import Column
from toktui.tui.rates_lines import dollars
from toktui.tui.section_fields import NO_CALL
from toktui.tui.sections import Section
from toktui.tui.widgets.table_rows import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.metrics.rates_used import UsedRate
    from toktui.pricing.periods import BandRates


def what_if_section(
    found: Sequence[WhatIf], actual: int | None, *, lacks: bool
) -> Section:
    """The same calls otherwise; `actual` is what they cost, `lacks` whether some have no price."""
    cost = None if lacks else actual

    def change(one: WhatIf) -> float | None:
        return None if one.middle_nusd is None or not cost else one.middle_nusd / cost - 1

    fields: list[Field[WhatIf]] = [
        Field(Column("name", "instead", 20, False, 0), _what_name, lambda w: w.name, "instead",
              lambda _, p: p.strong, order=_what_name),
        Field(Column("kind", "", 10, False, 74), _what_kind),
        Field(Column("cost", "cost", 15, True, 0), _what_cost, lambda w: w.middle_nusd,
              "cost_nusd", lambda w, p: p.faint if w.middle_nusd is None else p.text),
        Field(Column("change", "change", 8, True, 40), lambda w: fmt.change(w.middle_nusd, cost),
              change),
        Field(Column("tokens", "tokens", 7, True, 100),
              lambda w: "" if w.ratio is None else f"×{w.ratio:.2f}", lambda w: w.ratio,
              "token_ratio"),
        Field(Column("scaled", "~ by tokens", 11, True, 66), _what_scaled,
              lambda w: w.scaled_nusd, "scaled_nusd"),
        Field(Column("note", "", 12, False, 112), what_note, style=lambda _, p: p.faint),
    ]  # fmt: skip
    measured = any(one.ratio is not None for one in found)
    empty = {*(() if cost else ("change",)), *(() if measured else ("tokens", "scaled"))}
    ratio = ": ~ has a measured ratio" if measured else ""
    return Section(
        "what if", "what if", [one for one in fields if one.column.name not in empty], found,
        NO_CALL, sorted_by="",
        grow=(("name", 30), ("note", 90)), name_of=lambda one: (one.kind, one.name),
        note=f"the same tokens at today's rates; tokenizers differ{ratio}",
        about=what_note,
    )  # fmt: skip


def _what_name(one: WhatIf) -> str:
    return fmt.model_name(one.name) if one.kind == "model" and "/" not in one.name else one.name


def _what_kind(one: WhatIf) -> str:
    if one.kind == "model":
        return "used here" if one.used else ""
    return "same model"


def _what_cost(one: WhatIf) -> str:
    low = fmt.money(one.low_nusd)
    return low if one.is_exact or one.low_nusd is None else f"{low} – {fmt.money(one.high_nusd)}"


def _what_scaled(one: WhatIf) -> str:
    return "" if one.scaled_nusd is None else fmt.money(one.scaled_nusd, estimated=True)


def what_note(one: WhatIf) -> str:
    """What is to be known of an alternative."""
    if not one.is_exact and one.middle_nusd is not None:
        return "between: which prompts were long is looked up for up to 12 000 calls"
    return one.note


class _Band(NamedTuple):
    """A rate of the tier, of prompts of some length."""

    order: int
    used: UsedRate
    rates: BandRates


def rates_section(rates: Sequence[UsedRate]) -> Section:
    """Every rate of the tier, with its bands, the newest first."""
    bands = [
        _Band(order, used, band)
        for order, used in enumerate(reversed(rates))
        for band in used.rate.bands
    ]
    fields: list[Field[_Band]] = [
        Field(Column("since", "since", 10, False, 0), _since, lambda b: _valid_from(b.used),
              style=lambda _, p: p.strong),
        Field(Column("until", "until", 10, False, 100), _until, style=lambda _, p: p.dim),
        Field(Column("above", "beyond", 6, True, 88),
              lambda b: fmt.window(b.rates.above) if b.rates.above else "",
              lambda b: b.rates.above, "beyond_tokens"),
        *(_rate(*column) for column in (
            (0, "input", "input", 0), (1, "read", "read", 40), (2, "write5m", "write 5m", 60),
            (3, "write1h", "write 1h", 70), (4, "output", "output", 0),
        )),
        Field(Column("name", "source", 12, False, 76),
              lambda b: f"{b.used.rate.source.id} of {b.used.rate.source.date.isoformat()}",
              lambda b: b.used.rate.source.id, "source"),
    ]  # fmt: skip
    return Section(
        "rates", "rates", fields, bands, "Nobody documents a rate.", sorted_by="",
        grow=(("name", 48),), name_of=lambda band: (band.used.rate.rate_id, band.rates.above),
        note="dollars per million tokens",
    )  # fmt: skip


def _rate(index: int, name: str, head: str, needs: int) -> Field[_Band]:
    def units(band: _Band) -> int | None:
        return band.rates.rates[index] if band.rates.published[index] else None

    def shown(band: _Band) -> str:
        found = units(band)
        return fmt.UNKNOWN if found is None else dollars(found)

    named = f"{name}_nusd_per_million"
    return Field(Column(name, head, 8, True, needs), shown, units, named)


def _valid_from(used: UsedRate) -> str:
    day = used.rate.valid_from
    return "always" if day is None else day.isoformat()


def _since(band: _Band) -> str:
    return "" if band.rates.above else _valid_from(band.used)


def _until(band: _Band) -> str:
    until = band.used.until
    return until.isoformat() if until and not band.rates.above else ""
