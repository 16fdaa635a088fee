"""Which model a task of the Cline family used, and where: told by its prompts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from toktui.agents.base import MAX_COUNT, UnreadableError
from toktui.agents.documents import NotUnderstoodError, decode, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from toktui.agents._task_requests import Asked

_MODEL: Final = re.compile(r"<model>([^<\n]{1,120})</model>")
_FOLDER: Final = re.compile(r"# Current (?:Working|Workspace) Directory \(([^\n]{1,400}?)\) Files")


class _Used(Struct):
    ts: int | None = None
    model_id: str | None = None
    model_provider_id: str | None = None


class _Metadata(Struct):
    model_usage: list[_Used] = []


class _Sent(Struct):
    ts: int | None = None
    role: str | None = None
    content: Any = None


class _Told(Struct, frozen=True):
    """A model, from a time on; provider is empty if not named."""

    ts: int
    model: str
    provider: str = ""


class Prompts(Struct):
    """What the prompts of a task say; `folder` is empty if none names one."""

    folder: str
    told: list[_Told]
    """By time."""
    listed: bool = False
    """The task has a list of its models, each from the time of its first request on."""

    def model(self, asked: Asked, next_ts: int | None) -> tuple[str, str]:
        """Model and provider of a request, empty if unknown. Its prompt is written after it."""
        before = [
            one
            for one in self.told
            if (one.ts <= asked.ts if self.listed else next_ts is None or one.ts < next_ts)
        ]
        last = before[-1] if before else self.told[0] if self.told else _Told(0, "")
        return last.model, last.provider


def prompts_of(requests: Sequence[Asked], history: bytes, metadata: bytes) -> Prompts:
    """Reads the prompts in the requests, else in the conversation as it was sent; where the task
    has kept a list of its models, that list."""
    listed = list(_listed(metadata))
    sent = [(one.ts, one.info.request) for one in requests if one.info.request]
    folder, told = _in_prompts(sent)
    if not folder or not (listed or told):
        more_folder, more_told = _in_prompts(_sent(history))
        folder, told = folder or more_folder, told or more_told
    return Prompts(folder, sorted(listed or told, key=lambda one: one.ts), bool(listed))


def _in_prompts(sent: Iterable[tuple[int, str]]) -> tuple[str, list[_Told]]:
    folder, told = "", list[_Told]()
    for ts, text in sent:
        place, model = _FOLDER.search(text), _MODEL.search(text)
        if place and not folder:
            folder = place[1]
        if model:
            told.append(_Told(ts, model[1]))
    return folder, told


def _listed(metadata: bytes) -> Iterator[_Told]:
    try:
        listed = decode(metadata, _Metadata).model_usage if metadata else []
    except NotUnderstoodError:
        return
    for one in listed:
        if one.model_id:
            yield _Told(_time(one.ts), one.model_id, one.model_provider_id or "")


def _sent(history: bytes) -> Iterator[tuple[int, str]]:
    """The texts of the user's side, each with its time; 0 where none was written."""
    try:
        messages = items(history) if history else []
    except UnreadableError:
        return
    for data in messages:
        if b"<model>" not in data and b"# Current " not in data:
            continue
        try:
            message = decode(data, _Sent)
        except NotUnderstoodError:
            continue
        if message.role == "user":
            for text in _texts(message.content):
                yield _time(message.ts), text


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in cast("list[object]", content):
            text = cast("dict[str, object]", block).get("text") if isinstance(block, dict) else None
            if isinstance(text, str):
                yield text


def _time(ts: int | None) -> int:
    return ts if ts is not None and 0 <= ts <= MAX_COUNT else 0
