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


NO_BLOCKS: Final[tuple[Block, ...]] = ()
