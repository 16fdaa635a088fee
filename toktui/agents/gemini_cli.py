"""Gemini CLI.

Logs:     <home>/tmp/<project>/chats/session-*.jsonl, a sub-agent's in chats/<session>/*.jsonl;
          before April 2026 documents session-*.json. <home> is $GEMINI_CLI_HOME/.gemini, else
          ~/.gemini. <project> is a slug of the folder's name, in old builds a hash of its path
Record:   a message of type `gemini` with `tokens`; written again when its tool results arrive, and
          once more in every `$set` of all messages
Tokens:   `input` holds `cached`; `thoughts` are outside `output`, `tool` is outside `input`
Identity: the message's id, which a resumed log and the JSONL successor of a document keep
Exactness: exact, rewound turns included; no dollars of its own
Live:     tailed: a response is on screen as soon as its row is written; documents are read again
          when they change
Seen:     0.20 to 0.61; golden/gemini-cli/
Unknown:  calls beside the conversation (router, compressor, next speaker, loop detector) are in no
          log; the working folder is named by its slug or hash, and found by `.project_root`
          beside the chats, or among the folders of other agents
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from toktui.agents._gemini_messages import (
    Message,
    answers,
    project_in,
    quoted_messages,
    read_conversation,
    sightings,
)
from toktui.agents.documents import NotUnderstoodError, load, load_if_there
from toktui.agents.folders import named_folder
from toktui.agents.lines import LineAgent, LineState, Said, name_in
from toktui.facts import Thread, encode
from toktui.model import Fact, Misread
from toktui.text import clean_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.base import Document
    from toktui.agents.content import Turn

_ROOT_FILE: Final = ".project_root"
"""Beside the chats of a project: its folder."""
_LONGEST_PATH: Final = 4096


class _Head(Struct):
    id: Any = None
    type: Any = None
    sessionId: Any = None
    set: Any = msgspec.field(default=None, name="$set")


class _Meta(Struct):
    sessionId: str | None = None


class _Update(Struct):
    sessionId: str | None = None
    messages: list[Raw] | None = None


class _Set(Struct):
    set: _Update = msgspec.field(name="$set")


class _State(LineState):
    parent: str = ""
    """The session that spawned this one: the folder of a sub-agent's log."""


class _GeminiCli(LineAgent):
    name = "gemini-cli"
    label = "Gemini CLI"
    Head = _Head
    State = _State
    PARSER = 2
    tool_calls = (b'"toolCalls"',)
    needles = (b'"tokens"', b'"sessionId"')

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        return self.roots_of((named_folder(home, env, "GEMINI_CLI_HOME") or home) / ".gemini")

    def roots_of(self, folder: Path) -> Sequence[Path]:
        return [folder if folder.name == "tmp" else folder / "tmp"]

    def is_log(self, parts: Sequence[str]) -> bool:
        if len(parts) < 3 or parts[1] != "chats":
            return False
        if len(parts) == 3:
            return parts[2].startswith("session-") and parts[2].endswith((".jsonl", ".json"))
        return len(parts) == 4 and parts[3].endswith(".jsonl")

    def is_entered(self, parts: Sequence[str]) -> bool:
        return len(parts) == 1 or (parts[1] == "chats" and len(parts) <= 3)

    def start(self, path: str) -> _State:
        spawned = name_in(path, 1) != "chats"
        state = _State(
            session=name_in(path).removesuffix(".jsonl"),
            project=project_in(path, 3 if spawned else 2),
        )
        state.parent = name_in(path, 1) if spawned else ""
        return state

    def shape_of(self, head: _Head) -> type[Struct] | None:
        if head.type == "gemini":
            return Message
        if isinstance(head.set, dict):
            return _Set
        return _Meta if isinstance(head.sessionId, str) and head.id is None else None

    def told(self, row: Any, state: _State) -> Iterator[Said]:
        kind = "spawn" if state.parent else "row"
        if isinstance(row, Message):
            yield from sightings(row, state, kind)
        elif isinstance(row, _Meta):
            yield from _session(row.sessionId, state)
        elif isinstance(row, _Set):
            yield from _session(row.set.sessionId, state)
            for raw in row.set.messages or ():
                try:
                    found = list(answers(raw))
                except NotUnderstoodError as error:
                    yield Misread(str(error), state.version)
                    continue
                for message in found:
                    yield from sightings(message, state, kind)

    def is_document(self, path: str) -> bool:
        return path.endswith(".json")

    def read(self, path: str, since: bytes) -> Document:
        del since
        return read_conversation(path)

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        return quoted_messages(path, places)

    def folder_beside(self, path: str) -> str:
        project = path.rpartition("/chats/")[0]
        said = load_if_there(f"{project}/{_ROOT_FILE}")[:_LONGEST_PATH]
        return said.decode("utf-8", "replace").strip()

    def turn(self, line: bytes) -> Turn | None:
        from toktui.agents._gemini_conversation import turn  # noqa: PLC0415  only on demand

        return turn(line)

    def turns(self, path: str, place: int) -> Sequence[Turn]:
        from toktui.agents import _gemini_conversation as conversation  # noqa: PLC0415

        return conversation.turns_before_the_last_answer(load(path))


def _session(named: str | None, state: _State) -> Iterator[Fact]:
    """The log's own id of its session; a sub-agent's is a session below the one that spawned it."""
    if not named:
        return
    state.session = clean_id(named)
    if state.parent and state.parent != state.session:
        family = Thread(state.session, state.parent, spawned=True, replay_ends_at=None)
        yield Fact(kind="thread", subject=state.session, body=encode(family))


AGENT: Final = _GeminiCli()
