"""Kimi Code, imitated: wire 2.1, a usage before the end of its step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.15
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1}

_MODEL: Final = "kimi-k3"


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session of the main agent."""
    folder = f"wd_{scene.project.rsplit('/', 1)[-1]}_{rng.getrandbits(48):012x}"
    path = f".kimi-code/sessions/{folder}/session_{uuid(rng)}/agents/main/wire.jsonl"
    yield Write(scene.starts_ms, path, (
        _row("metadata", scene.starts_ms, protocol_version="2.1"),
        _row(
            "profile.bind", scene.starts_ms, agentId="main", modelAlias="k3",
            environmentDisclosure={"cwd": scene.project},
        ),
    ))  # fmt: skip
    for step in steps(scene, rng, talk_of(rng, shared=9_800)):
        if isinstance(step, Answered):
            own = uuid(rng)
            yield Write(step.asked_ms, path, (
                _event("step.begin", step.asked_ms, uuid=own, turnId="0", step=1),
                _row(
                    "llm.request", step.asked_ms, agentId="main", kind="loop", provider="kimi",
                    model=_MODEL, modelAlias="k3",
                ),
            ))  # fmt: skip
            yield Write(step.at_ms, path, _answered(step, own, vendor_id(rng, "chatcmpl-", 24)))
        else:
            role = "user" if isinstance(step, Prompted) else "tool"
            said = {"role": role, "content": [{"type": "text", "text": step.text}]}
            yield Write(
                step.at_ms, path, (_row("context.append_message", step.at_ms, message=said),)
            )


def _answered(step: Answered, own: str, message: str) -> tuple[bytes, ...]:
    usage = {
        "inputOther": step.sent.fresh, "output": step.output, "inputCacheRead": step.sent.read,
        "inputCacheCreation": step.sent.written,
    }  # fmt: skip
    return (
        _row(
            "usage.record", step.at_ms, agentId="main", model="k3", usage=usage, usageScope="turn"
        ),
        _event(
            "step.end", step.at_ms, uuid=own, turnId="0", step=1, usage=usage, messageId=message,
            finishReason="tool_use" if step.command else "end_turn",
        ),
    )  # fmt: skip


def _event(kind: str, at_ms: int, /, **fields: Any) -> bytes:
    return _row("context.append_loop_event", at_ms, event={"type": kind, **fields})


def _row(of: str, at_ms: int, /, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": of, **fields, "time": at_ms})
