"""Codex (CLI, IDE extension, desktop app).

Logs:     <home>/sessions/YYYY/MM/DD/rollout-*-<thread>.jsonl and <home>/archived_sessions/**,
          either with .zst behind it; <home> is $CODEX_HOME, else ~/.codex
Record:   `token_usage_record`, one per response, where the build writes them; else `token_count`
          with running totals of the thread
Tokens:   `input_tokens` holds `cached_input_tokens` and `cache_write_input_tokens`;
          `output_tokens` holds `reasoning_output_tokens`
Identity: `response_id`; else thread + stretch of the counter + running total
Exactness: exact; a repeated history whose parent log is gone is residual; no dollars of its own
Live:     tailed: a response is on screen as soon as its row is written
Seen:     0.60 to 0.169; golden/codex/
Unknown:  the tier before `thread_settings_applied` existed; history whose parent log is gone is
          counted once, as residual
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, cast

import msgspec
from msgspec import Meta, Raw, Struct

from toktui.agents.base import MAX_COUNT, NOTHING, Agent, Parsed
from toktui.agents.json_lines import (
    BrokenLineError,
    convert,
    holds,
    leading_type,
    looks_whole,
    values,
)
from toktui.clock import parse_ms
from toktui.facts import Limit, Thread, encode
from toktui.model import FLAG_GAP, Fact, Kind, Misread, Sighting, Tier, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None
_S = TypeVar("_S", bound=Struct)
_Total = tuple[int, int, int, int, int]
"""input, cached, cache_write, output, reasoning: as Codex counts, not disjoint."""

_TOTALS_KEPT: Final = 256
"""How far back a counter is looked for that a row may continue."""
_REPLAY_MS: Final = 60_000
_SUFFIXES: Final = (".jsonl", ".jsonl.zst")
_THREAD: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_TIERS: Final[dict[str, Tier]] = {
    "priority": "priority",
    "fast": "priority",
    "flex": "flex",
    "batch": "batch",
}


_READ: Final = ("session_meta", "turn_context", "token_usage_record", "event_msg")
_EVENTS: Final = ("token_count", "thread_settings_applied", "task_started")
_ROW_NEEDLES: Final = tuple(word.encode() for word in _READ)
_EVENT_NEEDLES: Final = tuple(word.encode() for word in _EVENTS)
_NEEDLES: Final = tuple(b'"%s"' % word for word in (*_ROW_NEEDLES[:3], *_EVENT_NEEDLES))
_EVENT: Final = re.compile(rb'"event_msg","payload":\{"type":"([a-z_]+)"')
_EVENT_WITHIN: Final = 256


class _Line(Struct):
    type: str | None = None
    timestamp: str | None = None
    ordinal: _Count = None
    payload: Raw = Raw(b"null")


class _Head(Struct):
    type: str | None = None
    timestamp: str | None = None
    ordinal: _Count = None


class _Git(Struct):
    branch: str | None = None


class _Meta(Struct):
    id: str | None = None
    session_id: str | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    cwd: str | None = None
    cli_version: str | None = None
    source: Any = None
    thread_source: Any = None
    subagent_history_start_ordinal: _Count = None
    git: _Git | None = None


class _Turn(Struct):
    model: str | None = None


class _Settings(Struct):
    model: str | None = None
    service_tier: str | None = None


class _Usage(Struct):
    input_tokens: _Count = None
    cached_input_tokens: _Count = None
    cache_write_input_tokens: _Count = None
    output_tokens: _Count = None
    reasoning_output_tokens: _Count = None

    def total(self) -> _Total:
        return (
            self.input_tokens or 0,
            self.cached_input_tokens or 0,
            self.cache_write_input_tokens or 0,
            self.output_tokens or 0,
            self.reasoning_output_tokens or 0,
        )


class _Record(Struct):
    thread_id: str | None = None
    response_id: str | None = None
    usage: _Usage | None = None


class _Info(Struct):
    total_token_usage: _Usage | None = None
    last_token_usage: _Usage | None = None
    model_context_window: _Count = None


class _Window(Struct):
    used_percent: float | None = None
    window_minutes: _Count = None
    resets_at: float | None = None
    resets_in_seconds: float | None = None


class _Limits(Struct):
    limit_id: str | None = None
    primary: _Window | None = None
    secondary: _Window | None = None


class _Event(Struct):
    type: str | None = None
    info: _Info | None = None
    rate_limits: _Limits | None = None
    thread_settings: _Settings | None = None
    model_context_window: _Count = None


class _EventHead(Struct):
    type: str | None = None


class _State(Struct, array_like=True):
    thread: str
    named: bool = False
    """The thread is known from a `session_meta`, not only from the name of the log."""
    parent: str = ""
    spawned: bool = False
    role: str = ""
    project: str = ""
    branch: str = ""
    version: str = ""
    model: str = ""
    settings_model: str = ""
    tier: Tier = "standard"
    window: int = 0
    started_ms: int | None = None
    replay_ends: int | None = None
    early: bool = True
    copied: bool = False
    """The log holds another session's `session_meta`: history was copied into it."""
    recorded: bool = False
    """An own record stands in this log: `token_count` counts no more."""
    record_key: str = ""
    record_total: _Total | None = None
    stretch: int = 0
    total: _Total | None = None
    key: str = ""
    """Key of the call that the present total reports; empty if a record reports it."""
    totals: dict[str, int] = {}
    """Totals seen, with their stretch, the oldest first."""


_as_line: Final = msgspec.json.Decoder(_Line).decode
_as_head: Final = msgspec.json.Decoder(_Head).decode
_load: Final = msgspec.msgpack.Decoder(_State).decode


class _Codex(Agent):
    name = "codex"
    label = "Codex"
    PARSER = 1
    replays = True

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = env.get("CODEX_HOME", "").strip()
        return self.roots_of(home.__class__(named).expanduser() if named else home / ".codex")

    def roots_of(self, folder: Path) -> Sequence[Path]:
        if folder.name in ("sessions", "archived_sessions"):
            return [folder]
        return [folder / "sessions", folder / "archived_sessions"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].startswith("rollout-") and parts[-1].endswith(_SUFFIXES)

    def start(self, path: str) -> _State:
        stem = path.rsplit("/", 1)[-1].removesuffix(".zst").removesuffix(".jsonl")
        found = _THREAD.search(stem)
        return _State(found.group() if found else clean_id(stem))

    def load_state(self, packed: bytes) -> _State:
        return _load(packed)

    def is_silent(self, block: bytes, pos: int, end: int, state: _State) -> bool:
        del state
        kind = leading_type(block, pos, end)
        if kind is None:
            return not holds(block, pos, end, _NEEDLES)
        if kind == b"event_msg":
            event = _EVENT.search(block, pos, min(end, pos + _EVENT_WITHIN))
            return event is not None and event[1] not in _EVENT_NEEDLES
        return kind not in _ROW_NEEDLES

    def curious(self, state: _State) -> bool:
        del state
        return False

    def parse(self, line: bytes, state: _State) -> Parsed:
        if self.is_silent(line, 0, len(line), state):
            return NOTHING if looks_whole(line) else self._slow(line, state)
        try:
            row = _as_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._slow(line, state)
        if row.type not in _READ:
            return NOTHING
        payload = bytes(row.payload)

        def read(shape: type[_S]) -> _S:
            return msgspec.json.decode(payload, type=shape)

        try:
            items = list(self._row(_Head(row.type, row.timestamp, row.ordinal), read, state))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._slow(line, state)
        return _parsed(items) if items else NOTHING

    def _slow(self, line: bytes, state: _State) -> Parsed:
        """Any line at all, value by value: what the typed decoder cannot take in one step."""
        try:
            found = values(line)
        except BrokenLineError as error:
            return Parsed(misread=(Misread(f"broken JSON: {error}", state.version),))
        items: list[Sighting | Fact] = []
        misread: list[Misread] = []
        for value in found:
            if not isinstance(value, dict):
                continue
            whole = cast("dict[str, object]", value)
            if whole.get("type") not in _READ:
                continue

            def read(shape: type[_S], payload: object = whole.get("payload")) -> _S:
                return convert(payload, shape)

            try:
                head = convert({k: whole.get(k) for k in _Head.__struct_fields__}, _Head)
                items.extend(self._row(head, read, state))
            except msgspec.ValidationError as error:
                misread.append(Misread(clean(str(error), 160), state.version))
        parsed = _parsed(items)
        return Parsed(parsed.sightings, parsed.facts, tuple(misread))

    def _row(
        self, row: _Head, read: Callable[[type[Any]], Any], state: _State
    ) -> Iterator[Sighting | Fact]:
        at_ms = parse_ms(row.timestamp) if row.timestamp else None
        if state.replay_ends is not None and (row.ordinal or 0) >= state.replay_ends:
            state.early = False
        if row.type == "session_meta":
            yield from self._meta(read(_Meta), at_ms, state)
        elif row.type == "turn_context":
            self._turn(at_ms, state)
            turn: _Turn = read(_Turn)
            state.model = clean(turn.model, 120) if turn.model else state.model
        elif row.type == "token_usage_record":
            yield from self._record(read(_Record), at_ms, state)
        elif row.type == "event_msg":
            kind: _EventHead = read(_EventHead)
            if kind.type in _EVENTS:
                yield from self._event(read(_Event), at_ms, state)

    def _meta(self, meta: _Meta, at_ms: int | None, state: _State) -> Iterator[Fact]:
        if state.named:
            state.copied |= bool(meta.id) and clean_id(meta.id or "") != state.thread
            return
        state.named = True
        state.thread = clean_id(meta.id) if meta.id else state.thread
        state.started_ms = at_ms
        spawn = _spawn(meta.source)
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
        yield Fact(kind="thread", subject=state.thread, body=encode(thread), at_ms=at_ms)

    def _turn(self, at_ms: int | None, state: _State) -> None:
        """A turn that begins well after the log did is no replay."""
        started = state.started_ms
        if at_ms is not None and started is not None and at_ms > started + _REPLAY_MS:
            state.early = False

    def _event(self, event: _Event, at_ms: int | None, state: _State) -> Iterator[Sighting | Fact]:
        if event.type == "task_started":
            self._turn(at_ms, state)
            state.window = event.model_context_window or state.window
        elif event.type == "thread_settings_applied" and event.thread_settings is not None:
            settings = event.thread_settings
            if settings.model:
                state.settings_model = clean(settings.model, 120)
            state.tier = _TIERS.get(settings.service_tier or "", "standard")
        elif event.type == "token_count":
            if event.rate_limits is not None and at_ms is not None:
                yield from _limits(event.rate_limits, at_ms)
            if event.info is not None and event.info.total_token_usage is not None:
                yield from self._count(
                    event.info, event.info.total_token_usage.total(), at_ms, state
                )

    def _record(self, record: _Record, at_ms: int | None, state: _State) -> Iterator[Sighting]:
        if record.usage is None or not record.response_id:
            return
        thread = clean_id(record.thread_id) if record.thread_id else state.thread
        if thread == state.thread:
            state.recorded = True
        total = record.usage.total()
        key = clean_id(record.response_id)
        state.record_key, state.record_total = key, total
        origin = "" if thread == state.thread else thread
        yield self._sighting(key, total, at_ms, state, origin=origin)

    def _count(
        self, info: _Info, total: _Total, at_ms: int | None, state: _State
    ) -> Iterator[Sighting | Fact]:
        """A running total: what it adds is a call, unless a record has said so already."""
        state.window = info.model_context_window or state.window
        last = info.last_token_usage.total() if info.last_token_usage is not None else None
        if last is not None and not any(last):
            return
        if total == state.total:
            if state.key and not state.recorded:
                yield self._repeated(total, at_ms, state)
            return
        used, gap = self._used(total, last, state)
        state.total = total
        text = ",".join(map(str, total))
        own = f"{state.thread}:{state.stretch}:{text}"
        state.totals[text] = state.stretch
        if len(state.totals) > _TOTALS_KEPT:
            del state.totals[next(iter(state.totals))]
        paired = state.record_key if last is not None and last == state.record_total else ""
        state.record_key, state.record_total = "", None
        step = f"{'-' if state.early and state.copied else '+'}{own}={paired}"
        yield Fact(kind="run", subject=step, body=b"", at_ms=at_ms)
        if state.recorded or paired or used is None:
            state.key = ""
            return
        state.key = own
        flags = FLAG_GAP if gap else 0
        yield self._sighting(own, used, at_ms, state, flags=flags)

    def _used(
        self, total: _Total, last: _Total | None, state: _State
    ) -> tuple[_Total | None, bool]:
        """What the row adds, and whether an event before it was never written."""
        before = state.total
        if before is None:
            if state.parent:
                return last, False
            return total, last is not None and last != total
        rise = _minus(total, before)
        if last is not None and rise != last:
            stretch = state.totals.get(",".join(map(str, _minus(total, last))))
            if stretch is not None:
                state.stretch = stretch
                return last, False
        if min(rise) < 0:
            state.stretch = max(state.totals.values(), default=0) + 1
            return last if last is not None else total, False
        return rise, last is not None and rise != last

    def _repeated(self, total: _Total, at_ms: int | None, state: _State) -> Sighting:
        """The same total again: the row says nothing new of the call."""
        del total
        nothing = self._sighting(state.key, (0, 0, 0, 0, 0), at_ms, state)
        return msgspec.structs.replace(nothing, repeats=True)

    def _sighting(
        self,
        key: str,
        used: _Total,
        at_ms: int | None,
        state: _State,
        *,
        origin: str = "",
        flags: int = 0,
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
        )


def _minus(one: _Total, other: _Total) -> _Total:
    a, b = one, other
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4])


def _spawn(source: object) -> dict[str, str]:
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


def _limits(limits: _Limits, at_ms: int) -> Iterator[Fact]:
    for window in (limits.primary, limits.secondary):
        if window is None or window.used_percent is None or not 0 <= window.used_percent <= 1000:
            continue
        resets_ms = None
        if window.resets_at is not None and 0 < window.resets_at < 1e11:
            resets_ms = round(window.resets_at * 1000)
        elif window.resets_in_seconds is not None and 0 <= window.resets_in_seconds < 1e9:
            resets_ms = at_ms + round(window.resets_in_seconds * 1000)
        name = _window_name(window.window_minutes)
        if limits.limit_id and limits.limit_id != "codex":
            name = f"{clean(limits.limit_id, 40)} {name}"
        body = encode(Limit(window.used_percent, window.window_minutes, resets_ms))
        yield Fact(kind="limit", subject=name, body=body, at_ms=at_ms)


def _window_name(minutes: int | None) -> str:
    if minutes is None:
        return "window"
    if minutes % 10_080 == 0:
        return "week" if minutes == 10_080 else f"{minutes // 10_080} weeks"
    return f"{round(minutes / 60)}h"


def _parsed(items: Sequence[Sighting | Fact]) -> Parsed:
    sightings = tuple(item for item in items if isinstance(item, Sighting))
    facts = tuple(item for item in items if isinstance(item, Fact))
    return Parsed(sightings, facts)


AGENT: Final = _Codex()
