"""Amp, imitated: threads that are kept on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.12
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_MODEL: Final = "claude-opus-4-6"


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A thread, written anew with each message."""
    name = f"T-{uuid7(rng, scene.starts_ms)}"
    path = f".local/share/amp/threads/{name}.json"
    messages: list[dict[str, Any]] = []
    tree = {
        "displayName": scene.project.rsplit("/", 1)[-1], "uri": f"file://{scene.project}",
        "repository": {"type": "git", "ref": f"refs/heads/{scene.branch}"},
    }  # fmt: skip
    thread = {
        "v": 0, "id": name, "created": scene.starts_ms, "messages": messages,
        "env": {"initial": {"trees": [tree]}},
    }  # fmt: skip
    for step in steps(scene, rng, talk_of(rng, shared=10_600)):
        message: dict[str, Any] = {"role": "user", "messageId": len(messages), "content": []}
        if isinstance(step, Answered):
            sent = step.sent
            message["role"] = "assistant"
            message["usage"] = {
                "model": _MODEL, "timestamp": stamp(step.at_ms), "maxInputTokens": 168_000,
                "inputTokens": sent.fresh, "outputTokens": step.output,
                "cacheCreationInputTokens": sent.written, "cacheReadInputTokens": sent.read,
                "totalInputTokens": sent.total,
            }  # fmt: skip
        elif isinstance(step, Prompted):
            message["content"] = [{"type": "text", "text": step.text}]
        messages.append(message)
        thread["v"] = len(messages)
        yield Write(step.at_ms, path, (msgspec.json.encode(thread),), "replace")
