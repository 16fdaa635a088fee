"""Commits that an agent's tool ran, as logs tell them: the hash, the time, the session, no text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from toktui.facts import Ran, encode
from toktui.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND_WORD: Final = b"git"
"""Every line that runs such a command holds this."""
MOST_OPEN: Final = 8
"""Commands whose result is awaited at once."""
_LOOKED_AT: Final = 65_536
_MAKES_ONE: Final = re.compile(r"\b(?:commit|merge|cherry-pick|revert|am)\b")
_GIT: Final = re.compile(r"\bgit\b")
_ENDS: Final = "\n|;&"
_REACH: Final = 403
"""Letters between the beginning of `git` and what it is told to do."""
_ANSWER: Final = re.compile(r"^\[[^\]\n]{1,300} ([0-9a-f]{7,40})\] ", re.MULTILINE)


def commits(command: str) -> bool:
    """Whether a command makes a commit: the same one that runs git tells it to."""
    text = command[:_LOOKED_AT]
    for found in _MAKES_ONE.finditer(text):
        start = found.start()
        begin = max(0, start - _REACH)
        for end in _ENDS:
            begin = max(begin, text.rfind(end, begin, start) + 1)
        if text.find("git", begin, start) >= 0 and _GIT.search(text, begin, start):
            return True
    return False


def ran(output: str, session: str, at_ms: int | None) -> tuple[Fact, ...]:
    """A fact for each commit that git says it has made: `[branch abc1234] subject`."""
    names: Iterable[str] = dict.fromkeys(_ANSWER.findall(output[:_LOOKED_AT]))
    return tuple(
        Fact(kind="commit", subject=name, body=encode(Ran(session)), at_ms=at_ms) for name in names
    )
