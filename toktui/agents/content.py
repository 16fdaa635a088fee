"""What a model wrote in a response, as its log keeps it: material for counting, never shown."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kind = Literal["text", "thinking", "tool"]


class Block(msgspec.Struct, frozen=True, gc=False):
    """A part of a response. Its text is as logged, not clean: it may only be counted.

    `text` is what was said or thought, or the name of the tool that was called.
    """

    kind: Kind
    text: str = ""
    id: str = ""
    """Of the call of a tool; tells two equal ones apart."""
    arguments: tuple[tuple[str, str], ...] = ()
    """Names and values of a tool's arguments; what is no text in the log is compact JSON."""
    sealed: int = 0
    """Characters of the encrypted form in which a log has thinking, or has it too."""


class Uncounted(msgspec.Struct, frozen=True, gc=False):
    """The text of a call that its agent did not count: what was asked, what the model said."""

    asked: tuple[Block, ...]
    said: tuple[Block, ...]


NO_BLOCKS: Final[tuple[Block, ...]] = ()

PieceKind = Literal[
    "prompt", "summary", "text", "thinking", "call", "result", "file", "image", "reminder"
]
"""`call` and `result` are those of tools, `summary` is what a compaction left of the conversation,
`reminder` is what the agent itself tells the model in between."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A part of what is sent to a model. Its text is as logged, not clean: it may only be counted.
    """

    kind: PieceKind
    text: str = ""
    tool: str = ""
    """Clean name of the tool, of a call."""
    id: str = ""
    """Of the call of a tool, and of its result."""
    arguments: int = 0
    sealed: int = 0
    """As in `Block`."""


class Turn(msgspec.Struct, frozen=True, gc=False):
    """A line of a log that is part of a conversation.

    `id` and `parent` link the lines; where a line has no id, it follows the one before.
    """

    pieces: tuple[Piece, ...] = ()
    id: str = ""
    parent: str = ""
    key: str = ""
    """Of the call, where the line is a response."""
    restarts: bool = False
    """Nothing from before this line is sent any more."""
