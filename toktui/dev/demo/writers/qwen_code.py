"""Qwen Code, imitated: a build that writes telemetry beside the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.12
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1}

_MODEL: Final = "deepseek-v4-flash"


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session; every response stands in it twice."""
    session = uuid(rng)
    folder = "".join(c if c.isalnum() else "-" for c in scene.project)
    path = f".qwen/projects/{folder}/chats/{session}.jsonl"
    parent: str | None = None

    def row(at_ms: int, kind: str, **fields: Any) -> bytes:
        nonlocal parent
        above, parent = parent, uuid(rng)
        return msgspec.json.encode({
            "uuid": parent, "parentUuid": above, "sessionId": session, "timestamp": stamp(at_ms),
            "type": kind, "cwd": scene.project, "version": "0.15.10", "gitBranch": scene.branch,
            **fields,
        })  # fmt: skip

    for step in steps(scene, rng, talk_of(rng, shared=12_400)):
        if isinstance(step, Answered):
            sent, output = step.sent, step.output
            report = {
                "event.name": "qwen-code.api_response", "event.timestamp": stamp(step.at_ms),
                "response_id": vendor_id(rng, "chatcmpl-", 28), "model": _MODEL,
                "duration_ms": step.at_ms - step.asked_ms, "input_token_count": sent.total,
                "output_token_count": output, "cached_content_token_count": sent.read,
                "thoughts_token_count": step.thoughts, "total_token_count": sent.total + output,
            }  # fmt: skip
            usage = {
                "promptTokenCount": sent.total, "candidatesTokenCount": output,
                "thoughtsTokenCount": step.thoughts, "totalTokenCount": sent.total + output,
                "cachedContentTokenCount": sent.read,
            }  # fmt: skip
            said = {"role": "model", "parts": [{"text": step.text}]}
            rows = (
                row(
                    step.at_ms, "system", subtype="ui_telemetry", systemPayload={"uiEvent": report}
                ),
                row(step.at_ms, "assistant", model=_MODEL, message=said, usageMetadata=usage),
            )
        else:
            kind = "user" if isinstance(step, Prompted) else "tool_result"
            rows = (row(step.at_ms, kind, message={"role": "user", "parts": [step.text]}),)
        yield Write(step.at_ms, path, rows)
