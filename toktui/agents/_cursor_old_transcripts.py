"""Cursor's first transcripts, `<id>.txt`: a conversation as plain text.

user:                          begins a prompt, `<user_query>` around what was written
assistant:  or  A:             begins an answer
[Thinking] a thought           in an answer, as far as the end of the line
[Tool call] Shell              and indented what was given to it, `  command: ls`
[Tool result] Shell            and behind it what came back, which is not the model's

Whoever writes such a marker into a prompt begins a message there: nothing tells them apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ROLE: Final = re.compile(rb"(user|assistant|A):[ \t]*(.*)", re.DOTALL)
_PART: Final = re.compile(rb"\[(Thinking|Tool call|Tool result)\][ \t]*(.*)", re.DOTALL)
_GIVEN: Final = re.compile(rb"[ \t]+([A-Za-z_]\w{0,60}):[ \t]?(.*)", re.DOTALL)
_ROLES: Final = {b"user": "user", b"assistant": "assistant", b"A": "assistant"}

Message = tuple[str, int, object, bytes]
"""Role, where it begins, its content as the blocks of a row, its first bytes."""


def messages(lines: Iterable[tuple[int, bytes]]) -> Iterator[Message]:
    """The messages of a text, by its lines and where they begin."""
    role, begin, first = "", 0, b""
    parts: list[_Part] = []
    for at, line in lines:
        marker = _ROLE.fullmatch(line)
        if marker is not None:
            if role:
                yield role, begin, _blocks(role, parts), first
            role, begin, first, parts = _ROLES[marker[1]], at, line, [_Part("text")]
            line = marker[2]
        if role:
            _take(role, parts, line)
    if role:
        yield role, begin, _blocks(role, parts), first


class _Part:
    """A stretch of a message: a text, a call of a tool, or a result, of which nothing is kept."""

    def __init__(self, kind: str, name: str = "") -> None:
        self.kind = kind
        self.name = name
        self.lines: list[str] = []
        self.given: dict[str, str] = {}
        self.open = ""
        """The argument whose value goes on."""


def _take(role: str, parts: list[_Part], line: bytes) -> None:
    marker = _PART.fullmatch(line) if role == "assistant" else None
    if marker is None:
        _go_on(parts[-1], line)
        return
    said = _text(marker[2])
    if marker[1] == b"Thinking":
        thought = _Part("thinking")
        thought.lines.append(said)
        parts += [thought, _Part("text")]
    else:
        parts.append(_Part("call" if marker[1] == b"Tool call" else "result", said))


def _go_on(part: _Part, line: bytes) -> None:
    if part.kind == "text":
        part.lines.append(_text(line))
    elif part.kind == "call":
        given = _GIVEN.fullmatch(line)
        if given is not None:
            part.open = _text(given[1])
            part.given[part.open] = _text(given[2])
        elif part.open and line.strip():
            part.given[part.open] += "\n" + _text(line)


def _blocks(role: str, parts: Iterable[_Part]) -> object:
    if role == "user":
        return "\n".join(line for part in parts for line in part.lines)
    blocks: list[dict[str, object]] = []
    for part in parts:
        if part.kind == "call":
            blocks.append({"type": "tool_use", "name": part.name, "input": part.given})
        elif part.kind != "result" and (text := "\n".join(part.lines).strip()):
            blocks.append({"type": part.kind, "text": text})
    return blocks


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
