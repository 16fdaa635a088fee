"""The line: its parts by name, each a few words, nothing for what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.export.figures import UNKNOWN, dollars, short
from toktui.export.moments import full_at, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from toktui.metrics.glimpse import Cost, Glimpse, LimitSeen
    from toktui.statusline.heard import Heard

_BETWEEN: Final = " · "
_HIGH: Final = 75
_FULL: Final = 90
_YELLOW, _RED, _END = "\x1b[33m", "\x1b[31m", "\x1b[39m"


class Shown(NamedTuple):
    """All that a line is made of."""

    heard: Heard | None
    glimpse: Glimpse | None
    limits: Sequence[LimitSeen]
    now_ms: int
    zone: ZoneInfo
    colored: bool


def line_of(shown: Shown, parts: Iterable[str]) -> str:
    """The parts that have something to say, in their order."""
    pieces = (piece for part in parts for piece in _PARTS[part](shown))
    return _BETWEEN.join(pieces) or "toktui"


def _model(shown: Shown) -> Iterator[str]:
    if shown.heard is not None and shown.heard.model:
        yield shown.heard.model


def _session(shown: Shown) -> Iterator[str]:
    """Our price where the store has the whole session, else what the agent says."""
    glimpse, heard = shown.glimpse, shown.heard
    ours = glimpse.session if glimpse is not None else None
    said = heard.cost_nusd if heard is not None else None
    if ours is not None and (said is None or (glimpse is not None and not glimpse.behind)):
        yield f"{_money(ours, glimpse)} session"
    elif said is not None:
        yield f"{dollars(said)} session"


def _today(shown: Shown) -> Iterator[str]:
    if shown.glimpse is not None:
        yield f"{_money(shown.glimpse.today, shown.glimpse)} today"


def _burn(shown: Shown) -> Iterator[str]:
    glimpse = shown.glimpse
    if glimpse is not None:
        yield f"{UNKNOWN if glimpse.behind else _money(glimpse.burn, glimpse)}/h"


def _money(cost: Cost, glimpse: Glimpse | None) -> str:
    behind = glimpse is not None and glimpse.behind
    return dollars(cost.nusd, lacking=cost.lacks or behind)


def _context(shown: Shown) -> Iterator[str]:
    heard = shown.heard
    if heard is None or heard.context_tokens is None:
        return
    if not heard.context_window:
        yield f"{short(heard.context_tokens)} context"
        return
    share = heard.context_tokens / heard.context_window * 100
    window = f"{heard.context_window / 1000:.4g}k"
    if heard.context_window >= 1_000_000:
        window = f"{heard.context_window / 1e6:.3g}M"
    yield f"{short(heard.context_tokens)}/{window} {_percent(share, shown)}"


def _cache(shown: Shown) -> Iterator[str]:
    heard = shown.heard
    if heard is None or heard.cache_expires_ms is None:
        return
    if heard.cache_expires_ms <= shown.now_ms:
        yield _tinted("cache cold", _YELLOW, shown)
    else:
        yield f"cache until {_clock(heard.cache_expires_ms, shown)}"


def _limits(shown: Shown) -> Iterator[str]:
    """Each window with its end, and when it is full; one that has begun anew is unknown."""
    for limit in shown.limits:
        if limit.resets_ms is not None and limit.resets_ms <= shown.now_ms:
            yield f"{limit.name} {UNKNOWN}"
            continue
        words = f"{limit.name} {_percent(limit.used_percent, shown)}"
        if limit.resets_ms is not None:
            words += f" until {_clock(limit.resets_ms, shown)}"
        if limit.runs_out is not None:
            full = full_at(limit.runs_out, shown.now_ms, shown.zone)
            words += f", {_tinted(full, _YELLOW, shown)}"
        yield words


def _percent(share: float, shown: Shown) -> str:
    text = f"{share:.0f} %"
    if share >= _HIGH:
        return _tinted(text, _RED if share >= _FULL else _YELLOW, shown)
    return text


def _tinted(text: str, color: str, shown: Shown) -> str:
    return f"{color}{text}{_END}" if shown.colored else text


def _clock(at_ms: int, shown: Shown) -> str:
    return moment(at_ms, shown.now_ms, shown.zone)


_PARTS: Final[dict[str, Callable[[Shown], Iterator[str]]]] = {
    "model": _model,
    "session": _session,
    "today": _today,
    "burn": _burn,
    "context": _context,
    "cache": _cache,
    "limits": _limits,
}
