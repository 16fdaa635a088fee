"""Claude Code.

Logs:     <home>/projects/<slug>/<session>.jsonl, sub-agents in <session>/subagents/** or, from old
          builds, flat as agent-*.jsonl; <home> is $CLAUDE_CONFIG_DIR, else ~/.claude and
          ~/.config/claude; Claude Desktop keeps further homes of the same shape
Record:   rows of type `assistant` with `message.usage`, several per response; `progress` rows that
          embed a sub-agent's message; `cost-state` rows, the agent's own ledger; `searchCount` in
          the result row of the CLI's own search tool; beside the logs, what it hands to its
          status line: `_claude_status`
Tokens:   the four prompt counts are disjoint, thinking is inside `output_tokens`
Identity: `message.id` where the provider made it, else `requestRef`, else session + id + ordinal
Exactness: exact from 2.1.98 on; before, and in interrupted turns, the output is a placeholder; what
          only the ledger knows (titles, compactions, recaps) is residual; no dollars of its own but
          the ledger's
Live:     tailed: a response is on screen as soon as its row is written
Seen:     1.0.67 to 2.1.330; golden/claude-code/
Unknown:  output of responses whose rows never got a `stop_reason` (all builds before 2.1.98)
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

import msgspec

from toktui.agents import _claude_beside as beside
from toktui.agents._claude_calls import embedded, response
from toktui.agents._claude_commits import awaited, committed, may_commit, remember_commits
from toktui.agents._claude_rows import (
    LedgerRow,
    ProgressRow,
    ResultRow,
    Row,
    as_head,
    as_progress_row,
    as_row,
)
from toktui.agents._claude_state import State, load_state
from toktui.agents._claude_status import STATUS_TYPE
from toktui.agents.base import NOTHING, Agent, Parsed
from toktui.agents.folders import expanded
from toktui.agents.json_lines import (
    BrokenLineError,
    convert,
    holds,
    leading_type,
    looks_whole,
    values,
)
from toktui.model import Fact, Misread, Sighting
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Block, Turn

_WORDS: Final = (b'"assistant"', b'"cost-state"', b'"searchCount"', b'"statusline"')
"""Every line with a call, a ledger, a number of searches or a status holds one of these."""
_KINDS: Final = (b"assistant", b"cost-state", STATUS_TYPE.encode())
_USAGE: Final = (b'"usage"',)


class _ClaudeCode(Agent):
    name = "claude-code"
    label = "Claude Code"
    PARSER = 2
    replays = False

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = env.get("CLAUDE_CONFIG_DIR", "").strip()
        if named:
            homes = [expanded(part.strip(), home) for part in named.split(",")]
        else:
            homes = [home / ".claude", home / ".config" / "claude"]
        desktop = [
            home / "Library" / "Application Support" / "Claude" / "local-agent-mode-sessions",
            home / ".config" / "Claude" / "local-agent-mode-sessions",
        ]
        return [root for h in homes for root in self.roots_of(h)] + desktop

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "projects" else folder / "projects"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].endswith(".jsonl")

    def start(self, path: str) -> State:
        stem = path.rsplit("/", 1)[-1].removesuffix(".jsonl")
        agent_id = clean_id(stem.removeprefix("agent-")) if stem.startswith("agent-") else ""
        return State(clean_id(stem), agent_id)

    def load_state(self, packed: bytes) -> State:
        return load_state(packed)

    def curious(self, state: State) -> bool:
        return not state.projects or bool(state.weak.open)

    def is_silent(self, block: bytes, pos: int, end: int, state: State) -> bool:
        kind = leading_type(block, pos, end)
        if kind is None:
            # From behind: most rows that stay are responses, which end in their own type.
            if state.commits and awaited(block, pos, end, state):
                return False
            return block.rfind(_WORDS[0], pos, end) < 0 and not holds(block, pos, end, _WORDS[1:])
        if kind == b"user":
            if state.commits and awaited(block, pos, end, state):
                return False
            return not state.searches or block.find(b'"searchCount"', pos, end) < 0
        if kind == b"progress":
            return not holds(block, pos, end, _USAGE)
        return kind not in _KINDS

    def parse(self, line: bytes, state: State) -> Parsed:
        try:
            row = as_row(line)
            if row.type == "assistant":
                if row.message is not None and may_commit(row.message):
                    remember_commits(line, state)
                return response(row, line, state)
        except beside.UNREADABLE:
            if self.is_silent(line, 0, len(line), state):
                return self._bystander(line, state)
            return self._slow(line, state)
        if row.type == "progress":
            try:
                return embedded(as_progress_row(line), line, state)
            except beside.UNREADABLE:
                return self._slow(line, state)
        if row.type == STATUS_TYPE:
            return beside.status(line)
        if row.type == "user" and state.commits and awaited(line, 0, len(line), state):
            facts = committed(line, state)
            if facts:
                self._bystander(line, state)
                return Parsed(facts=facts)
        if row.type == "cost-state" or (row.type == "user" and state.searches):
            return self._slow(line, state)
        state.project(clean_id(row.sessionId or "") or state.stem, row.cwd)
        if row.type == "user":
            state.weak.user_row(row.uuid or "", row.parentUuid or "")
        return NOTHING

    def said(self, line: bytes, key: str) -> tuple[Block, ...]:
        from toktui.agents._claude_content import said  # noqa: PLC0415  few lines are read for it

        return said(line, key)

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._claude_conversation import turn  # noqa: PLC0415  only when asked for

        return turn(line)

    def _bystander(self, line: bytes, state: State) -> Parsed:
        """A line without any count: it may name the working folder, or end a relay's response."""
        try:
            head = as_head(line)
        except msgspec.ValidationError:
            return NOTHING
        except beside.UNREADABLE:
            return NOTHING if looks_whole(line) else self._slow(line, state)
        state.project(clean_id(head.sessionId or "") or state.stem, head.cwd)
        if head.type == "user":
            state.weak.user_row(head.uuid or "", head.parentUuid or "")
        return NOTHING

    def _slow(self, line: bytes, state: State) -> Parsed:
        """Any line at all, value by value: what the typed decoder cannot take in one step."""
        try:
            found = values(line)
        except BrokenLineError as error:
            return Parsed(misread=(Misread(f"broken JSON: {error}"),))
        sightings: list[Sighting] = []
        facts: list[Fact] = []
        misread: list[Misread] = []
        for value in found:
            if not isinstance(value, dict):
                continue
            row = cast("dict[str, object]", value)
            try:
                parsed = self._value(row, line if len(found) == 1 else _encoded(row), state)
            except (msgspec.DecodeError, RecursionError) as error:
                version = row.get("version")
                name = clean(version, 24) if isinstance(version, str) else ""
                misread.append(Misread(clean(str(error), 160), name))
                continue
            sightings += parsed.sightings
            facts += parsed.facts
        return Parsed(tuple(sightings), tuple(facts), tuple(misread))

    def _value(self, value: dict[str, object], line: bytes, state: State) -> Parsed:
        kind = value.get("type")
        if kind == "assistant":
            if _at(value, "message", "usage") is not None:
                return response(convert(_raw_usage(value), Row), line, state)
        elif kind == "progress":
            inner = _dict(_at(value, "data", "message"))
            if _at(inner, "message", "usage") is not None:
                data = {**_dict(value["data"]), "message": _raw_usage(inner)}
                return embedded(convert({**value, "data": data}, ProgressRow), line, state)
        elif kind == "cost-state":
            return Parsed(facts=(beside.ledger(convert(value, LedgerRow), state),))
        elif kind == "user" and _at(value, "toolUseResult", "searchCount"):
            return beside.searches(convert(value, ResultRow), state)
        return NOTHING


def _dict(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _at(value: dict[str, object], *path: str) -> object:
    """What stands at a path of keys, or None."""
    found: object = value
    for key in path:
        found = _dict(found).get(key)
    return found


def _encoded(value: dict[str, object]) -> bytes:
    """JSON of any value that a line can hold, lone surrogates too."""
    return json.dumps(value).encode()


def _raw_usage(row: dict[str, object]) -> dict[str, object]:
    """The row with its usage as bytes, as the typed decoder has it, and without what was said."""
    message = {k: v for k, v in _dict(row.get("message")).items() if k != "content"}
    return {**row, "message": {**message, "usage": msgspec.Raw(_encoded(_dict(message["usage"])))}}


AGENT: Final = _ClaudeCode()
