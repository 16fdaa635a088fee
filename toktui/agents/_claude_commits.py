"""Commits that Claude Code's shell made: from the command that a row runs to what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.agents._claude_beside import UNREADABLE
from toktui.agents._claude_rows import as_output_row, as_shell_row
from toktui.agents.commits import COMMAND_WORD, MOST_OPEN, commits, ran
from toktui.clock import parse_ms
from toktui.text import clean_id

if TYPE_CHECKING:
    from toktui.agents._claude_rows import Message
    from toktui.agents._claude_state import State
    from toktui.model import Fact


def may_commit(message: Message) -> bool:
    """Whether a response can run git."""
    content = message.content
    if isinstance(content, list):
        for part in content:
            if part.type == "tool_use" and COMMAND_WORD in bytes(part.input):
                return True
    return False


def remember_commits(line: bytes, state: State) -> None:
    """Notes which tool calls of a row make a commit; very old ones are forgotten."""
    try:
        message = as_shell_row(line).message
    except UNREADABLE:
        return
    for block in (message.content or ()) if message else ():
        command = block.input.command if block.input else None
        name = block.id or ""
        if not (command and name and block.type == "tool_use" and commits(command)):
            continue
        if name == clean_id(name) and name not in state.commits:
            state.commits.append(name)
            del state.commits[:-MOST_OPEN]


def awaited(block: bytes, pos: int, end: int, state: State) -> bool:
    """Whether a line holds the id of a tool call whose result is awaited."""
    return any(block.find(name.encode(), pos, end) >= 0 for name in state.commits)


def committed(line: bytes, state: State) -> tuple[Fact, ...]:
    """The commits that a row of results tells of."""
    try:
        row = as_output_row(line)
    except UNREADABLE:
        return ()
    session = clean_id(row.sessionId or "") or state.stem
    at_ms = parse_ms(row.timestamp) if row.timestamp else None
    found: list[Fact] = []
    for block in (row.message.content or ()) if row.message else ():
        if block.tool_use_id not in state.commits:
            continue
        state.commits.remove(block.tool_use_id)
        parts = block.content or ()
        text = parts if isinstance(parts, str) else "\n".join(part.text or "" for part in parts)
        found += ran(text, session, at_ms)
    return tuple(found)
