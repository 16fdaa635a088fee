"""What a model wrote, from rows of Pi's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def said(line: bytes, key: str) -> tuple[Block, ...]:
    """The blocks of the rows that report the call `key`; nothing where the line is broken.

    Where the key is a hash of what the row says, the line has no other call.
    """
    try:
        found = values(line)
    except BrokenLineError:
        return ()
    messages = [object_of(object_of(value).get("message")) for value in found]
    if not key.startswith("h:"):
        messages = [m for m in messages if clean_id(text_of(m, "responseId")) == key]
    return tuple(block for message in messages for block in blocks_of(message))


def blocks_of(message: Mapping[str, object]) -> Iterator[Block]:
    """What a message of the model holds."""
    if text_of(message, "role") != "assistant":
        return
    for value in list_of(message.get("content")):
        block = object_of(value)
        kind = text_of(block, "type")
        if kind == "text":
            yield Block("text", text_of(block, "text"))
        elif kind == "thinking":
            sealed = len(text_of(block, "thinkingSignature"))
            yield Block("thinking", text_of(block, "thinking"), sealed=sealed)
        elif kind == "toolCall":
            given = object_of(block.get("arguments"))
            arguments = tuple(
                (name, value if isinstance(value, str) else json_of(value))
                for name, value in given.items()
            )
            yield Block("tool", text_of(block, "name"), text_of(block, "id"), arguments)
