"""Who works when: the sessions of some weeks, and those that are open now."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

import msgspec

from toktui.dev.demo import words
from toktui.dev.demo.scene import Feature, Scene
from toktui.dev.demo.writers import writer, writer_names

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
OPEN: Final = 6
"""Sessions that are open at once: of the busiest agents one each, and one more."""
_WORKDAYS: Final = 5
_OPENED_BEFORE_MS: Final = tuple(m * 60_000 for m in (4, 12, 26, 48, 19, 8))


def history(seed: int, now_ms: int, weeks: int) -> list[Scene]:
    """Sessions that begin in the weeks before now and end by themselves, the first first."""
    scenes: list[Scene] = []
    today = now_ms // DAY_MS
    for day in range(today - weeks * 7, today + 1):
        rng = Random(f"day {seed} {day}")
        for number in range(_sessions_of(day, rng)):
            starts_ms = day * DAY_MS + int(_hour(rng) * HOUR_MS)
            turns = 2 + int(rng.expovariate(0.25))
            scene = _scene(f"{seed} {day} {number}", starts_ms, turns=turns)
            if starts_ms < now_ms - HOUR_MS:
                scenes.append(scene)
    return _with_every_feature(_with_every_agent(scenes))


def open_now(seed: int, now_ms: int) -> list[Scene]:
    """Sessions without end that began a while ago, each in a project of its own: somebody sits at
    each of them."""
    rng = Random(f"open {seed}")
    places = rng.sample(words.PROJECTS, OPEN)
    scenes: list[Scene] = []
    for i, (agent, before) in enumerate(zip(_busiest(OPEN), _OPENED_BEFORE_MS, strict=True)):
        scene = _scene(f"{seed} open {i}", now_ms - before, turns=None, agent=agent)
        project, branches = places[i]
        branch = rng.choice(branches)
        scenes.append(msgspec.structs.replace(scene, project=project, branch=branch))
    return scenes


def later(seed: int, number: int, starts_ms: int) -> Scene:
    """Another session, which begins while one watches and ends after some turns."""
    rng = Random(f"later {seed} {number}")
    return _scene(f"{seed} later {number}", starts_ms, turns=2 + rng.randrange(6))


def _sessions_of(day: int, rng: Random) -> int:
    """The epoch was a Thursday."""
    weekday = (day + 3) % 7
    return rng.randrange(4, 9) if weekday < _WORKDAYS else rng.choice((0, 0, 1, 2))


def _hour(rng: Random) -> float:
    """Mornings and afternoons, few evenings."""
    about, spread = rng.choice(((9.8, 1.1), (14.6, 1.6), (20.0, 1.0)))
    return min(23.0, max(6.0, rng.gauss(about, spread)))


def _scene(seed: str, starts_ms: int, *, turns: int | None, agent: str = "") -> Scene:
    rng = Random(f"scene {seed}")
    names = writer_names()
    name = agent or rng.choices(names, [writer(n).SHARE for n in names])[0]
    project, branches = rng.choices(words.PROJECTS, [6, 5, 3, 2, 1, 1])[0]
    chances = writer(name).FEATURES
    features: set[Feature] = set()
    for feature, chance in chances.items():
        if rng.random() < chance and (turns is not None or feature == "search"):
            features.add(feature)
    if turns is None:
        features.add("agents")
    return Scene(name, seed, project, rng.choice(branches), starts_ms, turns, frozenset(features))


def _with_every_agent(scenes: list[Scene]) -> list[Scene]:
    """The same sessions; an agent that chance has left out takes one of the busiest one's."""
    for name in writer_names():
        at_work = Counter(scene.agent for scene in scenes)
        if name in at_work or not at_work:
            continue
        (busiest, count), *_ = at_work.most_common(1)
        own = [i for i, scene in enumerate(scenes) if scene.agent == busiest]
        i = own[count // 2]
        scenes[i] = msgspec.structs.replace(scenes[i], agent=name, features=frozenset())
    return scenes


def _with_every_feature(scenes: list[Scene]) -> list[Scene]:
    """The same sessions; a feature that chance has left out is given to one of them."""
    for name in writer_names():
        own = [i for i, scene in enumerate(scenes) if scene.agent == name]
        has = {feature for i in own for feature in scenes[i].features}
        missing = [feature for feature in writer(name).FEATURES if feature not in has]
        for i, feature in zip(own, missing, strict=False):
            s = scenes[i]
            scenes[i] = msgspec.structs.replace(
                s, turns=max(s.turns or 0, 5), features=s.features.union((feature,))
            )
    return scenes


def _busiest(count: int) -> list[str]:
    """The agents with the largest shares, the very first once more at the end."""
    names = sorted(writer_names(), key=lambda n: -writer(n).SHARE)
    return [*names[: count - 1], names[0]]
