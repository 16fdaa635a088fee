"""A plain session, step by step: what every agent does, whatever its rows look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.dev.demo import words
from toktui.dev.demo.talk import OUTPUT, PAUSE_MS, TOOL_MS, Prompt, Talk, latency_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from toktui.dev.demo.scene import Scene

_COLD_MS: Final = 4_000_000


class Prompted(NamedTuple):
    """The user asks."""

    at_ms: int
    text: str


class Answered(NamedTuple):
    """The model has answered. `command` is what its tool runs, empty where the turn ends."""

    asked_ms: int
    at_ms: int
    sent: Prompt
    output: int
    thoughts: int
    """Of which `output`."""
    text: str
    command: str


class Returned(NamedTuple):
    """The tool has given something back."""

    at_ms: int
    text: str


Step = Prompted | Answered | Returned


def talk_of(rng: Random, *, shared: int, longest: int = 180_000, life_ms: int = 300_000) -> Talk:
    """A conversation whose agent sends `shared` tokens of instructions and tools."""
    first = 2_000 + rng.randrange(7_000)
    return Talk(rng, shared=shared, first=first, longest=longest, life_ms=life_ms)


def steps(scene: Scene, rng: Random, talk: Talk) -> Iterator[Step]:
    """A session in the order of its times, as long as the scene has turns."""
    at_ms = scene.starts_ms
    turn = given = 0
    while scene.turns is None or turn < scene.turns:
        turn += 1
        asked = rng.choice(words.PROMPTS)
        pasted = f"\n{words.passage(given, at_ms)}" if scene.in_full and given else ""
        yield Prompted(at_ms, asked + pasted)
        rounds = 1 + min(int(rng.expovariate(0.16)), 24)
        for number in range(rounds):
            last = number == rounds - 1
            answer, given = _answer(rng, talk, at_ms, last=last)
            if scene.in_full:
                said = words.passage(answer.output - answer.thoughts, answer.at_ms)
                answer = answer._replace(text=said)
            yield answer
            at_ms = answer.at_ms
            if not last:
                at_ms += TOOL_MS.draw(rng)
                shown = rng.choice(words.RESULTS)
                yield Returned(at_ms, words.passage(given, at_ms) if scene.in_full else shown)
            if talk.full:
                talk.compacted()
        at_ms += PAUSE_MS.draw(rng)
        if "cold" in scene.features and turn % 5 == 4:
            at_ms += _COLD_MS + rng.randrange(_COLD_MS)


def _answer(rng: Random, talk: Talk, asked_ms: int, *, last: bool) -> tuple[Answered, int]:
    """An answer, and how many tokens what follows it has."""
    sent = talk.prompt(asked_ms)
    output = OUTPUT.draw(rng)
    ends_ms = asked_ms + latency_ms(rng, output)
    given = talk.answered(output, ends_ms)
    thoughts = output // 3 if rng.random() < 0.5 else 0
    command = "" if last else rng.choice(words.COMMANDS)[1]
    text = rng.choice(words.REPLIES)
    return Answered(asked_ms, ends_ms, sent, output, thoughts, text, command), given
