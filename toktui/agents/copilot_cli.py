"""GitHub Copilot CLI.

Logs:     <home>/session-state/<session>/events.jsonl, in old builds session-state/<session>.jsonl;
          and <home>/session-store.db; <home> is $COPILOT_HOME, else ~/.copilot
Record:   `session.usage_record`, one per response; in builds before it `assistant.message` knows
          the output only, and `session.shutdown` sums up what the session has used by then
Tokens:   `inputTokens` holds what was read from the cache and what was written to it, for every
          vendor; `outputTokens` holds `reasoningTokens`
Identity: `apiCallId`, else `usageId`, a short one of a local server together with session and
          `sequence`; a resumed session names the session of a copied record
Exactness: exact where there are records; before, a response is a placeholder without its prompt,
          and what the sums have beyond the responses is residual; premium requests and AI credits
          are no dollars and are not read
Live:     tailed: a response is on screen as soon as its row is written
Seen:     1.0.12 to 1.0.102; golden/copilot-cli/
Unknown:  in old builds which response read how much from the cache; prompts of a killed session
          that the database does not know
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from toktui.agents._copilot_sums import NONE, Sums, added, tokens_of
from toktui.agents.folders import named_folder
from toktui.agents.lines import Count, LineAgent, LineState, Said, name_in, provider_key
from toktui.clock import parse_ms
from toktui.facts import Ledger, LedgerModel, encode
from toktui.model import Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.content import Turn

_EVENTS: Final = "events.jsonl"
_FOLDER: Final = "session-state"
_STORE: Final = "session-store.db"


class _Head(Struct):
    type: Any = None


class _Context(Struct):
    cwd: str | None = None
    branch: str | None = None


class _StartData(Struct):
    sessionId: str | None = None
    copilotVersion: str | None = None
    context: _Context | None = None


class _Start(Struct):
    data: _StartData


class _Moved(Struct):
    data: _Context


class _Accounting(Struct):
    sourceSessionId: str | None = None
    sequence: Any = None
    usageId: str | None = None


class _Counts(Struct):
    inputTokens: Count = None
    outputTokens: Count = None
    cacheReadTokens: Count = None
    cacheWriteTokens: Count = None
    reasoningTokens: Count = None

    def sums(self) -> Sums:
        return (
            self.inputTokens or 0,
            self.cacheReadTokens or 0,
            self.cacheWriteTokens or 0,
            self.outputTokens or 0,
            self.reasoningTokens or 0,
        )


class _Usage(_Counts):
    model: str | None = None
    apiCallId: str | None = None
    accounting: _Accounting | None = None


class _RecordData(Struct):
    usage: _Usage | None = None


class _Record(Struct):
    data: _RecordData
    timestamp: str | None = None
    agentId: str | None = None


class _MessageData(Struct):
    model: str | None = None
    apiCallId: str | None = None
    messageId: str | None = None
    outputTokens: Count = None
    parentToolCallId: str | None = None


class _Message(Struct):
    data: _MessageData
    timestamp: str | None = None
    agentId: str | None = None


class _Metrics(Struct):
    usage: _Counts | None = None


class _ShutdownData(Struct):
    modelMetrics: dict[str, _Metrics] | None = None


class _Shutdown(Struct):
    data: _ShutdownData
    timestamp: str | None = None


class _Spent(Struct, array_like=True):
    """What a session has used of a model: before its counters last began anew, and since."""

    before: Sums = NONE
    since: Sums = NONE


class _State(LineState):
    spent: dict[str, _Spent] = msgspec.field(default_factory=lambda: dict[str, _Spent]())


_SHAPES: Final[dict[str, type[Struct]]] = {
    "session.start": _Start,
    "session.resume": _Start,
    "session.context_changed": _Moved,
    "session.usage_record": _Record,
    "session.shutdown": _Shutdown,
    "assistant.message": _Message,
}
_MODELS: Final = 64
"""Models of one session whose sums are remembered."""


class _CopilotCli(LineAgent):
    name = "copilot-cli"
    label = "GitHub Copilot CLI"
    Head = _Head
    State = _State
    PARSER = 2
    tool_calls = (b'"tool.execution_start"',)
    needles = (b'"session.', b'"outputTokens"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return self.roots_of(named_folder(home, env, "COPILOT_HOME") or home / ".copilot")

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder.parent if folder.name == _FOLDER else folder]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) == 1:
            return parts[0] == _STORE
        if parts[0] != _FOLDER:
            return False
        return len(parts) < 4 and parts[-1].endswith(_EVENTS if len(parts) == 3 else ".jsonl")

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] == _FOLDER and len(parts) <= 2

    def start(self, path: str) -> _State:
        name = name_in(path)
        return _State(session=name_in(path, 1) if name == _EVENTS else name.removesuffix(".jsonl"))

    def tools(self, line: bytes) -> Turn | None:
        from toktui.agents._copilot_tools import tools  # noqa: PLC0415  few lines are read for it

        return tools(line)

    def is_document(self, path: str) -> bool:
        return path.endswith(_STORE)

    def is_database(self, path: str) -> bool:
        return path.endswith(_STORE)

    def read(self, path: str, since: bytes) -> Document:
        from toktui.agents._copilot_store import read_store  # noqa: PLC0415  loads SQLite

        return read_store(path, since)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        from toktui.agents._copilot_store import quoted_rows  # noqa: PLC0415  loads SQLite

        return quoted_rows(path, places)

    def shape_of(self, head: _Head) -> type[Struct] | None:
        return _SHAPES.get(head.type) if isinstance(head.type, str) else None

    def told(self, row: Any, state: _State) -> Iterator[Said]:
        if isinstance(row, _Record):
            yield from _recorded(row, state)
        elif isinstance(row, _Message):
            yield from _answered(row, state)
        elif isinstance(row, _Shutdown):
            yield from _summed_up(row, state)
        elif isinstance(row, _Moved):
            _is_in(row.data, state)
        elif isinstance(row, _Start):
            told = row.data
            state.session = clean_id(told.sessionId) if told.sessionId else state.session
            state.version = clean(told.copilotVersion or state.version, 24)
            _is_in(told.context or _Context(), state)


def _is_in(context: _Context, state: _State) -> None:
    state.project = clean(context.cwd, 512) if context.cwd else state.project
    state.branch = clean(context.branch, 120) if context.branch else state.branch


def _recorded(row: _Record, state: _State) -> Iterator[Sighting]:
    used = row.data.usage
    if used is None:
        return
    source = used.accounting or _Accounting()
    origin = clean_id(source.sourceSessionId or "")
    given = used.apiCallId or source.usageId
    yield Sighting(
        key=provider_key(given, origin or state.session, source.sequence, *used.sums()),
        session=state.session,
        at_ms=parse_ms(row.timestamp) if row.timestamp else None,
        model=clean(used.model, 120) if used.model else "unknown",
        tokens=tokens_of(used.sums()),
        origin="" if origin == state.session else origin,
        agent_id=clean_id(row.agentId or ""),
        project=state.project,
        branch=state.branch,
        version=state.version,
    )


def _answered(row: _Message, state: _State) -> Iterator[Sighting]:
    """A response of which only the output is known, unless a record tells the rest."""
    told = row.data
    if not told.outputTokens or not told.model:
        return
    yield Sighting(
        key=provider_key(told.apiCallId, state.session, told.messageId, told.outputTokens),
        session=state.session,
        at_ms=parse_ms(row.timestamp) if row.timestamp else None,
        model=clean(told.model, 120),
        tokens=Tokens(output=told.outputTokens),
        final=False,
        agent_id=clean_id(row.agentId or told.parentToolCallId or ""),
        project=state.project,
        branch=state.branch,
        version=state.version,
    )


def _summed_up(row: _Shutdown, state: _State) -> Iterator[Fact]:
    """The agent's own sums of the session, through all its processes: a ledger.

    They go on when a session is resumed, and begin anew when its history was compacted. A ledger's
    time is the end of what it sums up, for sessions of which nothing else is known.
    """
    for name, metrics in (row.data.modelMetrics or {}).items():
        model = clean(name, 120)
        if metrics.usage is None or (model not in state.spent and len(state.spent) >= _MODELS):
            continue
        now = metrics.usage.sums()
        spent = state.spent.setdefault(model, _Spent())
        if any(a < b for a, b in zip(now, spent.since, strict=True)):
            spent.before = added(spent.before, spent.since)
        spent.since = now
    models = tuple(
        LedgerModel(model, tokens_of(added(spent.before, spent.since)), 0)
        for model, spent in sorted(state.spent.items())
    )
    if models:
        at_ms = parse_ms(row.timestamp) if row.timestamp else None
        body = encode(Ledger(None, at_ms, models, state.project))
        yield Fact(kind="ledger", subject=state.session, body=body, at_ms=at_ms)


AGENT: Final = _CopilotCli()
