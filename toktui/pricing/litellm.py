"""LiteLLM's `model_prices_and_context_window.json` as rows of ours.

A flat map from model names to entries in dollars per token, with suffixes for long prompts
(`_above_272k_tokens`) and tiers (`_batches`). It has no dates, and it forgets retired models, so it
adds rows from a day on to what the book knows, and never takes any away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, NamedTuple, cast

import msgspec

from toktui.model import Tier
from toktui.pricing.multiples import times
from toktui.pricing.rows import TOKENS_PER_UNIT, UNITS_PER_DOLLAR, Band, TierRates, nearest_units

_PROVIDERS: Final = {
    "anthropic": "anthropic",
    "openai": "openai",
    "gemini": "google",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "moonshot": "moonshotai",
    "zai": "zai",
    "minimax": "minimax",
    "mistral": "mistral",
    "dashscope": "qwen",
    "openrouter": "openrouter",
}
"""Who sells his own models under these names; everybody else resells, at prices of his own."""

_SUFFIXES: Final[tuple[tuple[Tier, str], ...]] = (
    ("standard", ""), ("batch", "_batches"), ("flex", "_flex"), ("priority", "_priority"),
)
_INPUT: Final = "input_cost_per_token"
_OUTPUT: Final = "output_cost_per_token"
_READ: Final = "cache_read_input_token_cost"
_WRITE: Final = "cache_creation_input_token_cost"
_LONG_WRITES: Final = (f"{_WRITE}_above_1hr", f"{_WRITE}_above_12hr")
_ABOVE: Final = re.compile(r"input_cost_per_token_above_(\d{1,5})k_tokens([a-z_]*)")
_ENTRY: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)

Fields = Mapping[str, object]


class NotAPrice(ValueError):
    """A field of the file is no price; says which of which model."""


class Listed(NamedTuple):
    """What the file says of one model."""

    name: str
    provider: str
    tiers: tuple[TierRates, ...]
    window: int | None
    web_search: int | None


def decode(data: bytes) -> dict[str, msgspec.Raw]:
    """The entries by name; `msgspec.DecodeError` if it is something else."""
    return msgspec.json.decode(data, type=dict[str, msgspec.Raw])


def is_litellm(entries: Mapping[str, msgspec.Raw]) -> bool:
    """True if any entry names its LiteLLM provider."""
    return any(b'"litellm_provider"' in bytes(entry) for entry in entries.values())


def listed(entries: Mapping[str, msgspec.Raw]) -> Iterator[Listed]:
    """The models that their own vendors sell by the token; `NotAPrice` for what is none."""
    for name, raw in entries.items():
        if name in ("sample_spec", "fallback_generalizations"):
            continue
        fields = _fields(name, raw)
        provider = _PROVIDERS.get(str(fields.get("litellm_provider")))
        if provider is None or not _is_priced_by_tokens(fields):
            continue
        vendor, slash, rest = name.lower().partition("/")
        bare = rest if slash and _PROVIDERS.get(vendor) == provider else name.lower()
        yield Listed(
            name=f"openrouter/{bare}" if provider == "openrouter" else bare,
            provider=provider,
            tiers=tuple(_tiers(name, fields, provider)),
            window=_window(fields),
            web_search=_web_search(name, fields),
        )


def _fields(name: str, raw: msgspec.Raw) -> Fields:
    try:
        return _ENTRY.decode(raw)
    except (msgspec.DecodeError, InvalidOperation) as error:
        raise NotAPrice(f"{name}: not an entry") from error


def _is_priced_by_tokens(fields: Fields) -> bool:
    if fields.get(_INPUT) is None or fields.get(_OUTPUT) is None:
        return False
    reasoning = fields.get("output_cost_per_reasoning_token")
    return reasoning is None or reasoning == fields.get(_OUTPUT)


def _tiers(name: str, fields: Fields, provider: str) -> Iterator[TierRates]:
    usual = _band(name, fields, 0, "")
    for tier, suffix in _SUFFIXES:
        if fields.get(_INPUT + suffix) is None:
            continue
        found = (_ABOVE.fullmatch(key) for key in fields)
        starts = {int(match[1]) for match in found if match and match[2] == suffix}
        bands = tuple(
            _filled(_band(name, fields, thousands, suffix), usual)
            for thousands in sorted({0, *starts})
        )
        yield TierRates(tier, bands)
        if tier == "priority" and provider == "openai":
            yield TierRates("fast", bands)
    special = fields.get("provider_specific_entry")
    if isinstance(special, dict):
        fast = cast(Fields, special).get("fast")
        if isinstance(fast, (int, Decimal)) and 0 < fast <= 100:
            yield TierRates("fast", times((usual,), Fraction(fast)))


def _band(name: str, fields: Fields, thousands: int, suffix: str) -> Band:
    above = f"_above_{thousands}k_tokens" if thousands else ""

    def units(*keys: str) -> int | None:
        spelled = (key + above + suffix for key in keys)
        return next(
            (_units(name, key, fields[key]) for key in spelled if fields.get(key) is not None), None
        )

    return Band(
        thousands * 1000,
        units(_INPUT) or 0,
        units(_READ),
        units(_WRITE) or None,
        units(*_LONG_WRITES) or None,
        units(_OUTPUT) or 0,
    )


def _filled(band: Band, usual: Band) -> Band:
    """The band with what the file left out of it: as usual, a long write as a multiple of a short.
    """
    short = usual.cache_write_5m if band.cache_write_5m is None else band.cache_write_5m
    long = band.cache_write_1h
    if long is None and short and usual.cache_write_1h and usual.cache_write_5m:
        long = round(short * Fraction(usual.cache_write_1h, usual.cache_write_5m))
    return Band(
        band.above,
        band.input,
        usual.cache_read if band.cache_read is None else band.cache_read,
        short,
        long,
        band.output or usual.output,
    )


def _units(name: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise NotAPrice(f"{name}: {key} is no number")
    try:
        return nearest_units(Decimal(value) * TOKENS_PER_UNIT * UNITS_PER_DOLLAR)
    except ValueError as error:
        raise NotAPrice(f"{name}: {key} is no price") from error


def _window(fields: Fields) -> int | None:
    window = fields.get("max_input_tokens")
    if isinstance(window, bool) or not isinstance(window, (int, Decimal)):
        return None
    return int(window) if 0 < window < 10**9 else None


def _web_search(name: str, fields: Fields) -> int | None:
    """Nano-dollars for one search, if it costs the same with every size of context."""
    costs = fields.get("search_context_cost_per_query")
    if not isinstance(costs, dict):
        return None
    values = set(cast("Mapping[str, object]", costs).values())
    if len(values) != 1:
        return None
    return _units(name, "search_context_cost_per_query", values.pop()) // TOKENS_PER_UNIT
