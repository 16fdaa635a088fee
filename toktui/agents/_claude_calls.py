"""The calls that rows of Claude Code's logs report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from toktui.agents._claude_beside import money, remember_searches
from toktui.agents._claude_rows import (
    NO_USAGE,
    Counted,
    Iteration,
    Message,
    ProgressRow,
    Row,
    counted,
)
from toktui.agents.base import NOTHING, Parsed
from toktui.clock import parse_ms
from toktui.model import FLAG_WEAK_ID, Kind, Sighting, Tokens
from toktui.text import LONGEST_ID, clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toktui.agents._claude_state import State

_EMBEDDERS: Final = ("agent_progress", "skill_progress")
"""Types of progress that embed a sub-agent's message."""
_PROVIDER_ID: Final = re.compile(r"msg_(?:bdrk_|vrtx_)[\w-]+|msg_[\w-]{16,}", re.ASCII)
_BEFORE_TOOLS: Final = ("tool_use", None)
_FRAMES_KEPT: Final = 1024


class _Frame(NamedTuple):
    """What the rows of a session repeat, clean."""

    session: str
    origin: str
    agent_id: str
    agent_type: str
    model: str
    branch: str
    version: str


class _LastRow(msgspec.Struct, gc=False):
    """The row that was read last, where its call has a provider's id and no iterations of note.

    Most rows repeat the one before them, but for their time: what is equal is not made again.
    """

    message: Message | None = None
    frame: _Frame | None = None
    state: State | None = None
    sighting: Sighting | None = None


_frames: Final[dict[tuple[str | bool | None, ...], _Frame]] = {}
_last: Final = _LastRow()


def response(row: Row, line: bytes, state: State) -> Parsed:
    """The calls that an assistant row reports: its own, and those of its iterations."""
    message = row.message
    if message is not None and _last.message is not None and message.says_like(_last.message):
        again = _again(row, message, line, state)
        if again is not None:
            return Parsed((again,))
    base = _sighting(row, line, state)
    if base is None:
        return NOTHING
    sighting, usage = base
    if usage.iterations:
        return Parsed((sighting, *_side_calls(sighting, usage.iterations)))
    if message is not None and sighting.key is message.id and sighting.project:
        _last.message, _last.frame, _last.state = message, _frame(row, message), state
        _last.sighting = sighting if sighting.reported_nusd is None else None
    return Parsed((sighting,))


def embedded(row: ProgressRow, line: bytes, state: State) -> Parsed:
    """The calls that a progress row reports of a sub-agent."""
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
    base = _sighting(whole, line, state, kind="progress")
    if base is None:
        return NOTHING
    return Parsed((base[0], *_side_calls(base[0], base[1].iterations)))


def _again(row: Row, message: Message, line: bytes, state: State) -> Sighting | None:
    """What the row before this one said, at this row's time; None if they are not alike."""
    known = _last.sighting
    if (
        known is None
        or _frame(row, message) is not _last.frame
        or state is not _last.state
        or row.costUSD is not None
        or row.isApiErrorMessage
        or row.isUnmetered
    ):
        return None
    if _may_search(message, line):
        remember_searches(line, known.key, state)
    at_ms = parse_ms(row.timestamp) if row.timestamp else None
    return msgspec.structs.replace(known, at_ms=at_ms)


def _sighting(
    row: Row, line: bytes, state: State, kind: Kind = "row"
) -> tuple[Sighting, Counted] | None:
    message = row.message
    frame = _frame(row, message)
    session, origin = frame.session or state.stem, frame.origin
    project = state.project(session, row.cwd)
    if message is None or message.usage == NO_USAGE:
        return None
    if row.isApiErrorMessage or row.isUnmetered or message.model == "<synthetic>":
        return None
    usage = counted(message.usage)
    key, repeats = _key(row, message, origin or session, usage.tokens, line, state)
    if _may_search(message, line):
        remember_searches(line, key, state)
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
        frame.agent_id or state.agent_id or ("sidechain" if row.isSidechain else ""),
        frame.agent_type,
        project,
        frame.branch,
        frame.version,
        usage.tier,
        usage.geo,
        False,
        FLAG_WEAK_ID if key.startswith("weak:") else 0,
        0,
        money(row.costUSD),
        repeats,
    )
    return sighting, usage


def _may_search(message: Message, line: bytes) -> bool:
    """Whether a response can call the CLI's own search tool."""
    if message.stop_reason not in _BEFORE_TOOLS:
        return False
    content = message.content
    if not isinstance(content, list):
        return b'"WebSearch"' in line
    return any(part.name == "WebSearch" for part in content)


def _key(
    row: Row, message: Message, scope: str, tokens: Tokens, line: bytes, state: State
) -> tuple[str, bool]:
    """The identity of the row's call, and whether the row is a repetition."""
    if message.id and _PROVIDER_ID.fullmatch(message.id):
        return message.id if len(message.id) <= LONGEST_ID else clean_id(message.id), False
    if row.requestRef:
        return f"ref:{clean_id(row.requestRef)}", False
    place = f"{scope}:{clean_id(message.id) if message.id else ''}"
    return state.weak.key(place, line, uuid=row.uuid or "", block=row.apiBlockIndex, tokens=tokens)


def _frame(row: Row, message: Message | None) -> _Frame:
    origin = row.requestSessionId or (row.forkedFrom.sessionId if row.forkedFrom else None)
    model = message.model if message else None
    raw = (
        row.sessionId, origin, row.agentId, row.isSidechain, row.attributionAgent, model,
        row.gitBranch, row.version,
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


def _sum(entries: Sequence[Tokens]) -> tuple[int, int, int, int]:
    return (
        sum(t.input for t in entries),
        sum(t.cache_read for t in entries),
        sum(t.cache_write_5m + t.cache_write_1h for t in entries),
        sum(t.output for t in entries),
    )
