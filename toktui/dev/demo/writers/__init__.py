"""One module = how one agent is imitated. Every module here with an `act` is found by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from toktui.dev.demo.scene import Feature, Scene, Write


class Writer(Protocol):
    """What the module of an agent offers."""

    SHARE: float
    """How many of the sessions are this agent's, against the others' shares."""
    FEATURES: dict[Feature, float]
    """What its sessions can do, and how likely one does."""

    def act(self, scene: Scene, rng: Random) -> Iterator[Write]:
        """A session as writes in the order of their times."""
        ...


@cache
def writer_names() -> tuple[str, ...]:
    """Names of the agents that are imitated, as `toktui.agents` spells them."""
    return tuple(sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__)))


@cache
def writer(agent: str) -> Writer:
    """The imitation of an agent; KeyError if there is none."""
    if agent not in writer_names():
        raise KeyError(agent)
    return cast("Writer", importlib.import_module(f"{__name__}.{agent.replace('-', '_')}"))
