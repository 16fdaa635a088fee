"""What Kimi Code sends: the rows of a wire log as turns of a conversation, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toktui.agents.content import Piece, PieceKind, Turn
from toktui.agents.json_lines import (
    BrokenLineError,
    json_of,
    list_of,
    object_of,
    text_of,
    values,
)
from toktui.text import clean


def turn(line: bytes) -> Turn | None:
    """The line as a turn; None if it is not part of a conversation."""
    try:
        found = values(line)
    except BrokenLineError:
        return None
    row = object_of(found[0] if len(found) == 1 else None)
    kind = row.get("type")
    if kind == "context.append_message":
        return Turn(tuple(_message(object_of(row.get("message")))))
    if kind == "context.append_loop_event":
        return Turn(tuple(_event(object_of(row.get("event")))))
    if kind == "context.apply_compaction":
        summary = text_of(row, "contextSummary") or text_of(row, "summary")
        return Turn((Piece("summary", summary),), restarts=True)
    return None


def _message(message: Mapping[str, object]) -> Iterator[Piece]:
    asked = object_of(message.get("origin")).get("kind") in (None, "user")
    kind: PieceKind = "prompt" if asked else "reminder"
    content = message.get("content")
    if isinstance(content, str):
        yield Piece(kind, content)
    for part in list_of(content):
        yield from _part(object_of(part), kind)


def _part(part: Mapping[str, object], kind: PieceKind) -> Iterator[Piece]:
    if part.get("type") == "think":
        yield Piece("thinking", text_of(part, "think"))
    elif part.get("type") == "text":
        yield Piece(kind, text_of(part, "text"))
    elif part.get("type") == "image_url":
        yield Piece("image")


def _event(event: Mapping[str, object]) -> Iterator[Piece]:
    kind, own = event.get("type"), text_of(event, "toolCallId")
    if kind == "content.part":
        yield from _part(object_of(event.get("part")), "text")
    elif kind == "tool.call":
        name, given = clean(text_of(event, "name"), 48), object_of(event.get("args"))
        yield Piece("call", name + json_of(given), name, own, len(given))
    elif kind == "tool.result":
        output = object_of(event.get("result")).get("output")
        yield Piece("result", output if isinstance(output, str) else json_of(output), id=own)
