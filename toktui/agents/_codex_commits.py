"""Commits that Codex's shell made: from a function call to its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import _codex_rows as rows
from toktui.agents.commits import COMMAND_WORD, MOST_OPEN, commits, ran
from toktui.agents.json_lines import object_of, text_of
from toktui.clock import parse_ms
from toktui.text import clean_id

if TYPE_CHECKING:
    from toktui.agents._codex_state import State
    from toktui.model import Fact

_CALL: Final = b'"function_call"'
_WITHIN: Final = 512
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_as_tool: Final = msgspec.json.Decoder(rows.Tool).decode


def is_tool(block: bytes, pos: int, end: int, state: State) -> bool:
    """Whether a response item can run a command that commits, or is the result of one."""
    near = min(end, pos + _WITHIN)
    if block.find(_CALL, pos, near) >= 0:
        return block.find(COMMAND_WORD, pos, end) >= 0
    return any(block.find(name.encode(), pos, end) >= 0 for name in state.commits)


def tool(line: rows.Line, state: State) -> tuple[Fact, ...]:
    """Notes a call that commits; the commits that the output of one tells of."""
    try:
        payload = _as_tool(line.payload)
    except _UNREADABLE:
        return ()
    name = payload.call_id or ""
    if payload.type == "function_call":
        plain = bool(name) and name == clean_id(name) and name not in state.commits
        if plain and commits(payload.arguments or ""):
            state.commits.append(name)
            del state.commits[:-MOST_OPEN]
    elif payload.type == "function_call_output" and name in state.commits:
        state.commits.remove(name)
        at_ms = parse_ms(line.timestamp) if line.timestamp else None
        return ran(_text(payload.output), state.thread, at_ms)
    return ()


def _text(output: msgspec.Raw) -> str:
    """The text of an output, which older builds wrap into JSON once more."""
    try:
        value: object = msgspec.json.decode(output)
        if isinstance(value, str) and value.startswith("{"):
            value = msgspec.json.decode(value)
    except _UNREADABLE:
        pass
    else:
        if isinstance(value, str):
            return value
        return text_of(object_of(value), "output") or text_of(object_of(value), "content")
    return ""
