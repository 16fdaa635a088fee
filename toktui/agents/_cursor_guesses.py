"""Which turns of a conversation that Cursor keeps as text are told elsewhere, and so not counted.

Of a turn that is only text nobody knows which generation it was: the hook, the database and the
text share the conversation's id and nothing below it. So a whole stretch of time is told, never a
turn, and what is in doubt is told:

Database   has all turns of its conversations: it tells of every turn of them
Hook       tells from its first turn on: that one began before it ended, and the next one after.
           A turn between two that it told belongs to the later one, whether it had missed it or
           the text has in two pieces what was one turn
Sub-agent  nobody knows whether what it used is in the turn that started it: who counted that turn,
           tells of its sub-agents; who only has its text, does not
Texts      of one conversation, the transcript goes before the chat, the chat before the old text
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents._cursor_spool import FROM_HOOK
from toktui.clock import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TRANSCRIPT: Final = -2
CHAT: Final = -1
PLAIN: Final = -3
"""Grades of guesses. A chat has thoughts and names a model, so that its numbers are the best; a
transcript has all turns, so that it decides which there were."""
_FULLEST: Final = (TRANSCRIPT, CHAT, PLAIN)


class Report(msgspec.Struct, frozen=True, gc=False):
    """What all logs of one kind say of one key: a guess, or a turn that was told.

    Times are the first and the last of them; a prompt's is cut to its minute.
    """

    key: str
    first_ms: int
    last_ms: int
    grade: int
    guess: bool
    dated: bool = True
    """Its time is its own."""


def told_elsewhere(own: Sequence[Report], above: Sequence[Report]) -> Mapping[str, str]:
    """The key of the call that each guess is put under, where it is not counted.

    `own` are the reports of a conversation, `above` those of the ones that started it.
    """
    guesses = sorted((r for r in own if r.guess), key=_by_time)
    here = _Told((r for r in own if not r.guess), guesses)
    counted = (r for r in above if not r.guess and r.grade >= 0)
    there = _Told(counted, [r for r in above if r.guess])
    found = {g.key: key for g in guesses if (key := here.of(g) or there.of(g))}
    fullest = min((_FULLEST.index(g.grade) for g in guesses), default=0)
    full = [g for g in guesses if _FULLEST.index(g.grade) == fullest]
    for guess in guesses:
        if guess.key not in found and _FULLEST.index(guess.grade) > fullest:
            near = next((g for g in full if g.first_ms >= guess.first_ms), full[-1])
            found[guess.key] = found.get(near.key, near.key)
    return found


def _by_time(report: Report) -> tuple[int, str]:
    return report.first_ms, report.key


class _Told:
    """The turns of a conversation that were told, and from when on."""

    def __init__(self, told: Iterable[Report], guesses: Sequence[Report]) -> None:
        self._told = sorted(told, key=lambda r: (r.last_ms, r.key))
        self._ends = [r.last_ms for r in self._told]
        self._whole = any(r.grade != FROM_HOOK for r in self._told)
        self._from_ms = self._begin(guesses) if self._told else 0

    def _begin(self, guesses: Sequence[Report]) -> int:
        """When the first turn that was told can have begun: the one behind it did not before the
        end of the first."""
        fullest = min((_FULLEST.index(g.grade) for g in guesses), default=0)
        begins = sorted(
            g.first_ms for g in guesses if g.dated and _FULLEST.index(g.grade) == fullest
        )
        for begin, after in pairwise(begins):
            if after + MINUTE_MS > self._ends[0]:
                return begin
        return begins[-1] if begins else 0

    def of(self, guess: Report) -> str:
        """The key of the turn that a guess is put under; empty where it is not told."""
        if not self._told:
            return ""
        outside = guess.first_ms > self._ends[-1] or guess.first_ms < self._from_ms
        if outside and guess.dated and not self._whole:
            return ""
        return self._told[min(bisect_left(self._ends, guess.first_ms), len(self._told) - 1)].key
