"""What Codex's rollouts say beside calls: who spawned or forked the session, and its limits."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from toktui.facts import Limit, Thread, encode
from toktui.model import Fact
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from toktui.agents._codex_rows import Limits, SessionMeta
    from toktui.agents._codex_state import State


def session(meta: SessionMeta, at_ms: int | None, state: State) -> Fact | None:
    """Takes in what the session says of itself; of a copied history only that it is one."""
    if state.named:
        state.copied |= bool(meta.id) and clean_id(meta.id or "") != state.thread
        return None
    state.named = True
    state.thread = clean_id(meta.id) if meta.id else state.thread
    state.started_ms = at_ms
    spawn = _spawning(meta.source)
    parent = meta.forked_from_id or meta.parent_thread_id or spawn.get("parent_thread_id")
    state.spawned = (
        bool(spawn) or bool(meta.parent_thread_id) or meta.thread_source == "subagent"
    )
    if not parent and state.spawned and meta.session_id != meta.id:
        parent = meta.session_id
    state.parent = clean_id(parent) if parent and parent != meta.id else ""
    state.role = clean(spawn.get("agent_role") or spawn.get("agent_nickname") or "", 48)
    state.project = clean(meta.cwd or "", 512)
    state.branch = clean((meta.git.branch or "") if meta.git else "", 120)
    state.version = clean(meta.cli_version or "", 24)
    state.replay_ends = meta.subagent_history_start_ordinal
    thread = Thread(state.thread, state.parent, state.spawned, state.replay_ends)
    return Fact(kind="thread", subject=state.thread, body=encode(thread), at_ms=at_ms)


def limits(told: Limits, at_ms: int) -> list[Fact]:
    """How much of each window of the plan is used."""
    found: list[Fact] = []
    for window in (told.primary, told.secondary):
        if window is None or window.used_percent is None or not 0 <= window.used_percent <= 1000:
            continue
        resets_ms = None
        if window.resets_at is not None and 0 < window.resets_at < 1e11:
            resets_ms = round(window.resets_at * 1000)
        elif window.resets_in_seconds is not None and 0 <= window.resets_in_seconds < 1e9:
            resets_ms = at_ms + round(window.resets_in_seconds * 1000)
        name = _name(told.limit_id, window.window_minutes)
        body = encode(Limit(window.used_percent, window.window_minutes, resets_ms))
        found.append(Fact(kind="limit", subject=name, body=body, at_ms=at_ms))
    return found


@lru_cache(maxsize=64)
def _name(limit_id: str | None, minutes: int | None) -> str:
    name = _window_name(minutes)
    if limit_id and limit_id != "codex":
        return f"{clean(limit_id, 40)} {name}"
    return name


def _window_name(minutes: int | None) -> str:
    if minutes is None:
        return "window"
    if minutes % 10_080 == 0:
        return "week" if minutes == 10_080 else f"{minutes // 10_080} weeks"
    return f"{round(minutes / 60)}h"


def _spawning(source: object) -> dict[str, str]:
    """What `source` says of the spawning thread; only its strings."""
    told = _dict(source).get("subagent")
    if isinstance(told, str):
        return {"agent_role": told}
    spawn = _dict(told).get("thread_spawn")
    if spawn is None:
        return {"agent_role": ""} if told is not None else {}
    return {key: value for key, value in _dict(spawn).items() if isinstance(value, str)}


def _dict(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
