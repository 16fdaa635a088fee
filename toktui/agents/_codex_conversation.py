"""What Codex sends: the rows of a rollout as turns of a conversation, one after the other."""

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
from toktui.text import clean

_ROLES: Final[dict[str, PieceKind]] = {"assistant": "text", "user": "prompt"}
_CALLS: Final = ("function_call", "custom_tool_call", "local_shell_call", "web_search_call")
_RESULTS: Final = ("function_call_output", "custom_tool_call_output")


def turn(line: bytes) -> Turn | None:
    """The line as a turn; None if it is not part of a conversation."""
    try:
        found = values(line)
    except BrokenLineError:
        return None
    row = object_of(found[0] if len(found) == 1 else None)
    payload = object_of(row.get("payload"))
    if row.get("type") == "response_item":
        return Turn(tuple(_pieces(payload)))
    if row.get("type") == "compacted":
        history = list_of(payload.get("replacement_history"))
        kept = [piece for item in history for piece in _pieces(object_of(item))]
        summary = Piece("summary", text_of(payload, "message"))
        return Turn((summary, *kept), restarts=True)
    return None


def _pieces(item: Mapping[str, object]) -> Iterator[Piece]:
    kind = item.get("type")
    if kind == "message":
        yield from _message(item, _ROLES.get(text_of(item, "role"), "reminder"))
    elif kind == "reasoning":
        yield Piece("thinking", _joined(item.get("summary")))
    elif kind in _CALLS:
        said = text_of(item, "arguments") or text_of(item, "input")
        if not said and "action" in item:
            said = json_of(item["action"])
        name = text_of(item, "name") or str(kind).removesuffix("_call")
        yield Piece("call", name + said, clean(name, 48), text_of(item, "call_id"))
    elif kind in _RESULTS:
        output = item.get("output")
        text = output if isinstance(output, str) else json_of(output)
        yield Piece("result", text, id=text_of(item, "call_id"))
    elif kind == "compaction_summary" or kind == "compaction":
        yield Piece("summary", text_of(item, "text") or text_of(item, "summary"))


def _message(item: Mapping[str, object], kind: PieceKind) -> Iterator[Piece]:
    for value in list_of(item.get("content")):
        block = object_of(value)
        if block.get("type") == "input_image":
            yield Piece("image")
        elif text := text_of(block, "text"):
            yield Piece(kind, text)


def _joined(parts: object) -> str:
    return "\n".join(text_of(object_of(part), "text") for part in list_of(parts))
