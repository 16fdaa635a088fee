"""Tasks of the Cline family, `tasks/<id>/ui_messages.json`: where they are, how they are read."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field

from toktui.agents._one_database import named_folder
from toktui.agents._task_prompts import Prompts, prompts_of
from toktui.agents._task_requests import Asked, Info, tokens_of
from toktui.agents.base import Agent, Document, place_of
from toktui.agents.documents import (
    Count,
    Dollars,
    NotUnderstoodError,
    Pages,
    at_places,
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
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

HOSTS: Final = (
    "Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf", "Trae", "Kiro", "Antigravity",
    "Positron",
)  # fmt: skip
SERVERS: Final = (
    ".vscode-server/data", ".vscode-server-insiders/data", ".vscodium-server/data",
    ".cursor-server/data", ".windsurf-server/data", ".local/share/code-server",
)  # fmt: skip
MESSAGES: Final = "ui_messages.json"
_BESIDE: Final = ("api_conversation_history.json", "task_metadata.json", "history_item.json")
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


class TaskAgent(Agent):
    """An agent that keeps its tasks in the storage of a VS Code extension."""

    extension: str
    total_since_ms: int | None = None
    """From when on `tokensIn` is the whole prompt; None: it is what no cache knew."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        bases = [
            named_folder(home, env, "XDG_CONFIG_HOME") or home / ".config",
            home / "Library/Application Support",
            home / "AppData/Roaming",
        ]
        places = [base / host for base in bases for host in HOSTS]
        places += [home / server for server in SERVERS]
        return [place / "User/globalStorage" / self.extension for place in places]

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder, folder / self.extension, folder / "User/globalStorage" / self.extension]

    def is_log(self, parts: Sequence[str]) -> bool:
        return len(parts) == 3 and parts[0] == "tasks" and parts[2] == MESSAGES

    def is_entered(self, parts: Sequence[str]) -> bool:
        return parts[0] == "tasks" and len(parts) <= 2

    def is_document(self, path: str) -> bool:
        return True

    def beside(self, path: str) -> Sequence[str]:
        folder = os.path.dirname(path)
        return [f"{folder}/{name}" for name in _BESIDE]

    def read(self, path: str, since: bytes) -> Document:
        del since
        data = items(load(path))
        pages = Pages()
        pages.looked(len(data))
        name = clean_id(os.path.basename(os.path.dirname(path)))
        messages = list(_messages(data, name, pages))
        item = _history_item(path)
        prompts = prompts_of(
            [asked for _, _, asked in messages],
            load_if_there(os.path.join(os.path.dirname(path), _BESIDE[0])),
            load_if_there(os.path.join(os.path.dirname(path), _BESIDE[1])),
        )
        task = _Task(name, prompts, clean(item.workspace or prompts.folder, 512))
        if item.parent:
            body = encode(Thread(task.name, clean_id(item.parent), True, None))
            pages.fact(Fact(kind="thread", subject=task.name, body=body))
        self._requests(messages, task, pages)
        return pages.document()

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        data = items(load(path))
        task = clean_id(os.path.basename(os.path.dirname(path)))
        found = [(place_of(_key(task, a)), raw) for raw, _, a in _messages(data, task, Pages())]
        deleted = [(place_of(task), raw) for raw in data if b"deleted_api_reqs" in raw]
        return at_places([*deleted, *found], places)

    def _requests(
        self, messages: Sequence[tuple[bytes, _Message, Asked]], task: _Task, pages: Pages
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
            asked.whole_prompt = self._is_whole_prompt(asked, remainder)
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

    def _is_whole_prompt(self, asked: Asked, remainder: bool) -> bool:
        """Whether `tokensIn` has both caches in it; `remainder`: somewhere in the task it cannot.

        Builds before `total_since_ms` wrote what the protocol gave them: Anthropic's is without.
        """
        if not asked.holds_caches:
            return False
        if self.total_since_ms is None or asked.ts >= self.total_since_ms:
            return self.total_since_ms is not None
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
    data = load_if_there(os.path.join(os.path.dirname(path), _BESIDE[2]))
    try:
        return msgspec.json.decode(data, type=_HistoryItem) if data else _HistoryItem()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _HistoryItem()
