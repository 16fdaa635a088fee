"""What Pi and those of its shape send: rows that name the row before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toktui.agents._pi_content import blocks_of
from toktui.agents.content import Piece, PieceKind, Turn
from toktui.agents.json_lines import BrokenLineError, list_of, object_of, text_of, values
from toktui.text import clean


def turn(line: bytes) -> Turn | None:
    """The line as a turn; None if it is not part of a conversation."""
    try:
        found = values(line)
    except BrokenLineError:
        return None
    row = object_of(found[0] if len(found) == 1 else None)
    own, parent = text_of(row, "id"), text_of(row, "parentId")
    if not own or row.get("type") == "session":
        return None
    if row.get("type") == "compaction":
        return Turn((Piece("summary", text_of(row, "summary")),), own, restarts=True)
    if row.get("type") == "branch_summary":
        return Turn((Piece("summary", text_of(row, "summary")),), own, parent)
    return Turn(tuple(_pieces(object_of(row.get("message")))), own, parent)


def _pieces(message: Mapping[str, object]) -> Iterator[Piece]:
    role = text_of(message, "role")
    if role == "assistant":
        for block in blocks_of(message):
            if block.kind == "tool":
                text = "".join(f"{name}{value}" for name, value in block.arguments)
                name = clean(block.text, 48)
                yield Piece("call", block.text + text, name, block.id, len(block.arguments))
            else:
                yield Piece(block.kind, block.text, sealed=block.sealed)
    elif role == "toolResult":
        yield from _sent(message, "result", clean(text_of(message, "toolName"), 48))
    elif role:
        yield from _sent(message, "prompt" if role == "user" else "reminder", "")


def _sent(message: Mapping[str, object], kind: PieceKind, tool: str) -> Iterator[Piece]:
    own, content = text_of(message, "toolCallId"), message.get("content")
    if isinstance(content, str):
        yield Piece(kind, content, tool, own)
    for value in list_of(content):
        block = object_of(value)
        if block.get("type") == "image":
            yield Piece("image", id=own)
        else:
            yield Piece(kind, text_of(block, "text"), tool, own)
