"""What Claude wrote, from the rows of Claude Code's logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast

from toktui.agents.content import Block
from toktui.agents.json_lines import BrokenLineError, values
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
        messages = [m for m in messages if clean_id(_text(m, "id")) == key]
    return tuple(block for message in messages for block in _blocks(message))


def _messages(value: object) -> Iterator[Mapping[str, object]]:
    """The message of an assistant row, or the one that a progress row embeds."""
    row = _object(value)
    if row.get("type") == "progress":
        row = _object(_object(row.get("data")).get("message"))
    if row.get("type") == "assistant":
        yield _object(row.get("message"))


def _blocks(message: Mapping[str, object]) -> Iterator[Block]:
    content = message.get("content")
    if isinstance(content, str):
        yield Block("text", content)
        return
    for value in cast("list[object]", content) if isinstance(content, list) else ():
        block = _object(value)
        kind = block.get("type")
        if kind == "text":
            yield Block("text", _text(block, "text"))
        elif kind == "thinking":
            sealed = len(_text(block, "signature"))
            yield Block("thinking", _text(block, "thinking"), sealed=sealed)
        elif kind == "redacted_thinking":
            yield Block("thinking", sealed=len(_text(block, "data")))
        elif kind in _TOOLS:
            arguments = tuple(_arguments(block.get("input")))
            yield Block("tool", _text(block, "name"), _text(block, "id"), arguments)


def _arguments(given: object) -> Iterator[tuple[str, str]]:
    if isinstance(given, dict):
        for name, value in cast("dict[str, object]", given).items():
            yield name, value if isinstance(value, str) else _json(value)
    elif given is not None:
        yield "", given if isinstance(given, str) else _json(given)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _text(value: Mapping[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
