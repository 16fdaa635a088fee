"""What is said of a bug that ends the screens: its place, never what variables held."""

from __future__ import annotations

import traceback
from typing import Final

from toktui.text import clean

_FRAMES: Final = 6
"""The innermost places; what is outside of them is Textual's."""


def places(error: BaseException) -> str:
    """Kind and places of an error, without its message: that may quote a log."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-_FRAMES:]]
    return "\n".join((f"{type(error).__module__}.{type(error).__qualname__}", *lines))


def farewell(error: BaseException) -> str:
    """What the terminal shows: the same, with the beginning of the message."""
    message = clean(str(error), 200)
    return (
        f"toktui: The screens ended because of a bug{': ' if message else ''}{message}\n"
        f"{places(error)}\n"
        "Please report these lines; nothing that was read is lost."
    )
