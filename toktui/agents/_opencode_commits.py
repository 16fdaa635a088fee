"""Commits that the shell of OpenCode's engine made: a part of a message has command and output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from toktui.agents.commits import COMMAND_WORD, commits, ran
from toktui.agents.documents import Count, NotUnderstoodError, decode
from toktui.agents.json_lines import object_of, text_of

if TYPE_CHECKING:
    from toktui.model import Fact

_TOOL: Final = b'"tool"'


class _Times(Struct):
    end: Count = None


class _State(Struct):
    input: Any = None
    output: Any = None
    time: _Times | None = None


class _Part(Struct):
    type: str | None = None
    state: _State | None = None


def committed(part: bytes, session: str) -> tuple[Fact, ...]:
    """The commits that a part of a message tells of."""
    if _TOOL not in part or COMMAND_WORD not in part:
        return ()
    try:
        said = decode(part, _Part)
    except NotUnderstoodError:
        return ()
    state = said.state
    if said.type != "tool" or state is None or not isinstance(state.output, str):
        return ()
    if not commits(text_of(object_of(state.input), "command")):
        return ()
    return ran(state.output, session, state.time.end if state.time else None)
