"""Droid (Factory).

Logs:      ~/.factory/sessions/<folder>/<session>.settings.json, with <session>.jsonl beside it
Record:    `tokenUsage`, the running total of a session; nothing is written per response
Tokens:    `inputTokens`, `cacheCreationTokens` and `cacheReadTokens` are disjoint;
           `thinkingTokens` is taken to be inside `outputTokens`
Identity:  the session: it is one call, which grows
Exactness: residual: the sum of a session is known, its responses are not
Live:      the total, at the time of the session's last message; never in burn rates
Seen:      January to March 2026; golden/droid/
Unknown:   when what part of a session was used, and on which model where it was changed; whether
           a sub-agent's tokens are in its parent's total, too
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

from toktui.agents.base import Agent, Document, place_of
from toktui.agents.documents import (
    Count,
    NotUnderstoodError,
    Pages,
    decode_whole,
    load,
    open_beside,
)
from toktui.clock import parse_ms
from toktui.model import FLAG_SUM, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

_SETTINGS: Final = ".settings.json"
_HEAD: Final = 64 << 10
_TAIL: Final = 1 << 20
"""Bytes of the conversation, from its end, in which its last time is looked for."""


class _Usage(Struct):
    given: Count = field(default=None, name="inputTokens")
    output: Count = field(default=None, name="outputTokens")
    written: Count = field(default=None, name="cacheCreationTokens")
    read: Count = field(default=None, name="cacheReadTokens")
    thinking: Count = field(default=None, name="thinkingTokens")


class _Settings(Struct):
    model: str | None = None
    usage: _Usage | None = field(default=None, name="tokenUsage")
    locked: str | None = field(default=None, name="providerLockTimestamp")


class _Line(Struct):
    timestamp: str | None = None
    cwd: str | None = None


class _Droid(Agent):
    name = "droid"
    label = "Droid"

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        del env
        return [home / ".factory/sessions"]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "sessions" else folder / "sessions", folder / ".factory"]

    def is_log(self, parts: Sequence[str]) -> bool:
        return parts[-1].endswith(_SETTINGS)

    def is_document(self, path: str) -> bool:
        return True

    def beside(self, path: str) -> Sequence[str]:
        return (_conversation(path),)

    def read(self, path: str, since: bytes) -> Document:
        del since
        pages, data = Pages(), load(path)
        pages.looked()
        session = clean_id(os.path.basename(path).removesuffix(_SETTINGS))
        try:
            settings = decode_whole(data, _Settings)
        except NotUnderstoodError as error:
            pages.doubt(place_of(session), error)
            return pages.document()
        one = _sighting(settings, session, path)
        if one is not None:
            pages.entry(place_of(session), len(data), one)
        return pages.document()

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        data = load(path)
        return dict.fromkeys(places, data)


def _sighting(settings: _Settings, session: str, path: str) -> Sighting | None:
    usage = settings.usage or _Usage()
    output = usage.output or 0
    used = Tokens(
        input=usage.given or 0,
        cache_read=usage.read or 0,
        cache_write_5m=usage.written or 0,
        output=output,
        reasoning=min(output, usage.thinking or 0),
    )
    if not used.total:
        return None
    folder, last_ms = _told_by_conversation(_conversation(path))
    locked_ms = parse_ms(settings.locked) if settings.locked else None
    return Sighting(
        key=f"{session}:total",
        session=session,
        at_ms=last_ms if last_ms is not None else locked_ms,
        model=clean(settings.model or "unknown", 120),
        tokens=used,
        project=clean(folder, 512),
        residual=True,
        flags=FLAG_SUM,
    )


def _conversation(path: str) -> str:
    return path.removesuffix(_SETTINGS) + ".jsonl"


def _told_by_conversation(path: str) -> tuple[str, int | None]:
    """The working folder and the time of the last message; empty and None where there is none."""
    try:
        with open_beside(path) as file:
            head = file.read(_HEAD)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            tail = file.read(_TAIL)
    except OSError:
        return "", None
    folder = next((line.cwd for line in map(_line, head.split(b"\n")) if line.cwd), "")
    for text in reversed(tail.split(b"\n")):
        stamp = _line(text).timestamp
        if stamp and (at_ms := parse_ms(stamp)) is not None:
            return folder, at_ms
    return folder, None


def _line(data: bytes) -> _Line:
    try:
        return msgspec.json.decode(data, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Line()


AGENT: Final = _Droid()
