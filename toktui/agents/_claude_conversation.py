"""What Claude Code sends: the rows of its logs as turns of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from toktui.agents._claude_content import blocks_of
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

_FILES: Final = (
    "file", "edited_text_file", "nested_memory", "compact_file_reference", "directory",
    "selected_lines_in_ide", "opened_file_in_ide",
)  # fmt: skip
_UNSENT: Final = ("hook_cancelled", "hook_non_blocking_error", "command_permissions")
"""Attachments that only the user sees."""
_ABOUT: Final = ("type", "hookName", "hookEvent", "toolUseID", "durationMs", "exitCode", "command")
"""Fields of an attachment that say what it is, not what is sent."""


def turn(line: bytes) -> Turn | None:
    """The line as a turn; None if it is not part of a conversation."""
    try:
        found = values(line)
    except BrokenLineError:
        return None
    row = object_of(found[0] if len(found) == 1 else None)
    kind = row.get("type")
    if kind == "system":
        if row.get("subtype") != "compact_boundary":
            return _turn(row, ())
        return _turn(row, (), restarts=True)
    if kind == "assistant":
        message = object_of(row.get("message"))
        return _turn(row, tuple(_said(message)), key=clean_id(text_of(message, "id")))
    if kind == "user":
        return _turn(row, tuple(_told(row)))
    if kind == "attachment":
        return _turn(row, tuple(_attached(object_of(row.get("attachment")))))
    return None


def _turn(
    row: Mapping[str, object], pieces: tuple[Piece, ...], *, key: str = "", restarts: bool = False
) -> Turn | None:
    own = text_of(row, "uuid")
    return Turn(pieces, own, text_of(row, "parentUuid"), key, restarts) if own else None


def _said(message: Mapping[str, object]) -> Iterator[Piece]:
    for block in blocks_of(message):
        if block.kind == "tool":
            text = "".join(f"{name}{value}" for name, value in block.arguments)
            tool = clean(block.text, 48)
            yield Piece("call", block.text + text, tool, block.id, len(block.arguments))
        else:
            yield Piece(block.kind, block.text, sealed=block.sealed)


def told_pieces(message: Mapping[str, object]) -> Iterator[Piece]:
    """The pieces of a message of Anthropic's shape, of whom it may be."""
    if message.get("role") == "assistant":
        yield from _said(message)
    else:
        yield from _told({"message": message})


def _told(row: Mapping[str, object]) -> Iterator[Piece]:
    kind: PieceKind = "prompt"
    if row.get("isCompactSummary"):
        kind = "summary"
    elif row.get("isMeta"):
        kind = "reminder"
    content = object_of(row.get("message")).get("content")
    if isinstance(content, str):
        yield Piece(kind, content)
        return
    for value in list_of(content):
        block = object_of(value)
        if block.get("type") == "tool_result":
            yield from _result(block)
        else:
            yield from _sent(block, kind)


def _sent(block: Mapping[str, object], kind: PieceKind, call: str = "") -> Iterator[Piece]:
    if block.get("type") == "text":
        yield Piece(kind, text_of(block, "text"), id=call)
    elif block.get("type") == "image":
        yield Piece("image", id=call)
    elif block.get("type") == "document":
        yield Piece("file", text_of(object_of(block.get("source")), "data"))


def _result(block: Mapping[str, object]) -> Iterator[Piece]:
    call, content = text_of(block, "tool_use_id"), block.get("content")
    parts = list_of(content)
    for value in parts:
        yield from _sent(object_of(value), "result", call)
    if not parts and content is not None:
        yield Piece("result", content if isinstance(content, str) else json_of(content), id=call)


def _attached(attachment: Mapping[str, object]) -> Iterator[Piece]:
    kind = attachment.get("type")
    if kind in _UNSENT:
        return
    sent = {name: value for name, value in attachment.items() if name not in _ABOUT}
    text = "\n".join(value if isinstance(value, str) else json_of(value) for value in sent.values())
    if kind == "queued_command":
        yield Piece("prompt", text_of(attachment, "prompt"))
    else:
        yield Piece("file" if kind in _FILES else "reminder", text)
