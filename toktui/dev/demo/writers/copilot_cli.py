"""GitHub Copilot CLI, imitated: a build with a record per response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Feature, Scene, Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, uuid, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SHARE: Final = 0.3
FEATURES: Final[dict[Feature, float]] = {"cold": 0.1, "ledger": 0.6}

_MODELS: Final = ("gpt-6.1-sol", "claude-opus-5-5")
_VERSION: Final = "1.0.102"
_COUNTS: Final = (
    "inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "reasoningTokens",
)  # fmt: skip
_ASIDE: Final = (900, 0, 0, 14, 0)
"""A title, which only the sums at the end know."""


def act(scene: Scene, rng: Random) -> Iterator[Write]:
    """A session; a client that is closed sums it up."""
    return _Session(scene, rng).run()


class _Session:
    def __init__(self, scene: Scene, rng: Random) -> None:
        self._scene = scene
        self._rng = rng
        self._id = uuid(rng)
        self._path = f".copilot/session-state/{self._id}/events.jsonl"
        self._model = rng.choice(_MODELS)
        self._last: str | None = None
        self._at_ms = scene.starts_ms
        self._sums = list(_ASIDE)
        self._responses = 1

    def _write(self, at_ms: int, *events: tuple[str, dict[str, Any]]) -> Write:
        self._at_ms = at_ms
        rows: list[bytes] = []
        for kind, data in events:
            above, self._last = self._last, uuid(self._rng)
            rows.append(msgspec.json.encode({
                "type": kind, "data": data, "id": self._last, "timestamp": stamp(at_ms),
                "parentId": above,
            }))  # fmt: skip
        return Write(at_ms, self._path, tuple(rows))

    def run(self) -> Iterator[Write]:
        """The whole session."""
        scene = self._scene
        where = {"cwd": scene.project, "gitRoot": scene.project, "branch": scene.branch}
        yield self._write(scene.starts_ms, ("session.start", {
            "sessionId": self._id, "version": 1, "producer": "copilot-agent",
            "copilotVersion": _VERSION, "selectedModel": self._model, "context": where,
        }))  # fmt: skip
        for step in steps(scene, self._rng, talk_of(self._rng, shared=11_400)):
            if isinstance(step, Answered):
                yield self._answered(step)
            elif isinstance(step, Prompted):
                yield self._write(step.at_ms, ("user.message", {"content": step.text}))
            else:
                done = {"success": True, "result": {"content": step.text}}
                yield self._write(step.at_ms, ("tool.execution_complete", done))
        if "ledger" in scene.features:
            yield self._summed_up()

    def _answered(self, step: Answered) -> Write:
        written = step.sent.written if self._model.startswith("claude") else 0
        counts = (step.sent.total, step.sent.read, written, step.output, step.thoughts)
        self._sums = [a + b for a, b in zip(self._sums, counts, strict=True)]
        self._responses += 1
        call = vendor_id(self._rng, "resp_", 32)
        usage = {
            "model": self._model, **dict(zip(_COUNTS, counts, strict=True)), "cost": 1,
            "initiator": "user", "isByok": False, "apiCallId": call,
            "accounting": {
                "sourceSessionId": self._id, "sequence": self._responses, "usageId": call,
            },
        }  # fmt: skip
        said: dict[str, Any] = {
            "messageId": uuid(self._rng), "model": self._model, "content": step.text,
            "toolRequests": [], "outputTokens": step.output, "apiCallId": call,
        }  # fmt: skip
        return self._write(
            step.at_ms, ("session.usage_record", {"usage": usage}), ("assistant.message", said)
        )

    def _summed_up(self) -> Write:
        metrics = {
            "requests": {"count": self._responses, "cost": 1},
            "usage": dict(zip(_COUNTS, self._sums, strict=True)),
        }  # fmt: skip
        return self._write(self._at_ms + 1_500, ("session.shutdown", {
            "shutdownType": "routine", "totalPremiumRequests": self._responses,
            "sessionStartTime": self._scene.starts_ms, "modelMetrics": {self._model: metrics},
        }))  # fmt: skip
