"""Models, and what their calls would have cost otherwise, as a document and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import UNSET, UnsetType

from toktui.clock import iso
from toktui.export.figures import UNKNOWN, count, count_of, dollars, lacks_output, percent, short
from toktui.export.table import Column, Table, as_text
from toktui.model import BUCKETS
from toktui.text import clean

if TYPE_CHECKING:
    from toktui.metrics.alternative import WhatIf
    from toktui.metrics.models import ModelRow, Models
    from toktui.metrics.rates_used import UsedRate
    from toktui.metrics.what_if import WhatIfs

_NUSD = 1_000_000_000


class RateDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that applied; nano-dollars per million tokens, null where the vendor has none."""

    valid_from: str | None
    until: str | None
    source: str
    source_date: str
    bands: tuple[dict[str, int | None], ...]


class ModelDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A model in a tier; unknown is null."""

    model: str
    tier: str
    provider: str | None
    logged: tuple[str, ...]
    calls: int
    tokens: dict[str, int]
    fees: dict[str, int]
    cost_nusd: int | None
    cost_usd: float | None
    cost_share: float | None
    cache_hit_rate: float | None
    reasoning_share: float | None
    paid_nusd_per_million: dict[str, int | None]
    nusd_per_thousand_output: int | None
    unpriced_calls: int
    missing: str | None
    rates: tuple[RateDocument, ...]


class OtherwiseDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The calls otherwise; between `low_nusd` and `high_nusd`, which are equal where exact."""

    kind: str
    name: str
    low_nusd: int | None
    high_nusd: int | None
    token_ratio: float | None
    scaled_nusd: int | None
    note: str | None


class WhatIfDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Of one model and tier."""

    model: str
    tier: str
    cost_nusd: int | None
    otherwise: tuple[OtherwiseDocument, ...]


class ModelsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """`toktui.models/1`."""

    schema: Literal["toktui.models/1"] = "toktui.models/1"
    generated_at: str
    timezone: str
    models: tuple[ModelDocument, ...]
    cost_nusd: int | None
    what_if: tuple[WhatIfDocument, ...] | UnsetType = UNSET


def as_document(
    found: Models, what_ifs: tuple[WhatIfs, ...] | None, *, zone: str
) -> ModelsDocument:
    """What is unpriced first, then the dearest."""
    return ModelsDocument(
        generated_at=iso(found.now_ms - found.now_ms % 1000),
        timezone=zone,
        models=tuple(map(_model, found.rows)),
        cost_nusd=found.sums.cost_nusd,
        what_if=UNSET if what_ifs is None else tuple(map(_what_if, what_ifs)),
    )


def _model(row: ModelRow) -> ModelDocument:
    s, cost = row.sums, row.sums.cost_nusd
    return ModelDocument(
        model=row.name,
        tier=row.tier,
        provider=row.provider or None,
        logged=row.logged,
        calls=s.calls,
        tokens={
            **dict(zip(BUCKETS, s.buckets, strict=True)),
            "total": s.tokens, "reasoning": s.reasoning,
        },
        fees={"web_search": s.web_search},
        cost_nusd=cost,
        cost_usd=None if cost is None else cost / _NUSD,
        cost_share=_rounded(None if cost is None else row.cost_share),
        cache_hit_rate=_rounded(s.cache_hit_rate),
        reasoning_share=_rounded(row.reasoning_share),
        paid_nusd_per_million=dict(zip(BUCKETS, row.effective, strict=True)),
        nusd_per_thousand_output=row.per_output,
        unpriced_calls=s.unpriced,
        missing=row.missing or None,
        rates=tuple(map(_rate, row.rates)),
    )  # fmt: skip


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _rate(used: UsedRate) -> RateDocument:
    rate = used.rate
    bands: list[dict[str, int | None]] = []
    for band in rate.bands:
        own = zip(BUCKETS, band.rates, band.published, strict=True)
        published = {bucket: units if is_own else None for bucket, units, is_own in own}
        bands.append({"above": band.above, **published})
    return RateDocument(
        valid_from=rate.valid_from.isoformat() if rate.valid_from else None,
        until=used.until.isoformat() if used.until else None,
        source=rate.source.id,
        source_date=rate.source.date.isoformat(),
        bands=tuple(bands),
    )


def _what_if(one: WhatIfs) -> WhatIfDocument:
    return WhatIfDocument(
        model=one.name,
        tier=one.tier,
        cost_nusd=one.cost_nusd,
        otherwise=tuple(
            OtherwiseDocument(
                kind=other.kind,
                name=other.name,
                low_nusd=other.low_nusd,
                high_nusd=other.high_nusd,
                token_ratio=_rounded(other.ratio),
                scaled_nusd=other.scaled_nusd,
                note=other.note or None,
            )
            for other in one.otherwise
        ),
    )


def as_table(found: Models, *, cells: int, colored: bool) -> str:
    """A line for each model and tier, and how to price what has no price."""
    if not found.rows:
        return "No calls match."
    columns = (
        Column("Model", "text"), Column("Tier", "text", spare=3), Column("Calls", spare=4),
        Column("Tokens"), Column("Hit"), Column("In $/M", spare=6), Column("Read $/M", spare=5),
        Column("Out $/M", spare=5), Column("$/1k out", spare=2), Column("Share", spare=1),
        Column("List cost"),
    )  # fmt: skip
    rows = [_cells(row) for row in found.rows]
    lines = [as_text(Table(columns, rows), cells=cells, colored=colored)]
    for row in found.rows:
        if row.missing:
            name = clean(row.logged[0] if row.logged else row.name)
            lines.append(f"{name}: {row.missing} `toktui prices set` gives it one.")
    if lacking := sum(row.sums.placeholder for row in found.rows):
        lines.append(f"{lacks_output(lacking)}.")
    lines.append("$/M is what a million tokens did cost; $/1k out is everything by its output.")
    return "\n".join(lines)


def _cells(row: ModelRow) -> list[str]:
    s, paid = row.sums, row.effective
    about = "~" if s.estimated else ""
    cost = dollars(s.told_nusd, lacking=s.unpriced > 0)
    return [
        clean(row.name) or UNKNOWN,
        row.tier,
        count(s.calls),
        about + short(s.told_tokens),
        percent(s.cache_hit_rate),
        dollars(paid[0]),
        dollars(paid[1]),
        dollars(paid[4]),
        dollars(row.per_output),
        percent(None if s.cost_nusd is None else row.cost_share),
        cost if cost == UNKNOWN else about + cost,
    ]


def as_what_if(one: WhatIfs, *, cells: int, colored: bool) -> str:
    """The same calls otherwise, a line for each."""
    columns = (
        Column("Instead", "text"), Column("List cost"), Column("Change"),
        Column("Tokens", spare=3), Column("~ by tokens", spare=2), Column("", "text", spare=1),
    )  # fmt: skip
    rows = [_otherwise(other, one.cost_nusd) for other in one.otherwise]
    tier = "" if one.tier == "standard" else f" {one.tier}"
    calls = count_of(one.calls, "call")
    title = f"{clean(one.name)}{tier}: {calls}, {dollars(one.cost_nusd, lacking=one.lacks)}"
    return "\n".join([
        title,
        as_text(Table(columns, rows), cells=cells, colored=colored),
        "The same tokens, other models at today's rates. Tokenizers differ: ~ is scaled by a"
        " measured ratio.",
    ])  # fmt: skip


def _otherwise(other: WhatIf, actual: int | None) -> list[str]:
    middle = other.middle_nusd
    cost = dollars(other.low_nusd)
    if middle is not None and not other.is_exact:
        cost = f"{cost} – {dollars(other.high_nusd)}"
    change = "" if middle is None or not actual else f"{(middle / actual - 1) * 100:+.0f} %"
    return [
        clean(other.name),
        cost,
        change,
        "" if other.ratio is None else f"×{other.ratio:.2f}",
        "" if other.scaled_nusd is None else f"~{dollars(other.scaled_nusd)}",
        other.note,
    ]
