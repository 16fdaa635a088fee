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
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from toktui.agents import _codex_beside as beside
from toktui.agents import _codex_rows as rows
from toktui.agents._codex_calls import counted, recorded
from toktui.agents._codex_commits import is_tool, tool
from toktui.agents._codex_state import State, load_state
from toktui.agents.base import NOTHING, Agent, Parsed
from toktui.agents.folders import named_folder
from toktui.agents.json_lines import (
    BrokenLineError,
    convert,
    holds,
    leading_type,
    looks_whole,
    values,
)
from toktui.clock import parse_ms
from toktui.model import Fact, Misread, Sighting, Tier
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Turn

_S = TypeVar("_S", bound=Struct)
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
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Found(Struct, gc=False):
    """What the values of one line say."""

    sightings: list[Sighting] = []
    facts: list[Fact] = []

    def parsed(self, misread: tuple[Misread, ...] = ()) -> Parsed:
        if not (self.sightings or self.facts or misread):
            return NOTHING
        return Parsed(tuple(self.sightings), tuple(self.facts), misread)


class _Codex(Agent):
    name = "codex"
    label = "Codex"
    PARSER = 2
    replays = True

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return self.roots_of(named_folder(home, env, "CODEX_HOME") or home / ".codex")

    def roots_of(self, folder: Path) -> Sequence[Path]:
        if folder.name in ("sessions", "archived_sessions"):
            return [folder]
        return [folder / "sessions", folder / "archived_sessions"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].startswith("rollout-") and parts[-1].endswith(_SUFFIXES)

    def start(self, path: str) -> State:
        stem = path.rsplit("/", 1)[-1].removesuffix(".zst").removesuffix(".jsonl")
        found = _THREAD.search(stem)
        return State(found.group() if found else clean_id(stem))

    def load_state(self, packed: bytes) -> State:
        return load_state(packed)

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._codex_conversation import turn  # noqa: PLC0415  only when asked for

        return turn(line)

    def is_silent(self, block: bytes, pos: int, end: int, state: State) -> bool:
        kind = leading_type(block, pos, end)
        if kind is None:
            return not holds(block, pos, end, _NEEDLES)
        if kind == b"response_item":
            return not is_tool(block, pos, end, state)
        if kind == b"event_msg":
            event = _EVENT.search(block, pos, min(end, pos + _EVENT_WITHIN))
            return event is not None and event[1] not in _EVENT_NEEDLES
        return kind not in _ROW_NEEDLES

    def curious(self, state: State) -> bool:
        del state
        return False

    def parse(self, line: bytes, state: State) -> Parsed:
        found = _Found()
        try:
            row = rows.as_line(line)
            if row.type == "response_item":
                facts = tool(row, state)
                return Parsed(facts=facts) if facts else NOTHING
            if row.type not in _READ:
                return NOTHING
            if row.type == "event_msg":
                event = rows.as_event(row.payload)
                if event.type not in _EVENTS:
                    return NOTHING
                _event(event, _begin(row, state), state, found)
            else:
                payload = row.payload

                def read(shape: type[_S]) -> _S:
                    return msgspec.json.decode(payload, type=shape)

                _row(row, read, state, found)
        except _UNREADABLE:
            if self.is_silent(line, 0, len(line), state):
                return NOTHING if looks_whole(line) else self._slow(line, state)
            return self._slow(line, state)
        return found.parsed()

    def _slow(self, line: bytes, state: State) -> Parsed:
        """Any line at all, value by value: what the typed decoder cannot take in one step."""
        try:
            whole = values(line)
        except BrokenLineError as error:
            return Parsed(misread=(Misread(f"broken JSON: {error}", state.version),))
        found = _Found()
        misread: list[Misread] = []
        for value in whole:
            if not isinstance(value, dict):
                continue
            row = cast("dict[str, object]", value)
            if row.get("type") not in _READ:
                continue

            def read(shape: type[_S], payload: object = row.get("payload")) -> _S:
                return convert(payload, shape)

            try:
                head = convert({k: row.get(k) for k in rows.Head.__struct_fields__}, rows.Head)
                _row(head, read, state, found)
            except msgspec.ValidationError as error:
                misread.append(Misread(clean(str(error), 160), state.version))
        return found.parsed(tuple(misread))


def _begin(row: rows.Line | rows.Head, state: State) -> int | None:
    """Every row of use ends a replay at the latest where the log says so; gives its time."""
    if state.replay_ends is not None and (row.ordinal or 0) >= state.replay_ends:
        state.early = False
    return parse_ms(row.timestamp) if row.timestamp else None


def _row(
    row: rows.Line | rows.Head, read: Callable[[type[Any]], Any], state: State, found: _Found
) -> None:
    if row.type == "event_msg":
        kind: rows.EventHead = read(rows.EventHead)
        if kind.type in _EVENTS:
            _event(read(rows.Event), _begin(row, state), state, found)
        return
    at_ms = _begin(row, state)
    if row.type == "session_meta":
        thread = beside.session(read(rows.SessionMeta), at_ms, state)
        if thread is not None:
            found.facts.append(thread)
    elif row.type == "turn_context":
        _turn(at_ms, state)
        turn: rows.Turn = read(rows.Turn)
        state.model = clean(turn.model, 120) if turn.model else state.model
    elif row.type == "token_usage_record":
        call = recorded(read(rows.Record), at_ms, state)
        if call is not None:
            found.sightings.append(call)


def _turn(at_ms: int | None, state: State) -> None:
    """A turn that begins well after the log did is no replay."""
    started = state.started_ms
    if at_ms is not None and started is not None and at_ms > started + _REPLAY_MS:
        state.early = False


def _event(event: rows.Event, at_ms: int | None, state: State, found: _Found) -> None:
    if event.type == "token_count":
        if event.rate_limits is not None and at_ms is not None:
            found.facts += beside.limits(event.rate_limits, at_ms)
        info = event.info
        if info is not None and info.total_token_usage is not None:
            step, call = counted(info, info.total_token_usage.total(), at_ms, state)
            if step is not None:
                found.facts.append(step)
            if call is not None:
                found.sightings.append(call)
    elif event.type == "task_started":
        _turn(at_ms, state)
        state.window = event.model_context_window or state.window
    elif event.type == "thread_settings_applied" and event.thread_settings is not None:
        settings = event.thread_settings
        if settings.model:
            state.settings_model = clean(settings.model, 120)
        state.tier = _TIERS.get(settings.service_tier or "", "standard")


AGENT: Final = _Codex()
