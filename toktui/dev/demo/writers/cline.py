"""Cline, imitated: the extension, whose task is a document that grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.25
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_STORAGE: Final = ".config/Code/User/globalStorage/saoudrizwan.claude-dev"
_MODELS: Final = ("claude-sonnet-4-6", "claude-opus-4-6")
_encode: Final = msgspec.json.encode


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A task: a request is written when it is sent, and filled in when its answer has ended."""
    path = f"{_STORAGE}/tasks/{scene.starts_ms + rng.randrange(1000)}/ui_messages.json"
    told = {"providerId": "anthropic", "modelId": rng.choice(_MODELS), "mode": "act"}
    messages: list[dict[str, Any]] = []
    for step in steps(scene, rng, talk_of(rng, shared=15_200)):
        if isinstance(step, Prompted):
            messages.append({"ts": step.at_ms, "type": "say", "say": "task", "text": step.text})
        elif isinstance(step, Answered):
            asked: dict[str, Any] = {
                "request": f"# Current Working Directory ({scene.project}) Files\n",
            }
            message = {
                "ts": step.asked_ms + 1, "type": "say", "say": "api_req_started",
                "text": _encode(asked).decode(), "modelInfo": told,
            }  # fmt: skip
            messages.append(message)
            yield Write(step.asked_ms + 1, path, (_encode(messages),), "replace")
            sent = step.sent
            asked |= {
                "tokensIn": sent.fresh, "tokensOut": step.output, "cacheReads": sent.read,
                "cacheWrites": sent.written, "cost": 0,
            }  # fmt: skip
            message["text"] = _encode(asked).decode()
            messages.append({"ts": step.at_ms, "type": "say", "say": "text", "text": step.text})
        yield Write(max(step.at_ms, messages[-1]["ts"]), path, (_encode(messages),), "replace")
