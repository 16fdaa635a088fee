"""How a conversation grows: what is read from the cache, written to it, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.dev.imitate.draw import Spread

if TYPE_CHECKING:
    from random import Random

WRITES: Final = Spread(
    (0.05, 128), (0.25, 319), (0.5, 630), (0.75, 1435), (0.9, 3577), (0.99, 24e3)
)
OUTPUT: Final = Spread((0.05, 40), (0.25, 110), (0.5, 230), (0.75, 480), (0.9, 1119), (0.99, 4854))
PAUSE_MS: Final = Spread((0.05, 6e3), (0.3, 25e3), (0.6, 70e3), (0.9, 260e3), (0.99, 1.5e6))
"""Between an answer and the next prompt of the user."""
TOOL_MS: Final = Spread((0.05, 90), (0.5, 900), (0.8, 4e3), (0.95, 20e3), (1, 70e3))
SHORT_MS: Final = 300_000
_TOKENS_PER_S: Final = 70


class Prompt(msgspec.Struct, frozen=True):
    """What one response was sent."""

    fresh: int
    read: int
    written: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.fresh + self.read + self.written


class Talk:
    """One conversation with one model. `shared` is what other conversations keep in the cache."""

    def __init__(self, rng: Random, *, shared: int, first: int, longest: int, life_ms: int) -> None:
        self._rng = rng
        self._shared = shared
        self._longest = longest
        self._life_ms = life_ms
        self._cached = shared
        self._next = shared + first
        self._last_ms = 0

    def prompt(self, at_ms: int) -> Prompt:
        """The next prompt, sent at that time."""
        if self._last_ms and at_ms - self._last_ms > self._life_ms:
            self._cached = self._shared
        fresh = self._rng.choice((1, 1, 1, 2, 3, 6))
        sent = Prompt(fresh, self._cached, self._next - self._cached)
        self._cached, self._last_ms = self._next, at_ms
        return sent

    def answered(self, output: int, ends_ms: int) -> int:
        """The answer, and what a tool gives back, are in the next prompt; gives the tokens of the
        latter."""
        given = WRITES.draw(self._rng)
        self._next = self._cached + output + given
        self._last_ms = ends_ms
        return given

    @property
    def long_lived(self) -> bool:
        """Whether its cache lives longer than the vendors' short time."""
        return self._life_ms > SHORT_MS

    @property
    def full(self) -> bool:
        """Whether the client would summarise now."""
        return self._next > self._longest

    @property
    def size(self) -> int:
        """Tokens that the next prompt has at least."""
        return self._next

    def compacted(self) -> int:
        """Only a summary is left; gives its tokens."""
        self._cached = self._shared
        self._next = self._shared + 6_000 + self._rng.randrange(9_000)
        return self._next - self._shared


def latency_ms(rng: Random, output: int) -> int:
    """How long a response takes."""
    return int(900 + rng.random() * 2_200 + output * 1000 / _TOKENS_PER_S)
