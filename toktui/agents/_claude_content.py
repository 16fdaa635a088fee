"""What Claude wrote, from the rows of Claude Code's logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from toktui.agents.content import Block
from toktui.agents.json_lines import (
    BrokenLineError,
    json_of,
    list_of,
    object_of,
    text_of,
    values,
)
from toktui.text import clean_id

_OTHER_KEYS: Final = ("ref:", "weak:")
_TOOLS: Final = ("tool_use", "server_tool_use", "mcp_tool_use")


def said(line: bytes, key: str) -> tuple[Block, ...]:
    """The blocks of the rows that report the call `key`; nothing where the line is broken.

    Where the key is not the message's own id, the line has no other call.
    """
    try:
        found = values(line)
    except BrokenLineError:
        return ()
    messages = [message for value in found for message in _messages(value)]
    if not key.startswith(_OTHER_KEYS):
        messages = [m for m in messages if clean_id(text_of(m, "id")) == key]
    return tuple(block for message in messages for block in blocks_of(message))


def _messages(value: object) -> Iterator[Mapping[str, object]]:
    """The message of an assistant row, or the one that a progress row embeds."""
    row = object_of(value)
    if row.get("type") == "progress":
        row = object_of(object_of(row.get("data")).get("message"))
    if row.get("type") == "assistant":
        yield object_of(row.get("message"))


def blocks_of(message: Mapping[str, object]) -> Iterator[Block]:
    """What a message of the model holds."""
    content = message.get("content")
    if isinstance(content, str):
        yield Block("text", content)
        return
    for value in list_of(content):
        block = object_of(value)
        kind = block.get("type")
        if kind == "text":
            yield Block("text", text_of(block, "text"))
        elif kind == "thinking":
            sealed = len(text_of(block, "signature"))
            yield Block("thinking", text_of(block, "thinking"), sealed=sealed)
        elif kind == "redacted_thinking":
            yield Block("thinking", sealed=len(text_of(block, "data")))
        elif kind in _TOOLS:
            arguments = tuple(_arguments(block.get("input")))
            yield Block("tool", text_of(block, "name"), text_of(block, "id"), arguments)


def _arguments(given: object) -> Iterator[tuple[str, str]]:
    if isinstance(given, dict):
        for name, value in cast("dict[str, object]", given).items():
            yield name, value if isinstance(value, str) else json_of(value)
    elif given is not None:
        yield "", given if isinstance(given, str) else json_of(given)
