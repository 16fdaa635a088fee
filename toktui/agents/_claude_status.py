"""What Claude Code tells its status line, as `toktui statusline` has spooled it.

Record:  {"type":"statusline","at":...,"session_id":...} and those fields of Claude Code's own that
         are known, under their own names; the writer has checked and cleaned each of them
Limits:  `rate_limits`: `five_hour`, `seven_day`, `seven_day_<model>`, `spend_limit`; only where a
         response came in since the record before, so that `at` is their age
Seen:    2.1.330; limits since 2.1.80, `prompt_cache` since 2.1.251
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from toktui.clock import parse_ms
from toktui.facts import Limit, Status, encode
from toktui.model import Fact
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATUS_TYPE: Final = "statusline"
_WINDOWS: Final = {"five_hour": ("5h", 300), "seven_day": ("week", 10_080)}
_MOST_PERCENT: Final = 1000


class _Model(Struct):
    id: str | None = None


class _Cost(Struct):
    total_cost_usd: float | None = None


class _Usage(Struct):
    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0


class _Context(Struct):
    context_window_size: int | None = None
    current_usage: _Usage | None = None


class _Cache(Struct):
    expires_at: float | None = None


class _Window(Struct):
    used_percentage: float
    resets_at: float | None = None


class _Record(Struct):
    at: str
    session_id: str
    model: _Model = msgspec.field(default_factory=_Model)
    cost: _Cost = msgspec.field(default_factory=_Cost)
    context_window: _Context = msgspec.field(default_factory=_Context)
    prompt_cache: _Cache = msgspec.field(default_factory=_Cache)
    rate_limits: dict[str, _Window] = {}


_as_record: Final = msgspec.json.Decoder(_Record).decode


def status_facts(line: bytes) -> tuple[Fact, ...]:
    """The limits and the state of the session; raises msgspec.DecodeError for a foreign record."""
    record = _as_record(line)
    at_ms = parse_ms(record.at)
    session = clean_id(record.session_id)
    if at_ms is None or not session:
        raise msgspec.ValidationError("a status without time or session")
    usage, usd = record.context_window.current_usage, record.cost.total_cost_usd
    status = Status(
        clean(record.model.id or "", 120),
        round(usd * 1e9) if usd is not None and 0 <= usd < 1e9 else None,
        usage
        and usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens,
        record.context_window.context_window_size,
        _ms(record.prompt_cache.expires_at),
    )
    said = Fact(kind="status", subject=session, body=encode(status), at_ms=at_ms)
    return (said, *_limits(record.rate_limits, at_ms))


def _limits(windows: Mapping[str, _Window], at_ms: int) -> Iterator[Fact]:
    for key, window in windows.items():
        if 0 <= window.used_percentage <= _MOST_PERCENT:
            name, minutes = _named(key)
            body = encode(Limit(window.used_percentage, minutes, _ms(window.resets_at)))
            yield Fact(kind="limit", subject=name, body=body, at_ms=at_ms)


def _named(key: str) -> tuple[str, int | None]:
    """A window's name and length: `seven_day_opus` is `week opus`."""
    for start, (name, minutes) in _WINDOWS.items():
        if key == start or key.startswith(f"{start}_"):
            return clean(f"{name} {key[len(start) + 1 :]}".strip(), 40), minutes
    return clean(key.replace("_limit", ""), 40), None


def _ms(seconds: float | None) -> int | None:
    return round(seconds * 1000) if seconds is not None and 0 < seconds < 1e11 else None
