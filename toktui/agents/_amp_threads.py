"""What a thread of Amp says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Raw, Struct, field

from toktui.agents.base import Document, place_of
from toktui.agents.documents import (
    Count,
    NotUnderstoodError,
    Pages,
    decode,
    decode_whole,
    load,
)
from toktui.clock import parse_ms
from toktui.model import FLAG_TIME_MOVED, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRANCH: Final = "refs/heads/"
_FILE: Final = "file://"


class _Repository(Struct):
    ref: str | None = None


class _Tree(Struct):
    uri: str | None = None
    repository: _Repository | None = None


class _Initial(Struct):
    trees: list[_Tree] = []


class _Environment(Struct):
    initial: _Initial | None = None


class _Sums(Struct):
    input: Count = None
    output: Count = None


class _Event(Struct):
    id: str | None = None
    timestamp: str | None = None
    model: str | None = None
    message: Count = field(default=None, name="toMessageId")
    tokens: _Sums | None = None


class _EventLedger(Struct):
    events: list[Raw] = []


class _Thread(Struct):
    id: str | None = None
    created: Count = None
    messages: list[Raw] = []
    env: _Environment | None = None
    ledger: _EventLedger | None = field(default=None, name="usageLedger")


class _Usage(Struct):
    model: str | None = None
    timestamp: str | None = None
    given: Count = field(default=None, name="inputTokens")
    output: Count = field(default=None, name="outputTokens")
    written: Count = field(default=None, name="cacheCreationInputTokens")
    read: Count = field(default=None, name="cacheReadInputTokens")
    window: Count = field(default=None, name="maxInputTokens")


class _Message(Struct):
    role: str | None = None
    number: Count = field(default=None, name="messageId")
    usage: _Usage | None = None


class _Whole(Struct):
    """A thread, taken apart; `name` is its id."""

    name: str
    thread: _Thread
    events: dict[int, tuple[_Event, int]]
    """Of the ledger with their lengths, by the message that they brought."""


def read_thread(path: str) -> Document:
    """All calls of a thread."""
    pages = Pages()
    try:
        thread = decode_whole(load(path), _Thread)
    except NotUnderstoodError as error:
        pages.doubt(0, error)
        return pages.document()
    whole = _Whole(_name(path, thread), thread, {})
    _read_events(whole, pages)
    told: set[int] = set()
    for nth, raw in enumerate(thread.messages):
        pages.looked()
        try:
            message = decode(bytes(raw), _Message)
        except NotUnderstoodError as error:
            pages.doubt(place_of(f"{whole.name}?{nth}"), error)
            continue
        number = message.number if message.number is not None else nth
        one = _of_message(message, number, whole)
        if one is not None:
            told.add(number)
            pages.entry(place_of(one.key), len(bytes(raw)), one)
    for number, (event, length) in whole.events.items():
        one = _of_event(event, number, whole)
        if one is not None and number not in told:
            pages.entry(place_of(one.key), length, one)
    return pages.document()


def _name(path: str, thread: _Thread) -> str:
    return clean_id(thread.id or os.path.basename(path).removesuffix(".json"))


def thread_places(path: str) -> Iterator[tuple[int, bytes]]:
    """Every call's place, with its message or else its event."""
    try:
        thread = decode(load(path), _Thread)
    except NotUnderstoodError:
        return
    name = _name(path, thread)
    for raw in thread.ledger.events if thread.ledger is not None else ():
        try:
            number = decode(bytes(raw), _Event).message
        except NotUnderstoodError:
            continue
        if number is not None:
            yield place_of(_key(name, number)), bytes(raw)
    for nth, raw in enumerate(thread.messages):
        try:
            message = decode(bytes(raw), _Message)
        except NotUnderstoodError:
            continue
        if message.usage is not None:
            number = message.number if message.number is not None else nth
            yield place_of(_key(name, number)), bytes(raw)


def _key(thread: str, number: int) -> str:
    return clean_id(f"{thread}:{number}")


def _read_events(whole: _Whole, pages: Pages) -> None:
    ledger = whole.thread.ledger
    for nth, raw in enumerate(ledger.events if ledger is not None else ()):
        try:
            event = decode(bytes(raw), _Event)
        except NotUnderstoodError as error:
            pages.doubt(place_of(f"{whole.name}?event {nth}"), error)
            continue
        if event.message is not None:
            whole.events[event.message] = event, len(bytes(raw))


def _of_message(message: _Message, number: int, whole: _Whole) -> Sighting | None:
    usage = message.usage
    if message.role != "assistant" or usage is None:
        return None
    used = Tokens(
        input=usage.given or 0,
        cache_read=usage.read or 0,
        cache_write_5m=usage.written or 0,
        output=usage.output or 0,
    )
    if not used.total:
        return None
    event, _ = whole.events.get(number, (_Event(), 0))
    model, timestamp = usage.model or event.model, usage.timestamp or event.timestamp
    return _sighting(used, number, whole, model=model, timestamp=timestamp, window=usage.window)


def _of_event(event: _Event, number: int, whole: _Whole) -> Sighting | None:
    """A response that only the ledger tells of."""
    sums = event.tokens or _Sums()
    used = Tokens(input=sums.input or 0, output=sums.output or 0)
    if not used.total:
        return None
    return _sighting(
        used, number, whole, model=event.model, timestamp=event.timestamp, residual=True
    )


def _sighting(
    used: Tokens,
    number: int,
    whole: _Whole,
    *,
    model: str | None,
    timestamp: str | None,
    window: int | None = None,
    residual: bool = False,
) -> Sighting:
    thread = whole.thread
    initial = thread.env.initial if thread.env is not None else None
    tree = initial.trees[0] if initial is not None and initial.trees else _Tree()
    branch = (tree.repository.ref or "") if tree.repository is not None else ""
    return Sighting(
        key=_key(whole.name, number),
        session=whole.name,
        at_ms=parse_ms(timestamp) if timestamp else thread.created,
        model=clean(model or "unknown", 120),
        tokens=used,
        project=clean(_folder(tree.uri or ""), 512),
        branch=clean(branch.removeprefix(_BRANCH), 120),
        residual=residual,
        flags=0 if timestamp else FLAG_TIME_MOVED,
        window=window or 0,
    )


def _folder(uri: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415  only threads need it

    return unquote(uri.removeprefix(_FILE))
