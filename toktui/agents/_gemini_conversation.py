"""What Gemini CLI and Qwen Code send: messages with their tools, or contents of the API's shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from toktui.agents.content import Piece, PieceKind, Turn
from toktui.agents.json_lines import (
    BrokenLineError,
    json_of,
    list_of,
    object_of,
    text_of,
    values,
)
from toktui.text import clean, clean_id

_ANSWERS: Final = ("gemini", "qwen")


def turn(line: bytes) -> Turn | None:
    """A line of Gemini CLI as a turn; None if it is not part of a conversation."""
    row = _row(line)
    changed = object_of(row.get("$set"))
    if isinstance(changed.get("messages"), list):
        pieces = [piece for m in _messages(changed) for piece in _pieces(m)]
        return Turn(tuple(pieces), restarts=True)
    if row.get("type") in (*_ANSWERS, "user"):
        return Turn(tuple(_pieces(row)), key=_key(row))
    return None


def turns_before_the_last_answer(data: bytes) -> list[Turn]:
    """A document's messages, without its last answer and what came after it."""
    messages = _messages(_row(data))
    answers = [i for i, m in enumerate(messages) if m.get("type") in _ANSWERS]
    sent = messages[: answers[-1]] if answers else []
    return [Turn(tuple(_pieces(m)), key=_key(m)) for m in sent]


def linked_turn(line: bytes) -> Turn | None:
    """A line of Qwen Code as a turn; what only reports links the others."""
    row = _row(line)
    own, parent = text_of(row, "uuid"), text_of(row, "parentUuid")
    if not own:
        return None
    if row.get("subtype") == "chat_compression":
        kept = list_of(object_of(row.get("systemPayload")).get("compressedHistory"))
        pieces = [piece for content in kept for piece in _contents(object_of(content), "summary")]
        return Turn(tuple(pieces), own, restarts=True)
    said = object_of(row.get("message"))
    return Turn(tuple(_contents(said, "prompt")), own, parent)


def _row(data: bytes) -> Mapping[str, object]:
    try:
        found = values(data)
    except BrokenLineError:
        return {}
    return object_of(found[0] if len(found) == 1 else None)


def _messages(holder: Mapping[str, object]) -> list[Mapping[str, object]]:
    return [object_of(m) for m in list_of(holder.get("messages"))]


def _key(message: Mapping[str, object]) -> str:
    return clean_id(text_of(message, "id")) if message.get("type") in _ANSWERS else ""


def _pieces(message: Mapping[str, object]) -> Iterator[Piece]:
    """A message with its thoughts, its tools and their results."""
    kind: PieceKind = "text" if message.get("type") in _ANSWERS else "prompt"
    for value in list_of(message.get("thoughts")):
        thought = object_of(value)
        said = f"{text_of(thought, 'subject')}\n{text_of(thought, 'description')}"
        yield Piece("thinking", said)
    content = message.get("content")
    if isinstance(content, str):
        yield Piece(kind, content)
    for part in list_of(content):
        yield from _part(object_of(part), kind)
    for value in list_of(message.get("toolCalls")):
        call = object_of(value)
        name, own = clean(text_of(call, "name"), 48), text_of(call, "id")
        given = object_of(call.get("args"))
        yield Piece("call", name + json_of(given), name, own, len(given))
        if call.get("result") is not None:
            for answered in list_of(call["result"]):
                told = object_of(object_of(answered).get("functionResponse")).get("response")
                yield Piece("result", _output(told), id=own)


def _contents(content: Mapping[str, object], kind: PieceKind) -> Iterator[Piece]:
    """A content of the API's shape."""
    spoken = kind if content.get("role") != "model" or kind == "summary" else "text"
    for part in list_of(content.get("parts")):
        yield from _part(object_of(part), spoken)


def _part(part: Mapping[str, object], kind: PieceKind) -> Iterator[Piece]:
    if "functionCall" in part:
        call = object_of(part["functionCall"])
        name, given = clean(text_of(call, "name"), 48), object_of(call.get("args"))
        yield Piece("call", name + json_of(given), name, text_of(call, "id"), len(given))
    elif "functionResponse" in part:
        told = object_of(part["functionResponse"])
        name = clean(text_of(told, "name"), 48)
        yield Piece("result", _output(told.get("response")), name, text_of(told, "id"))
    elif "inlineData" in part or "fileData" in part:
        yield Piece("image")
    elif text := text_of(part, "text"):
        yield Piece("thinking" if part.get("thought") else kind, text)


def _output(told: object) -> str:
    """What a tool answered."""
    output = object_of(told).get("output")
    return output if isinstance(output, str) else json_of(told)
