"""OpenClaw, imitated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.dev.demo.pi_lines import FLASH, Lines, session_writes
from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.imitate.draw import uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.1
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1}


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session in one log."""
    session = uuid(rng)
    path = f".openclaw/agents/main/sessions/{session}.jsonl"
    lines = Lines(rng, session, FLASH)
    yield from session_writes(scene, rng, lines, path)
