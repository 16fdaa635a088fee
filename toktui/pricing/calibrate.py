"""Estimates of what a vendor counted, from what tiktoken counts in the same blocks.

No vendor but OpenAI publishes a tokenizer, and theirs give 1.1 to 1.7 times the tokens of tiktoken.
How many is learned per model from calls whose output is known: the user's own where there are
enough, else from those that `toktui.dev.calibrate` measured. A model that nobody measured gets a
range as wide as all models together, and says so. Nothing is guessed from a model's family.

Of half of the exact calls of real logs, estimated from the other half, the sums are 0.91 to 1.01 of
the truth, model by model, and 71 to 88 % of the calls lie in their range.

    output = ratio x tokens of text and tools
           + TOOL_TOKENS per call of a tool + ARGUMENT_TOKENS per argument of one
           + thinking: the greater of ratio x its visible tokens, sealed x its encrypted characters
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TOOL_TOKENS: Final = 22
"""What the frame of a tool call takes; measured, and much the same for all models of Anthropic."""
ARGUMENT_TOKENS: Final = 21
"""What the frame of one argument takes, its name counted apart."""
SEALED_HEAD: Final = 300
"""Characters of encrypted thinking that hold none of it, per block."""
LEAST_CALLS: Final = 20
"""From how many calls a ratio is learned, and, among them, one for thinking."""
_RATIOS: Final = (0.3, 5.0)
"""A ratio outside of this comes from logs that are not what they seem, and is not learned."""
_SEALED: Final = (0.02, 1.0)
TYPICAL_SEALED: Final = 0.27
"""Tokens of thinking per encrypted character where nothing was learned: 0.2 to 0.29 are known."""
_UNSURE: Final = (0.7, 1.3)
"""How far the estimate of a call with thinking may be off then."""
_WIDEST: Final = 4.0
"""Calls that are further apart than this, as the quotient of their edges, teach nothing."""
_EDGES: Final = (0.1, 0.9)
"""The range of an estimate holds the calls between these quantiles."""
_DATA: Final = Path(__file__).parent / "data" / "calibrations.json"


class Weight(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of a response can be counted. Tokens are tiktoken's, o200k_base."""

    tokens: int = 0
    """Of text, names of tools, names and values of their arguments."""
    tools: int = 0
    arguments: int = 0
    thinking: int = 0
    """Tokens of thinking that the log shows."""
    thoughts: int = 0
    """Blocks of thinking, shown or not."""
    sealed: int = 0
    """Characters of encrypted thinking, without the SEALED_HEAD of each block."""

    @property
    def frames(self) -> int:
        """Tokens around the tools, in the vendor's own count."""
        return TOOL_TOKENS * self.tools + ARGUMENT_TOKENS * self.arguments


class Sample(msgspec.Struct, frozen=True, gc=False):
    """A call whose output is known."""

    weight: Weight
    output: int


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How to estimate the output of one model, and how far that is off: of the calls that it was
    learned from, 8 of 10 had `low` to `high` times the estimate."""

    model: str
    source: Literal["own", "shipped", "unmeasured"]
    ratio: float
    sealed: float
    low: float
    high: float
    low_thinking: float
    """The same for calls with thinking."""
    high_thinking: float
    calls: int
    """From how many calls it was learned."""


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """Tokens of output: the most likely count, and the range that 8 of 10 calls fall into."""

    low: int
    mid: int
    high: int


class _Shipped(msgspec.Struct, frozen=True):
    """`data/calibrations.json`."""

    how: str
    models: tuple[Calibration, ...]


@cache
def shipped() -> Mapping[str, Calibration]:
    """What toktui ships, by the rate book's name of the model."""
    found = msgspec.json.decode(_DATA.read_bytes(), type=_Shipped)
    return {one.model: one for one in found.models}


def unmeasured(model: str) -> Calibration:
    """For a model that nobody measured: anything that a measured one has shown."""
    known = list(shipped().values())
    ratios = sorted(one.ratio for one in known)
    sealed = sorted(one.sealed for one in known)
    ratio = ratios[len(ratios) // 2]
    low, high = ratios[0] / ratio, ratios[-1] / ratio
    return Calibration(
        model=model,
        source="unmeasured",
        ratio=ratio,
        sealed=sealed[len(sealed) // 2],
        low=round(low * min(one.low for one in known), 3),
        high=round(high * max(one.high for one in known), 3),
        low_thinking=round(low * min(one.low_thinking for one in known), 3),
        high_thinking=round(high * max(one.high_thinking for one in known), 3),
        calls=0,
    )


def measured_name(model: str) -> str:
    """The name under which a model of a log is measured; its own where nobody measured it."""
    from toktui.pricing.names import spellings  # noqa: PLC0415  only calls without counts need it

    return next((name for name in spellings(model) if name in shipped()), model)


def calibration_for(model: str, own: Mapping[str, Calibration]) -> Calibration:
    """The user's own, else the shipped one, else the widest range."""
    return own.get(model) or shipped().get(model) or unmeasured(model)


def estimate(by: Calibration, weight: Weight) -> Estimate:
    """The output of a call, reasoning included."""
    mid = _mid(by.ratio, by.sealed, weight)
    thinks = weight.thoughts > 0
    low, high = (by.low_thinking, by.high_thinking) if thinks else (by.low, by.high)
    return Estimate(round(mid * low), round(mid), round(mid * high))


def learn(
    model: str, samples: Sequence[Sample], known: Calibration | None = None
) -> Calibration | None:
    """What the calls say of their model; None if they are too few or contradict all sense.

    `known` is taken for thinking where too few of the calls have it.
    """
    plain = [s for s in samples if not s.weight.thoughts and s.weight.tokens and s.output]
    if len(plain) < LEAST_CALLS:
        return None
    ratio = _median(
        ((s.output - s.weight.frames) / s.weight.tokens, s.weight.tokens**0.5) for s in plain
    )
    if not _RATIOS[0] <= ratio <= _RATIOS[1]:
        return None
    low, high = _spread(ratio, 0.0, plain)
    if high > _WIDEST * low:
        return None
    if known is None:
        sealed, low_thinking, high_thinking = TYPICAL_SEALED, *_UNSURE
    else:
        sealed, low_thinking, high_thinking = known.sealed, known.low_thinking, known.high_thinking
    thinking = [s for s in samples if s.weight.sealed and s.output]
    if len(thinking) >= LEAST_CALLS:
        sealed = _median(
            ((s.output - _mid(ratio, 0, s.weight)) / s.weight.sealed, s.weight.sealed)
            for s in _without_visible(thinking)
        )
        if not _SEALED[0] <= sealed <= _SEALED[1]:
            return None
        low_thinking, high_thinking = _spread(ratio, sealed, thinking)
    return Calibration(
        model=model,
        source="own",
        ratio=round(ratio, 4),
        sealed=round(sealed, 4),
        low=low,
        high=high,
        low_thinking=min(low, low_thinking),
        high_thinking=max(high, high_thinking),
        calls=len(plain) + (len(thinking) if len(thinking) >= LEAST_CALLS else 0),
    )


def _mid(ratio: float, sealed: float, weight: Weight) -> float:
    thinking = max(ratio * weight.thinking, sealed * weight.sealed)
    return ratio * weight.tokens + weight.frames + thinking


def _without_visible(samples: Iterable[Sample]) -> Iterable[Sample]:
    """The samples as if the log showed no thinking: it shows a summary of it."""
    for s in samples:
        yield Sample(msgspec.structs.replace(s.weight, thinking=0), s.output)


def _spread(ratio: float, sealed: float, samples: Sequence[Sample]) -> tuple[float, float]:
    """By how much the outputs differ from their estimates; the estimate itself is inside."""
    off = sorted(s.output / max(1.0, _mid(ratio, sealed, s.weight)) for s in samples)
    low, high = (off[round(edge * (len(off) - 1))] for edge in _EDGES)
    return round(min(low, 1.0), 3), round(max(high, 1.0), 3)


def _median(weighed: Iterable[tuple[float, float]]) -> float:
    """The value with half of the weight on each side."""
    pairs = sorted(weighed)
    half = sum(weight for _, weight in pairs) / 2
    for value, weight in pairs:
        half -= weight
        if half <= 0:
            return value
    raise ValueError("no values")
