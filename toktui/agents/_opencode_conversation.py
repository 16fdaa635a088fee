"""What OpenCode and those of its engine send: the messages of a session with their parts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from toktui.agents._opencode_files import message_calls
from toktui.agents._opencode_quotes import old_calls
from toktui.agents._sqlite_values import AMONG, as_bytes, json_of
from toktui.agents.base import place_of
from toktui.agents.content import Piece, Turn
from toktui.agents.documents import load_if_there
from toktui.agents.json_lines import BrokenLineError, object_of, text_of, values
from toktui.agents.json_lines import json_of as compact
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from toktui.agents.database import Snapshot


class _Message(NamedTuple):
    id: str
    head: bytes
    parts: Sequence[bytes]


def turns_in_database(path: str, place: int) -> list[Turn]:
    """What was sent with the answer at a place."""
    from toktui.agents.database import snapshot  # noqa: PLC0415  loads SQLite

    return snapshot(path, lambda db: _in_database(db, place))


def _in_database(db: Snapshot, place: int) -> list[Turn]:
    tables = db.tables()
    if not {"id", "session_id", "data"} <= tables.get("message", frozenset()):
        return []
    if not {"id", "message_id", "data"} <= tables.get("part", frozenset()):
        return []
    asked, step = _at(db, place)
    rows = db.rows(
        "select id, cast(data as blob) from message"
        " where session_id = (select session_id from message where id = ?) order by id",
        (asked,),
    )
    names = [str(name) for name, _ in rows]
    parts: dict[str, list[bytes]] = {}
    for name, data in db.rows(
        f"select message_id, cast(data as blob) from part where message_id {AMONG} order by id",
        (json_of(names),),
    ):
        parts.setdefault(str(name), []).append(as_bytes(data))
    messages = (
        _Message(str(name), as_bytes(data), parts.get(str(name), [])) for name, data in rows
    )
    return _turns(messages, asked, step)


def _at(db: Snapshot, place: int) -> tuple[str, int]:
    """The message of the call at a place, and which of its steps it is."""
    for (name,) in db.rows("select id from message"):
        if place_of(str(name)) == place:
            return str(name), 0
    return next(((name, call.step) for name, call, _ in old_calls(db) if call.place == place),
                ("", 0))  # fmt: skip


def turns_in_files(path: str, place: int) -> list[Turn]:
    """What was sent with the answer in a file; its session's other messages lie beside it."""
    step = next((call.step for call in message_calls(path) if call.place == place), None)
    if step is None:
        return []
    folder, name = os.path.split(path)
    storage = os.path.dirname(os.path.dirname(folder))
    return _turns(_in_files(folder, f"{storage}/part"), name.removesuffix(".json"), step)


def _in_files(folder: str, parts: str) -> Iterator[_Message]:
    for file in _listed(folder):
        name = file.removesuffix(".json")
        own = f"{parts}/{name}"
        pieces = [load_if_there(f"{own}/{part}") for part in _listed(own)]
        yield _Message(name, load_if_there(f"{folder}/{file}"), pieces)


def _listed(folder: str) -> list[str]:
    """The files in the order of their names, which is that of time."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []


def _turns(messages: Iterable[_Message], asked: str, step: int) -> list[Turn]:
    """Those before the message, and its own steps before `step`; what the step itself called and
    heard came after it was sent."""
    found: list[Turn] = []
    for message in messages:
        parts = [_object(part) for part in message.parts]
        if message.id == asked:
            found.append(Turn(tuple(_said(_before(parts, step), is_answer=True))))
            return found
        head = _object(message.head)
        is_answer = head.get("role") == "assistant"
        summary = bool(head.get("summary")) and is_answer
        if summary:
            found.clear()
        pieces = _said(parts, is_answer=is_answer, is_summary=summary)
        found.append(Turn(tuple(pieces), restarts=summary))
    return []


def _before(parts: Sequence[Mapping[str, object]], step: int) -> Sequence[Mapping[str, object]]:
    """The parts of the steps before one."""
    ends = [i for i, part in enumerate(parts, 1) if part.get("type") == "step-finish"]
    return parts[: ends[step - 1]] if step else []


def _said(
    parts: Iterable[Mapping[str, object]], *, is_answer: bool, is_summary: bool = False
) -> Iterator[Piece]:
    for part in parts:
        yield from _pieces(part, is_answer, is_summary)


def _object(data: bytes) -> Mapping[str, object]:
    try:
        found = values(data)
    except BrokenLineError:
        return {}
    return object_of(found[0] if len(found) == 1 else None)


def _pieces(part: Mapping[str, object], is_answer: bool, is_summary: bool) -> Iterator[Piece]:
    kind = part.get("type")
    if kind == "text":
        spoken = "text" if is_answer else "reminder" if part.get("synthetic") else "prompt"
        yield Piece("summary" if is_summary else spoken, text_of(part, "text"))
    elif kind == "reasoning":
        yield Piece("thinking", text_of(part, "text"))
    elif kind == "file":
        is_image = text_of(part, "mime").startswith("image/")
        yield Piece("image") if is_image else Piece("file", text_of(part, "url"))
    elif kind == "tool":
        state, name = object_of(part.get("state")), clean(text_of(part, "tool"), 48)
        own, given = text_of(part, "callID"), object_of(state.get("input"))
        yield Piece("call", name + compact(given), name, own, len(given))
        if output := text_of(state, "output") or text_of(state, "error"):
            yield Piece("result", output, name, own)
