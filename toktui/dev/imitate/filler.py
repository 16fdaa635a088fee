"""Text without meaning, of the texture of tool results: words, lines, quotes, some non-ASCII."""

from __future__ import annotations

from random import Random
from typing import Final

_LETTERS: Final = "etaoinshrdlucmfwypvbgkjqxz_"
_GLUE: Final = ("\n", '"', "\t", ": ", " -> ", "/", "\\", "(", ") ", "界", "é", " | ", "0.0", ".py")
_WEIGHTS: Final = (30, 14, 8, 9, 4, 30, 3, 8, 8, 0.3, 0.3, 3, 8, 5)
_WORDS: Final = 2_000
_POOL: Final = 4 << 20


class Filler:
    """A pool of text to cut pieces from."""

    def __init__(self, seed: int = 0, size: int = _POOL) -> None:
        rng = Random(f"filler {seed}")
        words = [
            "".join(rng.choices(_LETTERS, k=rng.choice((2, 3, 4, 5, 6, 7, 9, 12))))
            for _ in range(_WORDS)
        ]
        parts: list[str] = []
        length = 0
        while length < size:
            run = rng.choices(words, k=64)
            glue = rng.choices(_GLUE, _WEIGHTS, k=64)
            text = "".join(
                word + (glue[i] if i % 8 else " ") for i, word in enumerate(run)
            )
            parts.append(text)
            length += len(text)
        self._text = "".join(parts)
        self._size = len(self._text)

    def cut(self, rng: Random, length: int) -> str:
        """About `length` bytes of JSON text; longer than the pool it repeats."""
        shown = max(1, int(length * 0.95))
        if shown >= self._size:
            return (self._text * (shown // self._size + 1))[:shown]
        start = rng.randrange(self._size - shown)
        return self._text[start : start + shown]
