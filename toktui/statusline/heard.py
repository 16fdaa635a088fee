"""What Claude Code says on stdin: checked field by field, everything unknown left out.

Agents of other versions say more, less, or something else; a field of another shape is unknown.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from toktui.clock import parse_ms
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_COUNT: Final = 2**53 - 1
_MOST_USD: Final = 1e9
_MOST_PERCENT: Final = 1000
_MOST_SECONDS: Final = 1e11
_MOST_WINDOWS: Final = 8
_PLAIN: Final = re.compile(r"[\w.+-]{1,64}", re.ASCII)
_WINDOWS: Final = {
    "five_hour": ("5h", 300),
    "seven_day": ("week", 10_080),
    "spend_limit": ("spend", None),
}
_WINDOW: Final = re.compile(rf"({'|'.join(_WINDOWS)})(_[a-z0-9]{{1,24}})?", re.ASCII)

Check = "Callable[[object], object]"
Record = dict[str, object]


class Window(NamedTuple):
    """One window of a plan."""

    name: str
    """As toktui calls it: `5h`, `week`, `week opus`."""
    used_percent: float
    resets_ms: int | None
    minutes: int | None


class Heard(NamedTuple):
    """What was said. Unknown is None or empty; money is nano-dollars."""

    session: str
    transcript: str
    """Path of the session's log; never kept."""
    model: str
    cost_nusd: int | None
    context_tokens: int | None
    context_window: int | None
    cache_expires_ms: int | None
    windows: tuple[Window, ...]
    record: Record
    """The known fields under their own names: what may be kept."""


def hear(data: bytes) -> Heard | None:
    """What is said; None for what is no JSON object."""
    try:
        found = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    said = cast("dict[str, object]", found)
    record = _record(said)
    model, context = _table(said.get("model")), _table(record.get("context_window"))
    usage = _table(context.get("current_usage"))
    cost, cache = _table(record.get("cost")), _table(record.get("prompt_cache"))
    usd, size = cost.get("total_cost_usd"), context.get("context_window_size")
    return Heard(
        str(record.get("session_id", "")),
        _path(said.get("transcript_path")),
        _name(model.get("display_name")) or _name(model.get("id")) or "",
        round(usd * 1e9) if isinstance(usd, int | float) else None,
        _context(usage, context),
        size if isinstance(size, int) else None,
        _ms(cache.get("expires_at")),
        tuple(_windows(_table(record.get("rate_limits")))),
        record,
    )


def _record(said: Mapping[str, object]) -> Record:
    """The known fields, checked."""
    found = _picked(said, _FIELDS)
    limits: Record = {}
    for key, value in _table(said.get("rate_limits")).items():
        window = _picked(value, _OF_WINDOW) if _WINDOW.fullmatch(key) else {}
        if "used_percentage" in window and len(limits) < _MOST_WINDOWS:
            limits[key] = window
    return found | {"rate_limits": limits} if limits else found


def _picked(value: object, fields: Mapping[str, Callable[[object], object]]) -> Record:
    table = _table(value)
    checked = ((name, check(table[name])) for name, check in fields.items() if name in table)
    return {name: one for name, one in checked if one is not None and one != {}}


def _inside(fields: Mapping[str, Callable[[object], object]]) -> Callable[[object], object]:
    return lambda value: _picked(value, fields)


def _count(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= _MOST_COUNT else None


def _at_most(most: float) -> Callable[[object], float | None]:
    """A check for numbers; NaN is none."""
    return lambda value: (
        value
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
        else None
    )


def _seconds(value: object) -> float | None:
    """Seconds since 1970; some versions write a date."""
    if isinstance(value, str):
        at_ms = parse_ms(value[:40])
        value = None if at_ms is None else at_ms / 1000
    return _at_most(_MOST_SECONDS)(value)


def _plain(value: object) -> str | None:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else None


def _name(value: object) -> str | None:
    return clean(value, 40) if isinstance(value, str) else None


_OF_WINDOW: Final = {"used_percentage": _at_most(_MOST_PERCENT), "resets_at": _seconds}
_USAGE: Final = {
    "input_tokens": _count,
    "output_tokens": _count,
    "cache_creation_input_tokens": _count,
    "cache_read_input_tokens": _count,
}
_FIELDS: Final = {
    "session_id": _plain,
    "version": _plain,
    "model": _inside({"id": _name}),
    "cost": _inside({"total_cost_usd": _at_most(_MOST_USD)}),
    "context_window": _inside(
        {
            "context_window_size": _count,
            "used_percentage": _at_most(_MOST_PERCENT),
            "current_usage": _inside(_USAGE),
        }
    ),
    "prompt_cache": _inside(
        {
            "ttl": _plain,
            "expires_at": _seconds,
            "requests": _count,
            "misses": _count,
            "hit_ratio": _at_most(1),
            "cache_write_tokens": _count,
            "miss_recache_tokens": _count,
            "last_miss_at": _seconds,
            "recache_tokens_if_cold": _count,
        }
    ),
}


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _path(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:  # half a letter names no file
        return ""
    return value


def _context(usage: Mapping[str, object], context: Mapping[str, object]) -> int | None:
    """Prompt tokens of the last call; from the share of the window where that is all there is."""
    if usage:
        counts = (usage.get(name, 0) for name in _USAGE if name != "output_tokens")
        return sum(count for count in counts if isinstance(count, int))
    share, size = context.get("used_percentage"), context.get("context_window_size")
    if isinstance(share, int | float) and isinstance(size, int):
        return round(share * size / 100)
    return None


def _windows(limits: Mapping[str, object]) -> list[Window]:
    found: list[Window] = []
    for key, value in limits.items():
        window = _table(value)
        used = window["used_percentage"]
        if isinstance(used, int | float):
            name, minutes = _named(key)
            found.append(Window(name, used, _ms(window.get("resets_at")), minutes))
    return found


def _named(key: str) -> tuple[str, int | None]:
    """`five_hour` is `5h`, `seven_day_opus` is `week opus`."""
    for start, (name, minutes) in _WINDOWS.items():
        if key.startswith(start):
            return f"{name} {key[len(start) + 1 :]}".strip(), minutes
    return key, None


def _ms(seconds: object) -> int | None:
    return round(seconds * 1000) if isinstance(seconds, int | float) and seconds else None
