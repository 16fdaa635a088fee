"""Which changes were taken back: by what a message says, or because the tree is as before."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.outcomes.chain import Chain, Commit

REVERT_MS: Final = 7 * DAY_MS


def find_reverts(chain: Chain) -> dict[str, Commit]:
    """Which commits of the chain were taken back within a week, and by which one.

    A commit that was taken back itself takes nothing back.
    """
    commits = chain.commits
    gone: dict[str, Commit] = {}
    for i, taken in reversed(_taken_by_each(chain)):
        by = commits[i]
        if by.hash in gone:
            continue
        for t in taken:
            if by.at_ms - commits[t].at_ms <= REVERT_MS:
                gone.setdefault(commits[t].hash, by)
    return gone


def _taken_by_each(chain: Chain) -> list[tuple[int, set[int]]]:
    """For each place in the chain the places before it that it takes back."""
    names = _Names(chain)
    trees: dict[str, int] = {}
    found: list[tuple[int, set[int]]] = []
    commits = chain.commits
    for i, commit in enumerate(commits):
        taken: set[int] = set()
        for one in (commit, *chain.merged.get(commit.hash, ())):
            taken |= names.taken_back(one)
        back = trees.get(commit.tree)
        if back is not None and back < i - 1 and commits[i - 1].tree != commit.tree:
            taken.update(range(back + 1, i))
        trees[commit.tree] = i
        found.append((i, {t for t in taken if t < i}))
    return found


class _Names:
    """Places in the chain by hashes, whole or abbreviated, and by numbers of pull requests."""

    def __init__(self, chain: Chain) -> None:
        self._places: dict[str, int] = {}
        self._pulls: dict[str, int] = {}
        for i, commit in enumerate(chain.commits):
            for one in (commit, *chain.merged.get(commit.hash, ())):
                self._places.setdefault(one.hash, i)
            if commit.pull:
                self._pulls[commit.pull] = i
        self._sorted: Sequence[str] = sorted(self._places)

    def taken_back(self, commit: Commit) -> set[int]:
        """What a message says that it takes back."""
        found = {self._place(word) for word in commit.reverts}
        found |= {self._pulls.get(number) for number in commit.reverts_pulls}
        return {place for place in found if place is not None}

    def _place(self, word: str) -> int | None:
        at = bisect_left(self._sorted, word)
        if at < len(self._sorted) and self._sorted[at].startswith(word):
            return self._places[self._sorted[at]]
        return None
