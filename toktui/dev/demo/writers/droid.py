"""Droid, imitated: a conversation, and beside it the total of its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.1
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_MODEL: Final = "claude-sonnet-4-6"
_encode: Final = msgspec.json.encode


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session whose total grows."""
    session = uuid(rng)
    path = f".factory/sessions/{scene.project.replace('/', '-')}/{session}"
    total = {
        "inputTokens": 0, "outputTokens": 0, "cacheCreationTokens": 0, "cacheReadTokens": 0,
        "thinkingTokens": 0,
    }  # fmt: skip
    begun = {"type": "session_start", "id": session, "version": 2, "cwd": scene.project}
    yield Write(scene.starts_ms, f"{path}.jsonl", (_encode(begun),))
    for step in steps(scene, rng, talk_of(rng, shared=12_100)):
        role = "assistant" if isinstance(step, Answered) else "user"
        message = {"role": role, "content": [{"type": "text", "text": step.text}]}
        row = {"type": "message", "id": uuid(rng), "timestamp": stamp(step.at_ms),
               "message": message}  # fmt: skip
        yield Write(step.at_ms, f"{path}.jsonl", (_encode(row),))
        if isinstance(step, Answered):
            total["inputTokens"] += step.sent.fresh
            total["outputTokens"] += step.output
            total["cacheCreationTokens"] += step.sent.written
            total["cacheReadTokens"] += step.sent.read
            total["thinkingTokens"] += step.thoughts
            settings = {"model": _MODEL, "providerLock": "anthropic", "tokenUsage": total}
            yield Write(step.at_ms, f"{path}.settings.json", (_encode(settings),), "replace")
