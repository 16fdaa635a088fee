"""What the messages of a task of the Cline family say."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field

from toktui.agents._task_prompts import Prompts, prompts_of
from toktui.agents._task_requests import Asked, Info, tokens_of
from toktui.agents._vscode_tasks import BESIDE
from toktui.agents.base import Document, place_of
from toktui.agents.documents import (
    Count,
    Dollars,
    NotUnderstoodError,
    Pages,
    decode,
    items,
    load,
    load_if_there,
    nusd,
)
from toktui.agents.json_lines import holds
from toktui.facts import Ledger, LedgerModel, Thread, encode
from toktui.model import Fact, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORDS: Final = (b"api_req_started", b"condense_context", b"deleted_api_reqs")


class _ModelInfo(Struct):
    model: str | None = field(default=None, name="modelId")
    provider: str | None = field(default=None, name="providerId")


class _Condense(Struct):
    cost: Dollars = None


class _Head(Struct):
    say: str | None = None
    ts: Any = None


class _Message(Struct):
    ts: Count = None
    say: str | None = None
    text: str | None = None
    model: _ModelInfo | None = field(default=None, name="modelInfo")
    condense: _Condense | None = field(default=None, name="contextCondense")
    protocol: str | None = field(default=None, name="apiProtocol")


class _HistoryItem(Struct):
    workspace: str | None = None
    parent: str | None = field(default=None, name="parentTaskId")


class _Task(Struct):
    """What is known of a task beside its messages."""

    name: str
    prompts: Prompts
    project: str


def read_task(path: str, total_since_ms: int | None) -> Document:
    """All calls of a task. From `total_since_ms` on `tokensIn` is the whole prompt; None: it is
    what no cache knew."""
    data = items(load(path))
    pages = Pages()
    pages.looked(len(data))
    name = clean_id(os.path.basename(os.path.dirname(path)))
    messages = list(_messages(data, name, pages))
    item = _history_item(path)
    prompts = prompts_of(
        [asked for _, _, asked in messages],
        load_if_there(os.path.join(os.path.dirname(path), BESIDE[0])),
        load_if_there(os.path.join(os.path.dirname(path), BESIDE[1])),
    )
    task = _Task(name, prompts, clean(item.workspace or prompts.folder, 512))
    if item.parent:
        body = encode(Thread(task.name, clean_id(item.parent), True, None))
        pages.fact(Fact(kind="thread", subject=task.name, body=body))
    _requests(messages, task, total_since_ms, pages)
    return pages.document()


def task_places(path: str) -> Iterator[tuple[int, bytes]]:
    """Every call's place and message; at the place of the task what was deleted of it."""
    data = items(load(path))
    task = clean_id(os.path.basename(os.path.dirname(path)))
    yield from ((place_of(task), raw) for raw in data if b"deleted_api_reqs" in raw)
    for raw, _, asked in _messages(data, task, Pages()):
        yield place_of(_key(task, asked)), raw


def _requests(
    messages: Sequence[tuple[bytes, _Message, Asked]],
    task: _Task,
    total_since_ms: int | None,
    pages: Pages,
) -> None:
    """The calls of all requests, and what the requests used that were deleted."""
    remainder = any(not asked.holds_caches for _, _, asked in messages)
    shown: list[Sighting] = []
    deleted: list[Tokens] = []
    times = sorted({asked.ts for _, _, asked in messages})
    later = dict(pairwise(times))
    for raw, message, asked in messages:
        told = message.model or _ModelInfo()
        model, provider = task.prompts.model(asked, later.get(asked.ts))
        asked.model = told.model or model
        asked.provider = told.provider or provider
        asked.whole_prompt = _is_whole_prompt(asked, total_since_ms, remainder=remainder)
        used = tokens_of(asked)
        if message.say == "deleted_api_reqs":
            deleted.append(used)
            continue
        one = _sighting(asked, used, task)
        if one is not None:
            shown.append(one)
            pages.entry(place_of(_key(task.name, asked)), len(raw), one)
    if deleted:
        _deleted(shown, deleted, task, pages)


def _is_whole_prompt(asked: Asked, total_since_ms: int | None, *, remainder: bool) -> bool:
    """Whether `tokensIn` has both caches in it; `remainder`: somewhere in the task it cannot.

    Builds before `total_since_ms` wrote what the protocol gave them: Anthropic's is without.
    """
    if not asked.holds_caches:
        return False
    if total_since_ms is None or asked.ts >= total_since_ms:
        return total_since_ms is not None
    return asked.info.protocol == "openai" or (not asked.info.protocol and not remainder)


def _messages(
    data: Sequence[bytes], task: str, pages: Pages
) -> Iterator[tuple[bytes, _Message, Asked]]:
    """The messages that report requests, each with what its text says of it."""
    seen: dict[int, int] = {}
    for number, raw in enumerate(data):
        if not holds(raw, 0, len(raw), _WORDS):
            continue
        place = number
        try:
            head = decode(raw, _Head)
            if (head.say or "").encode() not in _WORDS:
                continue
            place = place_of(f"{task}:{head.ts}")
            message = decode(raw, _Message)
            info = _info(message)
        except NotUnderstoodError as error:
            pages.doubt(place, error)
            continue
        ts = message.ts or 0
        nth = seen[ts] = seen.get(ts, 0) + 1
        yield raw, message, Asked(ts, nth, info)


def _info(message: _Message) -> Info:
    if message.say == "condense_context":
        return Info(cost=message.condense.cost if message.condense is not None else None)
    info = decode(message.text.encode("utf-8", "replace"), Info) if message.text else Info()
    info.protocol = info.protocol or message.protocol
    return info


def _sighting(asked: Asked, used: Tokens, task: _Task) -> Sighting | None:
    """The call of a request; None before anything of it is known.

    Of some the agent knows no more than the money: then the model is left open, too, lest no
    tokens be taken for no cost.
    """
    reported = nusd(asked.info.cost)
    if not used.total and reported is None:
        return None
    return Sighting(
        key=clean_id(_key(task.name, asked)),
        session=task.name,
        at_ms=asked.ts or None,
        model=clean(asked.model, 120) or "unknown" if used.total else "unknown",
        tokens=used,
        project=task.project,
        residual=not used.total,
        reported_nusd=reported,
    )


def _deleted(
    shown: Sequence[Sighting], deleted: Sequence[Tokens], task: _Task, pages: Pages
) -> None:
    """A task that was set back: the sums of what was deleted, as its ledger.

    Requests that were read before they were deleted are calls; only the rest is residual. With
    more than one model nobody knows whose tokens the sums are.
    """
    models = {one.model for one in shown if one.tokens.total}
    if len(models) != 1:
        return
    every = [one.tokens for one in shown] + list(deleted)
    total = Tokens(
        **{
            bucket: sum(getattr(one, bucket) for one in every)
            for bucket in Tokens.__struct_fields__
        }
    )
    started = min(one.at_ms or 0 for one in shown)
    ledger = Ledger(None, started, (LedgerModel(models.pop(), total, 0),))
    pages.fact(Fact(kind="ledger", subject=task.name, body=encode(ledger), at_ms=started))


def _key(task: str, asked: Asked) -> str:
    return f"{task}:{asked.ts}" if asked.nth == 1 else f"{task}:{asked.ts}:{asked.nth}"


def _history_item(path: str) -> _HistoryItem:
    data = load_if_there(os.path.join(os.path.dirname(path), BESIDE[2]))
    try:
        return msgspec.json.decode(data, type=_HistoryItem) if data else _HistoryItem()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _HistoryItem()
