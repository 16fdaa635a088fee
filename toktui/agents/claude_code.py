"""Claude Code.

Logs:     <home>/projects/<slug>/<session>.jsonl, sub-agents in <session>/subagents/** or, from old
          builds, flat as agent-*.jsonl; <home> is $CLAUDE_CONFIG_DIR, else ~/.claude and
          ~/.config/claude; Claude Desktop keeps further homes of the same shape
Record:   rows of type `assistant` with `message.usage`, several per response; `progress` rows that
          embed a sub-agent's message; `cost-state` rows, the agent's own ledger; `searchCount` in
          the result row of the CLI's own search tool
Tokens:   the four prompt counts are disjoint, thinking is inside `output_tokens`
Identity: `message.id` where the provider made it, else `requestRef`, else session + id + ordinal
Seen:     1.0.67 to 2.1.330; golden/claude-code/
Unknown:  output of responses whose rows never got a `stop_reason` (all builds before 2.1.98)
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from toktui.agents.base import MAX_COUNT, NOTHING, Parsed
from toktui.agents.json_lines import BrokenLineError, convert, looks_whole, values
from toktui.clock import parse_ms
from toktui.facts import Ledger, LedgerModel, Searches, encode
from toktui.model import FLAG_WEAK_ID, Fact, Kind, Misread, Sighting, Tier, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None


class _Split(Struct):
    ephemeral_5m_input_tokens: _Count = None
    ephemeral_1h_input_tokens: _Count = None


class _OutputDetails(Struct):
    thinking_tokens: _Count = None


class _ServerTools(Struct):
    web_search_requests: _Count = None


class _Counts(Struct):
    input_tokens: _Count = None
    output_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation: _Split | None = None
    output_tokens_details: _OutputDetails | None = None

    def tokens(self) -> Tokens:
        split = self.cache_creation
        short = (split.ephemeral_5m_input_tokens or 0) if split else 0
        long = (split.ephemeral_1h_input_tokens or 0) if split else 0
        written = max(self.cache_creation_input_tokens or 0, short + long)
        details = self.output_tokens_details
        output = self.output_tokens or 0
        return Tokens(
            input=self.input_tokens or 0,
            cache_read=self.cache_read_input_tokens or 0,
            cache_write_5m=written - long,
            cache_write_1h=long,
            output=output,
            reasoning=min(output, details.thinking_tokens or 0) if details else 0,
        )


class _Iteration(_Counts):
    type: str | None = None
    model: str | None = None


class _Usage(_Counts):
    server_tool_use: _ServerTools | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: list[_Iteration] | None = None


class _Message(Struct):
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: _Usage | None = None


class _ForkedFrom(Struct):
    sessionId: str | None = None


class _Row(Struct):
    """An assistant row; any other row decodes too, unless a field has a foreign type."""

    type: str | None = None
    uuid: str | None = None
    parentUuid: str | None = None
    sessionId: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None
    version: str | None = None
    isSidechain: bool | None = None
    agentId: str | None = None
    attributionAgent: str | None = None
    requestRef: str | None = None
    requestSessionId: str | None = None
    forkedFrom: _ForkedFrom | None = None
    isApiErrorMessage: bool | None = None
    isUnmetered: bool | None = None
    apiBlockIndex: _Count = None
    costUSD: float | None = None
    message: _Message | None = None


class _EmbeddedRow(Struct):
    timestamp: str | None = None
    type: str | None = None
    uuid: str | None = None
    requestRef: str | None = None
    message: _Message | None = None


class _ProgressData(Struct):
    type: str | None = None
    agentId: str | None = None
    message: _EmbeddedRow | None = None


class _ProgressRow(Struct):
    sessionId: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    gitBranch: str | None = None
    version: str | None = None
    data: _ProgressData | None = None


class _LedgerEntry(Struct):
    inputTokens: _Count = None
    outputTokens: _Count = None
    thinkingTokens: _Count = None
    cacheReadInputTokens: _Count = None
    cacheCreationInputTokens: _Count = None
    cacheCreationEphemeral5mInputTokens: _Count = None
    cacheCreationEphemeral1hInputTokens: _Count = None
    webSearchRequests: _Count = None


class _LedgerRow(Struct):
    sessionId: str | None = None
    totalCostUSD: float | None = None
    startTime: float | None = None
    modelUsage: dict[str, _LedgerEntry] | None = None


class _Block(Struct):
    type: str | None = None
    id: str | None = None
    name: str | None = None
    tool_use_id: str | None = None


class _Content(Struct):
    content: list[_Block] | None = None


class _ToolRow(Struct):
    message: _Content | None = None


class _SearchResult(Struct):
    searchCount: _Count = None


class _ResultRow(Struct):
    toolUseResult: _SearchResult | None = None
    message: _Content | None = None


class _Head(Struct):
    type: str | None = None
    version: str | None = None
    sessionId: str | None = None
    cwd: str | None = None
    uuid: str | None = None
    parentUuid: str | None = None


_as_row: Final = msgspec.json.Decoder(_Row).decode
_as_head: Final = msgspec.json.Decoder(_Head).decode

_PROVIDER_ID: Final = re.compile(r"msg_(?:bdrk_|vrtx_)[\w-]+|msg_[\w-]{16,}", re.ASCII)
_SEARCHES_KEPT: Final = 64
_ROWS_KEPT: Final = 4096


class _Weak(Struct, array_like=True):
    """The open response of one scope (origin session + relay id)."""

    ordinal: int
    block: int | None
    prompt: tuple[int, int, int, int]
    uuids: list[str]
    left: bool = False


class _State(Struct, array_like=True):
    stem: str
    agent_id: str
    projects: dict[str, str]
    searches: dict[str, str]
    weak: dict[str, _Weak]
    weak_rows: dict[str, int]


_EMPTY_STATE: Final = msgspec.msgpack.Decoder(_State)


def _money(usd: float | None) -> int | None:
    return round(usd * 1e9) if usd is not None and 0 <= usd < 1e9 else None


def _tier(usage: _Usage) -> Tier:
    if usage.speed == "fast":
        return "fast"
    if usage.service_tier in ("batch", "priority", "flex"):
        return usage.service_tier
    return "standard"


class _ClaudeCode:
    name = "claude-code"
    label = "Claude Code"
    PARSER = 1
    replays = False
    needles = (b'"usage"', b'"cost-state"', b'"searchCount"')

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
        return _State(clean_id(stem), agent_id, {}, {}, {}, {})

    def load_state(self, packed: bytes) -> _State:
        return _EMPTY_STATE.decode(packed)

    def curious(self, state: _State) -> bool:
        return not state.projects or bool(state.weak)

    def parse(self, line: bytes, state: _State) -> Parsed:
        if not any(needle in line for needle in self.needles) and b"\\u00" not in line:
            return self._bystander(line, state)
        try:
            row = _as_row(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._slow(line, state)
        if row.type == "assistant":
            return _parsed(self._response(row, line, state))
        if row.type in ("progress", "cost-state", "user"):
            return self._slow(line, state)
        self._remember_project(row.sessionId, row.cwd, state)
        return NOTHING

    def _bystander(self, line: bytes, state: _State) -> Parsed:
        """A line without any count: it may name the working folder, or end a relay's response."""
        try:
            head = _as_head(line)
        except msgspec.ValidationError:
            return NOTHING
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NOTHING if looks_whole(line) else self._slow(line, state)
        self._remember_project(head.sessionId, head.cwd, state)
        if head.type == "user":
            for weak in state.weak.values():
                if head.parentUuid in weak.uuids:
                    weak.uuids.append(head.uuid or "")
                else:
                    weak.left = True
        return NOTHING

    def _remember_project(self, session: str | None, cwd: str | None, state: _State) -> str:
        name = clean_id(session) if session else state.stem
        known = state.projects.get(name)
        if known is None and cwd:
            known = state.projects[name] = clean(cwd, 512)
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
            try:
                for item in self._value(value, line, state):
                    if isinstance(item, Sighting):
                        sightings.append(item)
                    else:
                        facts.append(item)
            except msgspec.ValidationError as error:
                version = value.get("version") if isinstance(value, dict) else None
                misread.append(
                    Misread(
                        clean(str(error), 160),
                        clean(version, 24) if isinstance(version, str) else "",
                    )
                )
        return Parsed(tuple(sightings), tuple(facts), tuple(misread))

    def _value(self, value: object, line: bytes, state: _State) -> Iterator[Sighting | Fact]:
        if not isinstance(value, dict):
            return
        kind: object = value.get("type")
        if kind == "assistant":
            message: object = value.get("message")
            if isinstance(message, dict) and isinstance(message.get("usage"), dict):
                whole = line if b"}{" not in line else msgspec.json.encode(value)
                yield from self._response(convert(value, _Row), whole, state)
        elif kind == "progress":
            data: object = value.get("data")
            if isinstance(data, dict) and data.get("type") in ("agent_progress", "skill_progress"):
                inner: object = data.get("message")
                if isinstance(inner, dict) and inner.get("type") == "assistant":
                    yield from self._embedded(convert(value, _ProgressRow), line, state)
        elif kind == "cost-state":
            yield from self._ledger(convert(value, _LedgerRow), state)
        elif kind == "user":
            result: object = value.get("toolUseResult")
            if isinstance(result, dict) and result.get("searchCount"):
                yield from self._searches(value, state)

    def _response(self, row: _Row, line: bytes, state: _State) -> Iterator[Sighting]:
        message = row.message
        project = self._remember_project(row.sessionId, row.cwd, state)
        if message is None or (usage := message.usage) is None:
            return
        if row.isApiErrorMessage or row.isUnmetered or message.model == "<synthetic>":
            return
        session = clean_id(row.sessionId) if row.sessionId else state.stem
        forked = row.forkedFrom.sessionId if row.forkedFrom else None
        origin = clean_id(row.requestSessionId or forked or "")
        key, weak, repeats = self._key(row, message, origin or session, line, state)
        agent_id = clean_id(row.agentId) if row.agentId else state.agent_id
        if row.isSidechain and not agent_id:
            agent_id = "sidechain"
        if b'"WebSearch"' in line:
            self._remember_searches(line, key, state)
        base = Sighting(
            key=key,
            session=session,
            at_ms=parse_ms(row.timestamp) if row.timestamp else None,
            model=clean(message.model or "unknown", 120),
            tokens=usage.tokens(),
            web_search=(usage.server_tool_use.web_search_requests or 0)
            if usage.server_tool_use
            else 0,
            final=message.stop_reason is not None,
            origin="" if origin == session else origin,
            agent_id=agent_id,
            agent_type=clean(row.attributionAgent or "", 48),
            project=project,
            branch=clean(row.gitBranch or "", 120),
            version=clean(row.version or "", 24),
            tier=_tier(usage),
            geo="us" if usage.inference_geo == "us" else "",
            flags=FLAG_WEAK_ID if weak else 0,
            reported_nusd=_money(row.costUSD),
            repeats=repeats,
        )
        yield base
        if usage.iterations:
            yield from _side_calls(base, usage.iterations)

    def _embedded(self, row: _ProgressRow, line: bytes, state: _State) -> Iterator[Sighting]:
        data = row.data
        inner = data.message if data else None
        if data is None or inner is None or inner.message is None or inner.message.usage is None:
            self._remember_project(row.sessionId, row.cwd, state)
            return
        whole = _Row(
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
        kind: Kind = "progress"
        for sighting in self._response(whole, line, state):
            yield msgspec.structs.replace(sighting, kind=kind)

    def _key(
        self, row: _Row, message: _Message, scope: str, line: bytes, state: _State
    ) -> tuple[str, bool, bool]:
        """The identity of the row's call; whether it is weak; whether the row is a repetition."""
        if message.id and _PROVIDER_ID.fullmatch(message.id):
            return clean_id(message.id), False, False
        if row.requestRef:
            return f"ref:{clean_id(row.requestRef)}", False, False
        place = f"{scope}:{clean_id(message.id) if message.id else ''}"
        digest = blake2b(line, digest_size=8).hexdigest()
        ordinal = state.weak_rows.get(digest)
        if ordinal is not None:
            return f"weak:{place}:{ordinal}", True, True
        ordinal = self._ordinal(row, message, place, state)
        state.weak_rows[digest] = ordinal
        if len(state.weak_rows) > _ROWS_KEPT:
            del state.weak_rows[next(iter(state.weak_rows))]
        return f"weak:{place}:{ordinal}", True, False

    def _ordinal(self, row: _Row, message: _Message, place: str, state: _State) -> int:
        """The number of the response of a relay that gives no ids: blocks rise within one, and
        its prompt does not change."""
        usage = message.usage
        tokens = usage.tokens() if usage else Tokens()
        prompt = (tokens.input, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h)
        last = state.weak.get(place)
        if last is None:
            ordinal = 0
        elif row.apiBlockIndex is not None and last.block is not None:
            ordinal = last.ordinal + (row.apiBlockIndex <= last.block)
        else:
            ordinal = last.ordinal + (last.left or prompt != last.prompt)
        uuids = last.uuids if last is not None and last.ordinal == ordinal else []
        uuids.append(row.uuid or "")
        state.weak[place] = _Weak(ordinal, row.apiBlockIndex, prompt, uuids)
        return ordinal

    def _remember_searches(self, line: bytes, key: str, state: _State) -> None:
        try:
            content = msgspec.json.decode(line, type=_ToolRow).message
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        for block in (content.content or ()) if content else ():
            if block.type == "tool_use" and block.name == "WebSearch" and block.id:
                state.searches[clean_id(block.id)] = key
                if len(state.searches) > _SEARCHES_KEPT:
                    del state.searches[next(iter(state.searches))]

    def _searches(self, value: object, state: _State) -> Iterator[Fact]:
        row = convert(value, _ResultRow)
        count = (row.toolUseResult.searchCount or 0) if row.toolUseResult else 0
        for block in (row.message.content or ()) if row.message else ():
            tool_use = clean_id(block.tool_use_id) if block.tool_use_id else ""
            key = state.searches.get(tool_use)
            if key and count:
                body = encode(Searches(tool_use, count))
                yield Fact(kind="search", subject=key, body=body, latest=False)
                return

    def _ledger(self, row: _LedgerRow, state: _State) -> Iterator[Fact]:
        models = tuple(
            LedgerModel(
                clean(name, 120),
                _Counts(
                    entry.inputTokens,
                    entry.outputTokens,
                    entry.cacheCreationInputTokens,
                    entry.cacheReadInputTokens,
                    _Split(
                        entry.cacheCreationEphemeral5mInputTokens,
                        entry.cacheCreationEphemeral1hInputTokens,
                    ),
                    _OutputDetails(entry.thinkingTokens),
                ).tokens(),
                entry.webSearchRequests or 0,
            )
            for name, entry in (row.modelUsage or {}).items()
        )
        started = int(row.startTime) if row.startTime and 0 < row.startTime < 2**53 else None
        body = encode(Ledger(_money(row.totalCostUSD), started, models))
        session = clean_id(row.sessionId) if row.sessionId else state.stem
        yield Fact(kind="ledger", subject=session, body=body, at_ms=started)


def _parsed(sightings: Iterator[Sighting]) -> Parsed:
    found = tuple(sightings)
    return Parsed(found) if found else NOTHING


def _sum(entries: Sequence[Tokens]) -> tuple[int, int, int, int]:
    return (
        sum(t.input for t in entries),
        sum(t.cache_read for t in entries),
        sum(t.cache_write_5m + t.cache_write_1h for t in entries),
        sum(t.output for t in entries),
    )


def _side_calls(row: Sighting, iterations: Sequence[_Iteration]) -> Iterator[Sighting]:
    """Calls of their own: the entries that are not needed to explain the row's usage."""
    tokens = [entry.tokens() for entry in iterations]
    plain = [i for i, entry in enumerate(iterations) if entry.type == "message"]
    if _sum([tokens[i] for i in plain]) == _sum([row.tokens]):
        explained = set(plain)
    else:
        explained = {
            i
            for i, entry in enumerate(iterations)
            if clean(entry.model or row.model, 120) == row.model
        }
    for index, entry in enumerate(iterations):
        if index in explained or not tokens[index].total:
            continue
        model = clean(entry.model, 120) if entry.model else row.model
        yield msgspec.structs.replace(
            row,
            key=f"{row.key}#{index}",
            model=model,
            tokens=tokens[index],
            web_search=0,
            tier=row.tier if model == row.model else "standard",
            residual=entry.type != "advisor_message",
            final=True,
            reported_nusd=None,
        )


AGENT: Final = _ClaudeCode()
