"""Oh My Pi, imitated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.dev.demo.pi_lines import OPUS, SOL, Lines, session_writes
from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.imitate.draw import stamp, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.1
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1}


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session in one log."""
    session = uuid7(rng, scene.starts_ms)
    began = stamp(scene.starts_ms).replace(":", "-").replace(".", "-")
    folder = scene.project.replace("/", "-")
    path = f".omp/agent/sessions/{folder}/{began}_{session}.jsonl"
    lines = Lines(rng, session, rng.choice((OPUS, SOL)))
    yield from session_writes(scene, rng, lines, path)
