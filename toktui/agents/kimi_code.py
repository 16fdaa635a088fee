"""Kimi Code, and Kimi CLI before it.

Logs:     <home>/sessions/wd_<name>_<hash>/session_<id>/agents/<agent>/wire.jsonl, where <home> is
          $KIMI_CODE_HOME, else ~/.kimi-code; of Kimi CLI sessions/<hash>/<session>/wire.jsonl and
          subagents/<agent>/wire.jsonl below it in $KIMI_SHARE_DIR, else ~/.kimi
Record:   `step.end` events with `usage`; `usage.record` rows, which repeat a step before or behind
          it and alone report compactions and steps that never ended; `StatusUpdate` of Kimi CLI
Tokens:   the four buckets are disjoint, reasoning is inside `output`
Identity: the step's `uuid`; of what is in no step time and usage; `message_id` in Kimi CLI
Exactness: exact; no dollars of its own
Live:     tailed: a response is on screen as soon as its row is written
Seen:     wire 0.0 to 2.1 (Kimi Code 2.1.0); golden/kimi-code/
Unknown:  the model in logs of Kimi CLI, and its working folder but for a hash
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec import Struct

from toktui.agents import _kimi_cli_rows as kimi_cli
from toktui.agents.folders import named_folder
from toktui.agents.json_lines import object_of, text_of
from toktui.agents.lines import Count, LineAgent, LineState, Said, key_of, numbers_of
from toktui.model import Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Turn

_LOG: Final = "wire.jsonl"
_AGENTS: Final = ("agents", "subagents")
_FOLDER: Final = re.compile(r"wd_(.+)_[0-9a-f]+")
_HASH: Final = re.compile(r"[0-9a-f]{32,}")
_HASH_SHOWN: Final = 12


class _Head(Struct):
    type: Any = None
    event: Any = None
    message: Any = None


class _Request(Struct):
    model: str | None = None


class _Environment(Struct):
    cwd: str | None = None


class _Config(Struct):
    modelAlias: str | None = None
    environmentDisclosure: _Environment | None = None


class _Usage(Struct):
    inputOther: Count = None
    output: Count = None
    inputCacheRead: Count = None
    inputCacheCreation: Count = None

    def tokens(self) -> Tokens:
        """In our buckets."""
        return Tokens(
            input=self.inputOther or 0,
            cache_read=self.inputCacheRead or 0,
            cache_write_5m=self.inputCacheCreation or 0,
            output=self.output or 0,
        )


class _Record(Struct):
    model: str | None = None
    usage: _Usage | None = None
    usageScope: Any = None
    time: Count = None


class _Event(Struct):
    uuid: str | None = None
    usage: _Usage | None = None
    messageId: str | None = None


class _Begin(Struct):
    event: _Event


class _End(Struct):
    event: _Event
    time: Count = None


class _State(LineState):
    agent_id: str = ""
    alias: str = ""
    step: str = ""
    """Key of the step that goes on or was told of last."""
    begun: bool = False
    """The step goes on, and no row has told its usage."""
    told: Tokens | None = None
    awaits: Literal["", "record", "end"] = ""
    """The row that may tell the same usage of the step once more."""


_SHAPES: Final[dict[str, type[Struct]]] = {
    "config.update": _Config,
    "profile.bind": _Config,
    "llm.request": _Request,
    "usage.record": _Record,
}


class _Place(NamedTuple):
    group: str
    session: str
    agent: str


class _KimiCode(LineAgent):
    name = "kimi-code"
    label = "Kimi Code"
    Head = _Head
    State = _State
    PARSER = 2
    tool_calls = (b'"tool.call"',)
    needles = (b'"usage"', b'"llm.request"', b'"step.begin"', b'"modelAlias"', b'"token_usage"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return [
            (named_folder(home, env, "KIMI_CODE_HOME") or home / ".kimi-code") / "sessions",
            (named_folder(home, env, "KIMI_SHARE_DIR") or home / ".kimi") / "sessions",
        ]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "sessions" else folder / "sessions"]

    def is_log(self, parts: Sequence[str]) -> bool:
        if parts[-1] != _LOG:
            return False
        return len(parts) == 3 or (len(parts) == 5 and parts[2] in _AGENTS)

    def is_entered(self, parts: Sequence[str]) -> bool:
        return len(parts) < 3 or (len(parts) < 5 and parts[2] in _AGENTS)

    def start(self, path: str) -> _State:
        place = _place(path.split("/"))
        found = _FOLDER.fullmatch(place.group)
        shown = place.group[:_HASH_SHOWN] if _HASH.fullmatch(place.group) else place.group
        return _State(
            session=clean_id(place.session),
            project=clean(found[1] if found else shown, 512),
            agent_id="" if place.agent == "main" else clean_id(place.agent),
        )

    def shape_of(self, head: _Head) -> type[Struct] | None:
        if head.type == "context.append_loop_event":
            return {"step.begin": _Begin, "step.end": _End}.get(
                text_of(object_of(head.event), "type")
            )
        if head.type is None:
            return kimi_cli.SHAPES.get(text_of(object_of(head.message), "type"))
        return _SHAPES.get(head.type) if isinstance(head.type, str) else None

    def told(self, row: Any, state: _State) -> Iterator[Said]:
        if isinstance(row, _Request):
            state.model = clean(row.model, 120) if row.model else state.model
        elif isinstance(row, _Config):
            state.alias = clean(row.modelAlias, 120) if row.modelAlias else state.alias
            if row.environmentDisclosure and row.environmentDisclosure.cwd:
                state.project = clean(row.environmentDisclosure.cwd, 512)
        elif isinstance(row, _Begin):
            state.step = clean_id(row.event.uuid or "")
            state.begun, state.awaits = bool(state.step), ""
        elif isinstance(row, _Record):
            yield from _recorded(row, state)
        elif isinstance(row, _End):
            yield from _ended(row, state)
        elif isinstance(row, kimi_cli.Update):
            yield from kimi_cli.updated(row, state, state.agent_id)
        elif isinstance(row, kimi_cli.Relay):
            yield from kimi_cli.relayed(row, state)

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._kimi_conversation import turn  # noqa: PLC0415  only on demand

        return turn(line)


def _place(parts: list[str]) -> _Place:
    """Group, session and agent of the log with this path, taken apart."""
    parts = ["", "", "", "", *parts]
    if parts[-3] in _AGENTS:
        return _Place(parts[-5], parts[-4], parts[-2])
    return _Place(parts[-3], parts[-2], "main")


def _recorded(row: _Record, state: _State) -> Iterator[Sighting]:
    """A usage: of the step that goes on, of the one that has just ended, or of none.

    An interrupted step says 0 of everything: nobody knows what it used, and it is no call.
    """
    if row.usage is None:
        return
    tokens = row.usage.tokens()
    key = key_of(row.time, *numbers_of(tokens))
    if row.usageScope != "session":
        if state.begun:
            key, state.begun = state.step, False
            state.told, state.awaits = tokens, "end"
        elif state.awaits == "record" and state.told == tokens:
            key, state.awaits = state.step, ""
        else:
            state.step, state.told, state.awaits = key, tokens, "end"
    model = state.model or state.alias or clean(row.model or "unknown", 120)
    if tokens.total:
        yield _sighting(key, row.time, model, tokens, state)


def _ended(row: _End, state: _State) -> Iterator[Sighting]:
    """The end of a step; where no row tells its beginning, a usage before it may be its own."""
    if row.event.usage is None:
        return
    tokens = row.event.usage.tokens()
    own = row.event.uuid or row.event.messageId
    key = clean_id(own) if own else key_of(row.time, *numbers_of(tokens))
    of_no_step = state.told == tokens and state.step.startswith("h:")
    if state.awaits == "end" and (state.step == key or of_no_step):
        key, state.awaits = state.step, ""
    else:
        state.step, state.told, state.awaits = key, tokens, "record"
    state.begun = False
    if tokens.total:
        yield _sighting(key, row.time, state.model or state.alias or "unknown", tokens, state)


def _sighting(key: str, at_ms: int | None, model: str, tokens: Tokens, state: _State) -> Sighting:
    return Sighting(
        key=key,
        session=state.session,
        at_ms=at_ms,
        model=model,
        tokens=tokens,
        agent_id=state.agent_id,
        project=state.project,
    )


AGENT: Final = _KimiCode()
