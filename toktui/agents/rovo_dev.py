"""Rovo Dev CLI.

Logs:      <home>/.rovodev/sessions/<session>/session_context.json, on macOS and Windows, too
Record:    an item of `message_history` of the kind `response` with `usage`
Tokens:    `input_tokens`, before 1.0 `request_tokens`, holds what was read from and written to a
           cache; `details` has the provider's own disjoint counts
Identity:  `provider_response_id`, before 1.0 `vendor_id`; without one, time, model and counts: a
           fork repeats its parent's messages
Exactness: exact; no dollars of its own (Atlassian bills credits)
Live:      the session's document, written anew as a whole
Seen:      0.6 and 2026, as public tools that read them have it; golden/rovo-dev/
Unknown:   models before 1.0, which are not named; how long a cache write lives: all count as the
           short one; sessions in a folder that `sessions.persistenceDir` names are found only by
           `[agents.rovo-dev] roots`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, Struct, field

from toktui.agents.base import Agent, Document, place_of
from toktui.agents.documents import (
    Count,
    NotUnderstoodError,
    Pages,
    at_places,
    decode,
    decode_whole,
    load,
)
from toktui.agents.lines import key_of, provider_key
from toktui.clock import parse_ms
from toktui.model import FLAG_TIME_MOVED, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

_FILE: Final = "session_context.json"
_LATEST_S: Final = 1e11


class _Details(Struct):
    """What the provider said."""

    given: Count = field(default=None, name="input_tokens")
    read: Count = field(default=None, name="cache_read_input_tokens")
    written: Count = field(default=None, name="cache_creation_input_tokens")


class _Usage(Struct):
    given: Count = field(default=None, name="input_tokens")
    requested: Count = field(default=None, name="request_tokens")
    read: Count = field(default=None, name="cache_read_tokens")
    written: Count = field(default=None, name="cache_write_tokens")
    output: Count = field(default=None, name="output_tokens")
    responded: Count = field(default=None, name="response_tokens")
    details: _Details | None = None

    def tokens(self) -> Tokens:
        """The buckets."""
        d = self.details
        if d is not None and d.given is not None:
            given, read, written = d.given, d.read or 0, d.written or 0
        else:
            read, written = self.read or 0, self.written or 0
            given = max(0, (self.given or self.requested or 0) - read - written)
        return Tokens(
            input=given,
            cache_read=read,
            cache_write_5m=written,
            output=self.output or self.responded or 0,
        )


class _Message(Struct):
    kind: str | None = None
    model: str | None = field(default=None, name="model_name")
    timestamp: str | None = None
    response: str | None = field(default=None, name="provider_response_id")
    vendor: str | None = field(default=None, name="vendor_id")
    usage: _Usage | None = None


class _Session(Struct):
    """A session; what it says of itself costs none of its messages if it is of another shape."""

    began: Any = field(default=None, name="timestamp")
    """Seconds; a fork has its parent's."""
    workspace: Any = field(default=None, name="workspace_path")
    history: list[Raw] = field(default_factory=list[Raw], name="message_history")

    def began_ms(self) -> int | None:
        """When it, or the session that it was forked from, began."""
        seconds = self.began
        if isinstance(seconds, int | float) and 0 < seconds < _LATEST_S:
            return round(seconds * 1_000)
        return None


class _RovoDev(Agent):
    name = "rovo-dev"
    label = "Rovo Dev"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return [home / ".rovodev/sessions"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / "sessions", folder / ".rovodev/sessions"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return len(parts) == 2 and parts[1] == _FILE

    def is_entered(self, parts: Sequence[str]) -> bool:
        return len(parts) == 1

    def is_document(self, path: str) -> bool:
        return True

    def read(self, path: str, since: bytes) -> Document:
        del since
        pages = Pages()
        try:
            session = decode_whole(load(path), _Session)
        except NotUnderstoodError as error:
            pages.doubt(0, error)
            return pages.document()
        for nth, raw in enumerate(session.history):
            pages.looked()
            try:
                one = _sighting(decode(bytes(raw), _Message), session, path)
            except NotUnderstoodError as error:
                pages.doubt(place_of(f"?{nth}"), error)
                continue
            if one is not None:
                pages.entry(place_of(one.key), len(bytes(raw)), one)
        return pages.document()

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        return at_places(_places(path), places)


def _places(path: str) -> Iterator[tuple[int, bytes]]:
    try:
        session = decode(load(path), _Session)
    except NotUnderstoodError:
        return
    for raw in session.history:
        try:
            one = _sighting(decode(bytes(raw), _Message), session, path)
        except NotUnderstoodError:
            continue
        if one is not None:
            yield place_of(one.key), bytes(raw)


def _sighting(message: _Message, session: _Session, path: str) -> Sighting | None:
    if message.kind != "response" or message.usage is None:
        return None
    used = message.usage.tokens()
    if not used.total:
        return None
    model = clean(message.model or "unknown", 120)
    said_ms = parse_ms(message.timestamp) if message.timestamp else None
    counts = (used.input, used.cache_read, used.cache_write_5m, used.output)
    own = message.response or message.vendor
    return Sighting(
        key=provider_key(own, said_ms, *counts) if own else key_of(said_ms, model, *counts),
        session=clean_id(path.rsplit("/", 2)[-2]),
        at_ms=said_ms if message.timestamp else session.began_ms(),
        model=model,
        tokens=used,
        project=clean(session.workspace, 512) if isinstance(session.workspace, str) else "",
        flags=0 if message.timestamp else FLAG_TIME_MOVED,
    )


AGENT: Final = _RovoDev()
