"""Which sessions made a landed change, each link with its reason.

*Exact*: the session ran the commit, and it, or what became of it, landed. *Inferred*: repository,
branch, author and time agree. Otherwise none: what is not known stays unattributed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import DAY_MS, HOUR_MS, MINUTE_MS
from toktui.store.shares import EXACT as EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from toktui.outcomes.landed import Change

ExactReason = Literal["committed", "merged", "same_patch", "squashed"]
InferredReason = Literal["branch", "time", "time_only", "only_branch", "spawned"]
Reason = Literal[ExactReason, InferredReason]

REASONS: Final[Mapping[str, str]] = {
    "committed": "it ran the commit that landed",
    "merged": "it ran a commit that was merged",
    "same_patch": "a commit it ran landed, rebased or picked",
    "squashed": "it ran a commit that was squashed into it",
    "branch": "it worked on the branch that was merged",
    "time": "it worked on that branch at that time",
    "time_only": "it worked there then; no branch is logged",
    "spawned": "a session that made it started this one",
    "only_branch": "for three days only its branch was at work",
}
"""By what a link was made, as a part of a sentence about the session."""

BEFORE_MS: Final = HOUR_MS
"""How long before a commit the work on it can be."""
AFTER_MS: Final = 10 * MINUTE_MS
BRANCH_BEFORE_MS: Final = DAY_MS
SQUASH_BEFORE_MS: Final = 3 * DAY_MS
NO_PARENTS: Final[Mapping[int, int]] = {}
STEP_MS: Final = 15 * MINUTE_MS
"""The grain in which it is known when a session worked."""


class Stay(msgspec.Struct, frozen=True):
    """A session at work on a branch (empty: not logged) of a repository."""

    session: int
    branch: str
    quarters: frozenset[int]
    """Quarter hours since 1970 with a call in them."""


class Link(msgspec.Struct, frozen=True, order=True):
    """A session and a change that it made, and why we say so."""

    session: int
    change: str
    reason: Reason


def link(
    changes: Sequence[Change],
    stays: Sequence[Stay],
    ran: Iterable[Link],
    default_branch: str,
    parents: Mapping[int, int] = NO_PARENTS,
) -> list[Link]:
    """All links of a repository, one for each session and change, in one order.

    `ran` are the exact ones. An inference from time alone yields to them. `parents` are the
    sessions that started others: what makes a change makes it with the help of these.
    """
    found: dict[tuple[int, str], Link] = {}
    for exact in sorted(ran, key=lambda one: (one.session, one.change, EXACT.index(one.reason))):
        found.setdefault((exact.session, exact.change), exact)
    made = {change for _, change in found}
    branches = _by_branch(stays)
    for change in changes:
        for inferred in _inferred(change, branches, default_branch):
            if change.hash in made and inferred.reason != "branch":
                continue
            found.setdefault((inferred.session, inferred.change), inferred)
    return sorted([*found.values(), *_spawned(changes, stays, found.keys(), parents)])


def _spawned(
    changes: Sequence[Change],
    stays: Sequence[Stay],
    found: Iterable[tuple[int, str]],
    parents: Mapping[int, int],
) -> Iterator[Link]:
    """Of each change the sessions that its makers started, and those that these started, which
    worked in the repository while it was made."""
    if not parents:
        return
    children: dict[int, set[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, set()).add(child)
    makers: dict[str, set[int]] = {}
    for session, change in found:
        makers.setdefault(change, set()).add(session)
    everyone = _Branch()
    for stay in stays:
        everyone.add(stay)
    for change in changes:
        known = makers.get(change.hash, set[int]())
        started: set[int] = set()
        waiting = list(known)
        while waiting:
            more = children.get(waiting.pop(), set[int]()) - started
            started |= more
            waiting += more
        if started - known:
            span = (change.begun_ms - BRANCH_BEFORE_MS, change.at_ms + AFTER_MS)
            at_work = everyone.within([span])
            yield from _links(change, "spawned", (started - known) & at_work)


class _Branch:
    """Who worked on a branch when."""

    def __init__(self) -> None:
        self._at: dict[int, set[int]] = {}

    def add(self, stay: Stay) -> None:
        for quarter in stay.quarters:
            self._at.setdefault(quarter, set()).add(stay.session)

    def within(self, spans: Sequence[tuple[int, int]]) -> set[int]:
        """The sessions at work between two times of one of these pairs."""
        found: set[int] = set()
        for start_ms, end_ms in spans:
            first, last = start_ms // STEP_MS, end_ms // STEP_MS
            if last - first < len(self._at):
                at_work = (self._at.get(quarter) for quarter in range(first, last + 1))
            else:
                at_work = (who for at, who in self._at.items() if first <= at <= last)
            found.update(*filter(None, at_work))
        return found


_NOBODY: Final = _Branch()


def _by_branch(stays: Sequence[Stay]) -> dict[str, _Branch]:
    branches: dict[str, _Branch] = {}
    for stay in stays:
        branches.setdefault(stay.branch, _Branch()).add(stay)
    return branches


def _inferred(
    change: Change, branches: Mapping[str, _Branch], default_branch: str
) -> list[Link]:
    written = _written(change)
    if change.branch:
        span = (change.begun_ms - BRANCH_BEFORE_MS, change.at_ms)
        found = _links(change, "branch", branches.get(change.branch, _NOBODY).within([span]))
    elif change.kind == "squash":
        found = _only_branch(change, branches, default_branch)
    else:
        found = _links(change, "time", branches.get(default_branch, _NOBODY).within(written))
    return found + _links(change, "time_only", branches.get("", _NOBODY).within(written))


def _written(change: Change) -> list[tuple[int, int]]:
    """When each of its commits can have been worked on."""
    commits = change.merged or change.commits
    return [(c.author_ms - BEFORE_MS, c.author_ms + AFTER_MS) for c in commits]


def _links(change: Change, reason: Reason, sessions: Iterable[int]) -> list[Link]:
    return [Link(session, change.hash, reason) for session in sessions]


def _only_branch(
    change: Change, branches: Mapping[str, _Branch], default_branch: str
) -> list[Link]:
    span = (change.at_ms - SQUASH_BEFORE_MS, change.at_ms)
    at_work = [
        found
        for name, branch in branches.items()
        if name not in ("", default_branch, "HEAD") and (found := branch.within([span]))
    ]
    return _links(change, "only_branch", at_work[0]) if len(at_work) == 1 else []
