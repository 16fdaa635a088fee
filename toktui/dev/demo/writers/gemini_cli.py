"""Gemini CLI, imitated: a build that appends lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, Step, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.35
FEATURES: Final[dict[Feature, float]] = {"cold": 0.15}

_MODELS: Final = ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview", "gemini-3-flash-preview")
_encode: Final = msgspec.json.encode


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session; a message is written again when its tool has answered."""
    session, model = uuid(rng), rng.choice(_MODELS)
    talk = talk_of(rng, shared=11_800, longest=190_000)
    minute = stamp(scene.starts_ms)[:16].replace(":", "-")
    folder = scene.project.rsplit("/", 1)[-1]
    path = f".gemini/tmp/{folder}/chats/session-{minute}-{session[:8]}.jsonl"
    begins = stamp(scene.starts_ms)
    place = f".gemini/tmp/{folder}/.project_root"
    yield Write(scene.starts_ms, place, (scene.project.encode(),), "replace")
    yield Write(scene.starts_ms, path, (_encode({
        "sessionId": session, "projectHash": f"{rng.getrandbits(256):064x}", "startTime": begins,
        "lastUpdated": begins, "kind": "main",
    }),))  # fmt: skip
    answered: tuple[Answered, str] | None = None
    for step in steps(scene, rng, talk):
        if isinstance(step, Answered):
            answered = step, uuid(rng)
            rows: tuple[bytes, ...] = (_message(*answered, model),)
        elif isinstance(step, Prompted):
            rows = (_asked(step, uuid(rng)),)
        elif answered is not None:
            rows = (_message(*answered, model, shown=getattr(step, "text", "")),)
        else:
            continue
        update = _encode({"$set": {"lastUpdated": stamp(step.at_ms)}})
        yield Write(step.at_ms, path, (*rows, update))


def _asked(step: Step, message: str) -> bytes:
    return _encode({
        "id": message, "timestamp": stamp(step.at_ms), "type": "user",
        "content": getattr(step, "text", ""),
    })  # fmt: skip


def _message(answer: Answered, message: str, model: str, *, shown: str | None = None) -> bytes:
    """A message; `shown` is what its tool has given back."""
    prompt, spoken = answer.sent.total, answer.output - answer.thoughts
    calls = [{
        "id": f"run_shell_command-{answer.at_ms}", "name": "run_shell_command",
        "args": {"command": answer.command}, "status": "success",
        "result": [{"functionResponse": {
            "id": f"run_shell_command-{answer.at_ms}", "name": "run_shell_command",
            "response": {"output": shown},
        }}],
    }]  # fmt: skip
    return _encode({
        "id": message, "timestamp": stamp(answer.at_ms), "type": "gemini", "content": answer.text,
        "thoughts": [],
        "tokens": {
            "input": prompt, "output": spoken, "cached": answer.sent.read,
            "thoughts": answer.thoughts, "tool": 0, "total": prompt + answer.output,
        },
        "model": model, **({} if shown is None else {"toolCalls": calls}),
    })  # fmt: skip
