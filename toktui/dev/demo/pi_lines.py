"""Sessions as Pi writes them, and those who were made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.dev.demo.scene import Write
from toktui.dev.demo.turns import Answered, Prompted, steps, talk_of
from toktui.dev.imitate.draw import stamp, vendor_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from toktui.dev.demo.scene import Scene
    from toktui.dev.demo.turns import Step

_NANO: Final = 1e-6


class Model(msgspec.Struct, frozen=True):
    """A model as a row names it, with its dollars per million tokens: input, output, cache read and
    cache write."""

    name: str
    provider: str
    api: str
    rates: tuple[float, float, float, float]
    id_prefix: str


class Lines:
    """Writes the rows of one session, which hang on each other."""

    def __init__(self, rng: Random, session: str, model: Model) -> None:
        self._rng = rng
        self._session = session
        self._model = model
        self._last: str | None = None

    def head(self, at_ms: int, cwd: str, **more: Any) -> bytes:
        """The first row."""
        return msgspec.json.encode({
            "type": "session", "version": 3, "id": self._session, "timestamp": stamp(at_ms),
            "cwd": cwd, **more,
        })  # fmt: skip

    def message(self, step: Step) -> bytes:
        """What a step says."""
        if isinstance(step, Answered):
            said = self._answer(step)
        else:
            role = "user" if isinstance(step, Prompted) else "toolResult"
            text = [{"type": "text", "text": step.text}]
            said = {"role": role, "content": text, "timestamp": step.at_ms}
        above, self._last = self._last, f"{self._rng.getrandbits(32):08x}"
        return msgspec.json.encode({
            "type": "message", "id": self._last, "parentId": above, "timestamp": stamp(step.at_ms),
            "message": said,
        })  # fmt: skip

    def _answer(self, step: Answered) -> dict[str, Any]:
        sent, model = step.sent, self._model
        counts = (sent.fresh, step.output, sent.read, sent.written)
        if not model.rates[3]:
            counts = (sent.fresh + sent.written, step.output, sent.read, 0)
        names = ("input", "output", "cacheRead", "cacheWrite")
        dollars = [n * rate * _NANO for n, rate in zip(counts, model.rates, strict=True)]
        cost = {**dict(zip(names, dollars, strict=True)), "total": sum(dollars)}
        usage = {
            **dict(zip(names, counts, strict=True)), "totalTokens": sum(counts), "cost": cost,
        }  # fmt: skip
        return {
            "role": "assistant", "content": [{"type": "text", "text": step.text}],
            "api": model.api, "provider": model.provider, "model": model.name, "usage": usage,
            "stopReason": "toolUse" if step.command else "stop", "timestamp": step.asked_ms,
            "responseId": vendor_id(self._rng, model.id_prefix),
        }  # fmt: skip


def session_writes(scene: Scene, rng: Random, lines: Lines, path: str) -> Iterator[Write]:
    """The whole session in one log."""
    yield Write(scene.starts_ms, path, (lines.head(scene.starts_ms, scene.project),))
    for step in steps(scene, rng, talk_of(rng, shared=4_200)):
        yield Write(step.at_ms, path, (lines.message(step),))


OPUS: Final = Model(
    "claude-opus-5-5", "anthropic", "anthropic-messages", (4.0, 20.0, 0.2, 5.0), "msg_01"
)
SOL: Final = Model("gpt-6.1-sol", "openai", "openai-responses", (2.5, 15.0, 0.125, 0.0), "resp_")
FLASH: Final = Model(
    "openrouter/deepseek/deepseek-v4-flash", "litellm", "openai-completions",
    (0.14, 0.28, 0.028, 0.0), "gen-",
)  # fmt: skip
