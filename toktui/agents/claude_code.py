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
import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import msgspec
from msgspec import Struct, field

from toktui.agents._claude_rows import (
    Counted,
    Iteration,
    LedgerRow,
    Message,
    ProgressRow,
    ResultRow,
    Row,
    as_head,
    as_progress_row,
    as_row,
    as_tool_row,
    counted,
)
from toktui.agents._claude_status import STATUS_TYPE, status_facts
from toktui.agents._claude_weak import WeakIds
from toktui.agents.base import NOTHING, Agent, Parsed
from toktui.agents.json_lines import (
    BrokenLineError,
    convert,
    holds,
    leading_type,
    looks_whole,
    values,
)
from toktui.clock import parse_ms
from toktui.facts import Ledger, LedgerModel, Searches, encode
from toktui.model import FLAG_WEAK_ID, Fact, Kind, Misread, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Block

_PROVIDER_ID: Final = re.compile(r"msg_(?:bdrk_|vrtx_)[\w-]+|msg_[\w-]{16,}", re.ASCII)
_SEARCHES_KEPT: Final = 64
_WORDS: Final = (b'"assistant"', b'"cost-state"', b'"searchCount"', b'"statusline"')
"""Every line with a call, a ledger, a number of searches or a status holds one of these."""
_KINDS: Final = (b"assistant", b"cost-state", STATUS_TYPE.encode())
_EMBEDDERS: Final = ("agent_progress", "skill_progress")
_EMBEDDING: Final = tuple(b'"%s"' % word.encode() for word in _EMBEDDERS)
_BEFORE_TOOLS: Final = ("tool_use", None)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _State(Struct, array_like=True):
    stem: str
    agent_id: str
    projects: dict[str, str] = {}
    searches: dict[str, str] = {}
    """Keys of calls by the search that they asked for, the oldest first."""
    weak: WeakIds = field(default_factory=WeakIds)


_load_state: Final = msgspec.msgpack.Decoder(_State).decode


class _Frame(NamedTuple):
    """What the rows of a session repeat, clean."""

    session: str
    origin: str
    agent_id: str
    agent_type: str
    model: str
    branch: str
    version: str


_frames: Final[dict[tuple[str | None, ...], _Frame]] = {}
_FRAMES_KEPT: Final = 1024


def _frame(row: Row, model: str | None) -> _Frame:
    origin = row.requestSessionId or (row.forkedFrom.sessionId if row.forkedFrom else None)
    raw = (
        row.sessionId, origin, row.agentId, row.attributionAgent, model, row.gitBranch,
        row.version,
    )  # fmt: skip
    known = _frames.get(raw)
    if known is None:
        if len(_frames) >= _FRAMES_KEPT:
            _frames.clear()
        known = _frames[raw] = _Frame(
            clean_id(row.sessionId or ""),
            clean_id(origin or ""),
            clean_id(row.agentId or ""),
            clean(row.attributionAgent or "", 48),
            clean(model or "unknown", 120),
            clean(row.gitBranch or "", 120),
            clean(row.version or "", 24),
        )
    return known


def _money(usd: float | None) -> int | None:
    return round(usd * 1e9) if usd is not None and 0 <= usd < 1e9 else None


class _ClaudeCode(Agent):
    name = "claude-code"
    label = "Claude Code"
    PARSER = 1
    replays = False

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        named = env.get("CLAUDE_CONFIG_DIR", "").strip()
        if named:
            homes = [home.__class__(part.strip()).expanduser() for part in named.split(",")]
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

    def start(self, path: str) -> _State:
        stem = path.rsplit("/", 1)[-1].removesuffix(".jsonl")
        agent_id = clean_id(stem.removeprefix("agent-")) if stem.startswith("agent-") else ""
        return _State(clean_id(stem), agent_id)

    def load_state(self, packed: bytes) -> _State:
        return _load_state(packed)

    def curious(self, state: _State) -> bool:
        return not state.projects or bool(state.weak.open)

    def is_silent(self, block: bytes, pos: int, end: int, state: _State) -> bool:
        kind = leading_type(block, pos, end)
        if kind is None:
            return not holds(block, pos, end, _WORDS)
        if kind == b"user":
            return not state.searches or block.find(b'"searchCount"', pos, end) < 0
        if kind == b"progress":
            return not holds(block, pos, end, _EMBEDDING)
        return kind not in _KINDS

    def parse(self, line: bytes, state: _State) -> Parsed:
        try:
            row = as_row(line)
            if row.type == "assistant":
                return self._response(row, line, state)
        except _UNREADABLE:
            if self.is_silent(line, 0, len(line), state):
                return self._bystander(line, state)
            return self._slow(line, state)
        if row.type == "progress":
            try:
                return self._embedded(as_progress_row(line), line, state)
            except _UNREADABLE:
                return self._slow(line, state)
        if row.type == STATUS_TYPE:
            return _status(line)
        if row.type == "cost-state" or (row.type == "user" and state.searches):
            return self._slow(line, state)
        self._project(clean_id(row.sessionId or "") or state.stem, row.cwd, state)
        if row.type == "user":
            state.weak.user_row(row.uuid or "", row.parentUuid or "")
        return NOTHING

    def _bystander(self, line: bytes, state: _State) -> Parsed:
        """A line without any count: it may name the working folder, or end a relay's response."""
        try:
            head = as_head(line)
        except msgspec.ValidationError:
            return NOTHING
        except _UNREADABLE:
            return NOTHING if looks_whole(line) else self._slow(line, state)
        self._project(clean_id(head.sessionId or "") or state.stem, head.cwd, state)
        if head.type == "user":
            state.weak.user_row(head.uuid or "", head.parentUuid or "")
        return NOTHING

    def _project(self, session: str, cwd: str | None, state: _State) -> str:
        """The first working folder of a session in this log."""
        known = state.projects.get(session)
        if known is None and cwd:
            known = state.projects[session] = clean(cwd, 512)
        return known or ""

    def _slow(self, line: bytes, state: _State) -> Parsed:
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

    def _value(self, value: dict[str, object], line: bytes, state: _State) -> Parsed:
        kind = value.get("type")
        if kind == "assistant":
            if _at(value, "message", "usage") is not None:
                return self._response(convert(_raw_usage(value), Row), line, state)
        elif kind == "progress":
            inner = _dict(_at(value, "data", "message"))
            if _at(inner, "message", "usage") is not None:
                data = {**_dict(value["data"]), "message": _raw_usage(inner)}
                return self._embedded(convert({**value, "data": data}, ProgressRow), line, state)
        elif kind == "cost-state":
            return Parsed(facts=(self._ledger(convert(value, LedgerRow), state),))
        elif kind == "user" and _at(value, "toolUseResult", "searchCount"):
            return self._searches(convert(value, ResultRow), state)
        return NOTHING

    def _response(self, row: Row, line: bytes, state: _State) -> Parsed:
        """The calls that an assistant row reports: its own, and those of its iterations."""
        base = self._sighting(row, line, state)
        if base is None:
            return NOTHING
        sighting, usage = base
        if not usage.iterations:
            return Parsed((sighting,))
        return Parsed((sighting, *_side_calls(sighting, usage.iterations)))

    def _sighting(
        self, row: Row, line: bytes, state: _State, kind: Kind = "row"
    ) -> tuple[Sighting, Counted] | None:
        message = row.message
        frame = _frame(row, message.model if message else None)
        session, origin = frame.session or state.stem, frame.origin
        project = self._project(session, row.cwd, state)
        if message is None or (told := bytes(message.usage)) == b"null":
            return None
        if row.isApiErrorMessage or row.isUnmetered or message.model == "<synthetic>":
            return None
        usage = counted(told)
        key, repeats = self._key(row, message, origin or session, usage.tokens, line, state)
        agent_id = frame.agent_id or state.agent_id
        if row.isSidechain and not agent_id:
            agent_id = "sidechain"
        if message.stop_reason in _BEFORE_TOOLS and b'"WebSearch"' in line:
            self._remember_searches(line, key, state)
        sighting = Sighting(  # by place: half the time of a row goes into naming the fields
            key,
            session,
            parse_ms(row.timestamp) if row.timestamp else None,
            frame.model,
            usage.tokens,
            usage.web_search,
            message.stop_reason is not None,
            kind,
            "" if origin == session else origin,
            agent_id,
            frame.agent_type,
            project,
            frame.branch,
            frame.version,
            usage.tier,
            usage.geo,
            False,
            FLAG_WEAK_ID if key.startswith("weak:") else 0,
            0,
            _money(row.costUSD),
            repeats,
        )
        return sighting, usage

    def _embedded(self, row: ProgressRow, line: bytes, state: _State) -> Parsed:
        data = row.data
        inner = data.message if data and data.type in _EMBEDDERS else None
        if data is None or inner is None or inner.type != "assistant":
            return NOTHING
        whole = Row(
            type="assistant",
            uuid=inner.uuid,
            sessionId=row.sessionId,
            timestamp=inner.timestamp or row.timestamp,
            cwd=row.cwd,
            gitBranch=row.gitBranch,
            version=row.version,
            agentId=data.agentId or "progress",
            requestRef=inner.requestRef,
            message=inner.message,
        )
        base = self._sighting(whole, line, state, kind="progress")
        if base is None:
            return NOTHING
        return Parsed((base[0], *_side_calls(base[0], base[1].iterations)))

    def _key(
        self, row: Row, message: Message, scope: str, tokens: Tokens, line: bytes, state: _State
    ) -> tuple[str, bool]:
        """The identity of the row's call, and whether the row is a repetition."""
        if message.id and _PROVIDER_ID.fullmatch(message.id):
            return clean_id(message.id), False
        if row.requestRef:
            return f"ref:{clean_id(row.requestRef)}", False
        place = f"{scope}:{clean_id(message.id) if message.id else ''}"
        return state.weak.key(
            place, line, uuid=row.uuid or "", block=row.apiBlockIndex, tokens=tokens
        )

    def _remember_searches(self, line: bytes, key: str, state: _State) -> None:
        try:
            content = as_tool_row(line).message
        except _UNREADABLE:
            return
        for block in (content.content or ()) if content else ():
            if block.type == "tool_use" and block.name == "WebSearch" and block.id:
                state.searches[clean_id(block.id)] = key
                if len(state.searches) > _SEARCHES_KEPT:
                    del state.searches[next(iter(state.searches))]

    def _searches(self, row: ResultRow, state: _State) -> Parsed:
        count = (row.toolUseResult.searchCount or 0) if row.toolUseResult else 0
        for block in (row.message.content or ()) if row.message else ():
            tool_use = clean_id(block.tool_use_id) if block.tool_use_id else ""
            key = state.searches.get(tool_use)
            if key and count:
                body = encode(Searches(tool_use, count))
                return Parsed(facts=(Fact(kind="search", subject=key, body=body, latest=False),))
        return NOTHING

    def said(self, line: bytes, key: str) -> tuple[Block, ...]:
        from toktui.agents._claude_content import said  # noqa: PLC0415  few lines are read for it

        return said(line, key)

    def _ledger(self, row: LedgerRow, state: _State) -> Fact:
        models = tuple(
            LedgerModel(clean(name, 120), entry.tokens(), entry.webSearchRequests or 0)
            for name, entry in (row.modelUsage or {}).items()
        )
        started = int(row.startTime) if row.startTime and 0 < row.startTime < 2**53 else None
        session = clean_id(row.sessionId) if row.sessionId else state.stem
        body = encode(Ledger(_money(row.totalCostUSD), started, models))
        return Fact(kind="ledger", subject=session, body=body, at_ms=started)


def _status(line: bytes) -> Parsed:
    """What our own spool holds: see `_claude_status`."""
    try:
        return Parsed(facts=status_facts(line))
    except _UNREADABLE as error:
        return Parsed(misread=(Misread(clean(str(error), 160)),))


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
    """The row with its usage as bytes, as the typed decoder has it."""
    message = _dict(row.get("message"))
    return {**row, "message": {**message, "usage": msgspec.Raw(_encoded(_dict(message["usage"])))}}


def _sum(entries: Sequence[Tokens]) -> tuple[int, int, int, int]:
    return (
        sum(t.input for t in entries),
        sum(t.cache_read for t in entries),
        sum(t.cache_write_5m + t.cache_write_1h for t in entries),
        sum(t.output for t in entries),
    )


def _side_calls(row: Sighting, iterations: Sequence[Iteration]) -> Iterator[Sighting]:
    """Calls of their own: the entries that are not needed to explain the row's usage."""
    tokens = [entry.tokens() for entry in iterations]
    models = [clean(entry.model, 120) if entry.model else row.model for entry in iterations]
    plain = [i for i, entry in enumerate(iterations) if entry.type == "message"]
    if _sum([tokens[i] for i in plain]) == _sum([row.tokens]):
        explained = set(plain)
    else:
        explained = {i for i, model in enumerate(models) if model == row.model}
    for index, entry in enumerate(iterations):
        if index in explained or not tokens[index].total:
            continue
        yield msgspec.structs.replace(
            row,
            key=f"{row.key}#{index}",
            model=models[index],
            tokens=tokens[index],
            web_search=0,
            tier=row.tier if models[index] == row.model else "standard",
            residual=entry.type != "advisor_message",
            final=True,
            reported_nusd=None,
        )


AGENT: Final = _ClaudeCode()
