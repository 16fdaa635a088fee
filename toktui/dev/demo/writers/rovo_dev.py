"""Rovo Dev, imitated: sessions that are written anew as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.06
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1}

_MODEL: Final = "claude-sonnet-4-5-20250929"


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session whose history grows by a request and a response at a time."""
    name = str(uuid7(rng, scene.starts_ms))
    path = f".rovodev/sessions/{name}/session_context.json"
    history: list[dict[str, Any]] = []
    session = {
        "id": name, "timestamp": scene.starts_ms // 1_000, "workspace_path": scene.project,
        "message_history": history,
    }  # fmt: skip
    for step in steps(scene, rng, talk_of(rng, shared=9_400)):
        if isinstance(step, Answered):
            history.append(_response(step, rng))
        else:
            kind = "user-prompt" if isinstance(step, Prompted) else "tool-return"
            parts = [{"part_kind": kind, "content": step.text}]
            history.append({"kind": "request", "parts": parts})
        yield Write(step.at_ms, path, (msgspec.json.encode(session),), "replace")


def _response(step: Answered, rng: Random) -> dict[str, Any]:
    sent = step.sent
    return {
        "kind": "response", "model_name": _MODEL, "provider_name": "anthropic",
        "provider_response_id": f"msg_vrtx_01{rng.getrandbits(88):022x}",
        "timestamp": stamp(step.at_ms), "parts": [{"part_kind": "text", "content": step.text}],
        "usage": {
            "input_tokens": sent.total, "output_tokens": step.output,
            "cache_write_tokens": sent.written, "cache_read_tokens": sent.read,
            "details": {
                "input_tokens": sent.fresh, "output_tokens": step.output,
                "cache_creation_input_tokens": sent.written, "cache_read_input_tokens": sent.read,
            },
        },
    }  # fmt: skip
