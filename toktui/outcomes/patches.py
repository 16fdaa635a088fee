"""Patches as one word each: equal for the same change, wherever and whenever it was committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.outcomes.git import PLAIN_DIFF, Git, GitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AT_ONCE: Final = 100
_TIMEOUT_S: Final = 20.0


class Patches:
    """Asks git for what is not known yet; `used` is what is worth to be known the next time."""

    def __init__(self, git: Git, known: Mapping[str, str]) -> None:
        self._git = git
        self._known = known
        self.used: dict[str, str] = {}

    def of_commits(self, hashes: Sequence[str]) -> dict[str, str]:
        """The patch of each commit against its parent. A merge has none."""
        return self._of({name: name for name in hashes})

    def of_branches(self, bases: Mapping[str, str]) -> dict[str, str]:
        """The patch of each commit against another, the base beside it."""
        return self._of({name: f"{name} {base}" for name, base in bases.items()})

    def _of(self, asked: Mapping[str, str]) -> dict[str, str]:
        new = [line for line in asked.values() if line not in self._known]
        for start in range(0, len(new), _AT_ONCE):
            self.used |= _ask(self._git, new[start : start + _AT_ONCE])
        for line in asked.values():
            if line in self._known:
                self.used[line] = self._known[line]
        return {name: patch for name, line in asked.items() if (patch := self.used.get(line, ""))}


def _ask(git: Git, lines: Sequence[str]) -> dict[str, str]:
    """What was asked, with the patch; empty where git says none, so that it is not asked again."""
    try:
        said = git.ask_through(
            ("diff-tree", "--stdin", "--root", "-p", *PLAIN_DIFF),
            ("patch-id", "--stable"),
            said="".join(f"{line}\n" for line in lines).encode(),
            timeout_s=_TIMEOUT_S,
        )
    except GitError:
        if len(lines) < 2:
            return {}
        middle = len(lines) // 2
        return _ask(git, lines[:middle]) | _ask(git, lines[middle:])
    pairs = (line.split() for line in said.decode("ascii", "replace").splitlines())
    patches = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
    return {line: patches.get(line.partition(" ")[0], "") for line in lines}
