"""The calls that Codex's rollouts report: records of responses, else a running total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import FLAG_GAP, Fact, Kind, Sighting, Tokens
from toktui.text import clean_id

if TYPE_CHECKING:
    from toktui.agents._codex_rows import Info, Record, Total
    from toktui.agents._codex_state import State

_TOTALS_KEPT: Final = 256
"""How far back a counter is looked for that a row may continue."""
_NOTHING: Final = (0, 0, 0, 0, 0)


def recorded(record: Record, at_ms: int | None, state: State) -> Sighting | None:
    """The call of a `token_usage_record`."""
    if record.usage is None or not record.response_id:
        return None
    thread = clean_id(record.thread_id) if record.thread_id else state.thread
    if thread == state.thread:
        state.recorded = True
    total = record.usage.total()
    key = clean_id(record.response_id)
    state.record_key, state.record_total = key, total
    origin = "" if thread == state.thread else thread
    return _sighting(key, total, at_ms, state, origin=origin)


def counted(
    info: Info, total: Total, at_ms: int | None, state: State
) -> tuple[Fact | None, Sighting | None]:
    """A running total: a step of the counter, and the call that it adds unless a record has said
    so already."""
    state.window = info.model_context_window or state.window
    last = info.last_token_usage.total() if info.last_token_usage is not None else None
    if last == _NOTHING:
        return None, None
    if total == state.total:
        if state.key and not state.recorded:
            # The same total again: the row says nothing new of the call.
            return None, _sighting(state.key, _NOTHING, at_ms, state, repeats=True)
        return None, None
    used, gap = _used(total, last, state)
    state.total = total
    text = _text(total)
    own = f"{state.thread}:{state.stretch}:{text}"
    state.totals[text] = state.stretch
    if len(state.totals) > _TOTALS_KEPT:
        del state.totals[next(iter(state.totals))]
    paired = state.record_key if last is not None and last == state.record_total else ""
    state.record_key, state.record_total = "", None
    subject = f"{'-' if state.early and state.copied else '+'}{own}={paired}"
    step = Fact(kind="run", subject=subject, body=b"", at_ms=at_ms)
    if state.recorded or paired or used is None:
        state.key = ""
        return step, None
    state.key = own
    return step, _sighting(own, used, at_ms, state, flags=FLAG_GAP if gap else 0)


def _text(total: Total) -> str:
    a, b, c, d, e = total
    return f"{a},{b},{c},{d},{e}"


def _used(total: Total, last: Total | None, state: State) -> tuple[Total | None, bool]:
    """What the row adds, and whether an event before it was never written."""
    before = state.total
    if before is None:
        if state.parent:
            return last, False
        return total, last is not None and last != total
    rise = _minus(total, before)
    if last is not None and rise != last:
        stretch = state.totals.get(_text(_minus(total, last)))
        if stretch is not None:
            state.stretch = stretch
            return last, False
    if min(rise) < 0:
        state.stretch = max(state.totals.values(), default=0) + 1
        return last if last is not None else total, False
    return rise, last is not None and rise != last


def _minus(one: Total, other: Total) -> Total:
    a, b = one, other
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4])


def _sighting(
    key: str,
    used: Total,
    at_ms: int | None,
    state: State,
    *,
    origin: str = "",
    flags: int = 0,
    repeats: bool = False,
) -> Sighting:
    given, cached, written, output, reasoning = used
    kind: Kind = "spawn" if state.spawned else "row"
    return Sighting(
        key=key,
        session=state.thread,
        at_ms=at_ms,
        model=state.model or state.settings_model or "unknown",
        tokens=Tokens(
            input=max(0, given - cached - written),
            cache_read=cached,
            cache_write_5m=written,
            output=output,
            reasoning=min(output, reasoning),
        ),
        kind=kind,
        origin=origin,
        agent_type=state.role,
        project=state.project,
        branch=state.branch,
        version=state.version,
        tier=state.tier,
        flags=flags,
        window=state.window,
        repeats=repeats,
    )
