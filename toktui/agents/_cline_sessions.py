"""Sessions that Cline keeps since 4.1: `<session>/<session or agent>.messages.json`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct, field

from toktui.agents.base import Document, place_of
from toktui.agents.cline import SESSION
from toktui.agents.documents import (
    Count,
    Dollars,
    NotUnderstoodError,
    Pages,
    decode,
    decode_whole,
    load,
    load_if_there,
    nusd,
)
from toktui.model import Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Whole(Struct):
    agent: str | None = None
    messages: list[Raw] = []


class _Model(Struct):
    id: str | None = None


class _Metrics(Struct):
    given: Count = field(default=None, name="inputTokens")
    output: Count = field(default=None, name="outputTokens")
    read: Count = field(default=None, name="cacheReadTokens")
    written: Count = field(default=None, name="cacheWriteTokens")
    cost: Dollars = None


class _Message(Struct):
    id: str | None = None
    role: str | None = None
    ts: Count = None
    model: _Model | None = field(default=None, name="modelInfo")
    metrics: _Metrics | None = None


class _Manifest(Struct):
    model: str | None = None
    cwd: str | None = None


class _Log(Struct, frozen=True):
    """Whose messages a document holds; `agent` is empty for the session's own."""

    session: str
    agent: str
    agent_type: str
    manifest: _Manifest


def read_session(path: str) -> Document:
    """All calls of a session or of one of its sub-agents."""
    pages = Pages()
    try:
        whole = _whole(path)
    except NotUnderstoodError as error:
        pages.doubt(0, error)
        return pages.document()
    log = _log(path, whole)
    pages.looked(len(whole.messages))
    for nth, raw in enumerate(whole.messages):
        try:
            message = decode(bytes(raw), _Message)
        except NotUnderstoodError as error:
            pages.doubt(nth, error)
            continue
        one = _sighting(message, log)
        if one is not None:
            pages.entry(place_of(one.key), len(bytes(raw)), one)
    return pages.document()


def session_places(path: str) -> Iterator[tuple[int, bytes]]:
    """Every call's place and message."""
    try:
        whole = _whole(path)
    except NotUnderstoodError:
        return
    log = _log(path, whole)
    for raw in whole.messages:
        try:
            one = _sighting(decode(bytes(raw), _Message), log)
        except NotUnderstoodError:
            continue
        if one is not None:
            yield place_of(one.key), bytes(raw)


def _whole(path: str) -> _Whole:
    data = load(path)
    if data.lstrip()[:1] == b"[":
        return _Whole(messages=decode_whole(data, list[Raw]))
    return decode_whole(data, _Whole)


def _log(path: str, whole: _Whole) -> _Log:
    folder = os.path.dirname(path)
    session, stem = os.path.basename(folder), os.path.basename(path).removesuffix(SESSION)
    data = load_if_there(os.path.join(folder, f"{session}.json"))
    try:
        manifest = msgspec.json.decode(data, type=_Manifest) if data else _Manifest()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        manifest = _Manifest()
    if stem == session:
        return _Log(clean_id(session), "", "", manifest)
    return _Log(clean_id(session), clean_id(stem), clean(whole.agent or "", 48), manifest)


def _sighting(message: _Message, log: _Log) -> Sighting | None:
    """The call of an assistant message; `inputTokens` is its whole prompt."""
    m = message.metrics
    if message.role != "assistant" or m is None or not message.id:
        return None
    read, written, output = m.read or 0, m.written or 0, m.output or 0
    given = max(0, (m.given or 0) - read - written)
    used = Tokens(input=given, cache_read=read, cache_write_5m=written, output=output)
    if not used.total:
        return None
    model = (message.model.id if message.model is not None else None) or log.manifest.model
    return Sighting(
        key=clean_id(f"{log.session}:{log.agent or 'main'}:{message.id}"),
        session=log.session,
        at_ms=message.ts,
        model=clean(model or "unknown", 120),
        tokens=used,
        agent_id=log.agent,
        agent_type=log.agent_type,
        project=clean(log.manifest.cwd or "", 512),
        reported_nusd=nusd(m.cost),
    )
