"""Tools that GitHub Copilot CLI ran, as its events tell: the call in one, the result in another."""

from __future__ import annotations

from toktui.agents.content import Piece, Turn
from toktui.agents.json_lines import BrokenLineError, json_of, object_of, text_of, values
from toktui.text import clean


def tools(line: bytes) -> Turn | None:
    """The event as a turn; None if it is none of a tool."""
    try:
        found = values(line)
    except BrokenLineError:
        return None
    row = object_of(found[0] if len(found) == 1 else None)
    data = object_of(row.get("data"))
    own, name = text_of(data, "toolCallId"), clean(text_of(data, "toolName"), 48)
    if row.get("type") == "tool.execution_start":
        given = object_of(data.get("arguments"))
        return Turn((Piece("call", name + json_of(given), name, own, len(given)),))
    if row.get("type") == "tool.execution_complete":
        return Turn((Piece("result", text_of(object_of(data.get("result")), "content"), id=own),))
    return None
