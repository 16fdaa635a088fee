"""Which leading part of a log repeats a relative's, told by counters alone and never by the clock.

A forked or spawned session replays its parent's history: the same running totals in the same order.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Step(Struct, frozen=True, gc=False):
    """A running total that a log shows. `key` is the call's key if the log alone is asked; `total`
    is what relatives have in common; `early` is False behind the place where a replay ends at the
    latest; `recorded` is the key of the record that reports the call instead, or empty."""

    key: str
    total: str
    early: bool
    recorded: str = ""


class Run(Struct, frozen=True):
    """The totals of one log, in order. `parent` is empty for a session without a family."""

    path: str
    session: str
    parent: str
    steps: tuple[Step, ...]


class Moved(Struct, frozen=True, gc=False):
    """A replayed step belongs to the call `key` of session `origin`. It is an `orphan` while no log
    of that session is at hand."""

    key: str
    origin: str
    orphan: bool


def family_moves(runs: Sequence[Run]) -> dict[str, dict[str, Moved]]:
    """For each path, where its replayed steps belong, by their own key.

    `runs` is a whole family: all logs that are linked by parents, present or not.
    """
    moves: dict[str, dict[str, Moved]] = {}
    family = _Family(runs)
    for run in _parents_first(runs):
        moves[run.path] = _moves(run, family, moves)
    return moves


class _Family:
    """Who is related to whom, and where in which log each total is."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.present = {run.session for run in runs}
        self._children: dict[str, set[str]] = {}
        self._own: dict[tuple[str, str], list[tuple[Run, int]]] = {}
        self._of_children: dict[tuple[str, str], list[tuple[Run, int]]] = {}
        for run in sorted(runs, key=lambda run: (run.session, run.path)):
            if run.parent:
                self._children.setdefault(run.parent, set()).add(run.session)
            for at, step in enumerate(run.steps):
                self._own.setdefault((run.session, step.total), []).append((run, at))
                if run.parent:
                    self._of_children.setdefault((run.parent, step.total), []).append((run, at))

    def has_relatives(self, run: Run) -> bool:
        """Whether a log of its parent, or of another child of that one, is here."""
        others = {run.parent} & self.present | self._children.get(run.parent, set())
        return bool(others - {run.session})

    def longest(self, run: Run) -> tuple[Run | None, int, int]:
        """The relative that has the longest part with which a run begins, its length, and where in
        the relative it is. The parent goes first, then siblings by session and path."""
        match: Run | None = None
        length = at = 0
        for places in (self._own, self._of_children):
            if length == len(run.steps):
                break
            # What is longer goes on with the step behind the longest so far.
            next_total = run.steps[length].total
            before = length
            for other, place in places.get((run.parent, next_total), ()):
                start = place - before
                if start < 0 or other.session == run.session or not _goes_on(
                    run.steps, length, other.steps, start
                ):
                    continue
                alike = _alike(run.steps, other.steps, start)
                if alike > length:
                    match, length, at = other, alike, start
        return match, length, at


def _goes_on(steps: Sequence[Step], length: int, others: Sequence[Step], start: int) -> bool:
    """Whether others have the step behind so many, where theirs begin at a place."""
    return (
        length < len(steps)
        and start + length < len(others)
        and others[start + length].total == steps[length].total
    )


def _alike(steps: Sequence[Step], others: Sequence[Step], start: int) -> int:
    """How many steps are as those of the others from a place on."""
    length = 0
    for mine, theirs in zip(steps, islice(others, start, None), strict=False):
        if mine.total != theirs.total:
            break
        length += 1
    return length


def _parents_first(runs: Sequence[Run]) -> list[Run]:
    by_session = {run.session: run for run in runs}

    def depth(run: Run) -> int:
        seen = {run.session}
        steps = 0
        while (parent := by_session.get(run.parent)) is not None and parent.session not in seen:
            seen.add(parent.session)
            run, steps = parent, steps + 1
        return steps

    return sorted(runs, key=lambda run: (depth(run), run.session, run.path))


def _moves(
    run: Run, family: _Family, known: Mapping[str, Mapping[str, Moved]]
) -> dict[str, Moved]:
    if not run.parent or not run.steps:
        return {}
    if not family.has_relatives(run):
        return {step.key: _of_absent(step, run) for step in run.steps if step.early}
    match, length, start = family.longest(run)
    if match is None:
        return {}
    if match.session != run.parent:
        orphan = run.parent not in family.present
        return {step.key: _of_sibling(step, run, orphan=orphan) for step in run.steps[:length]}
    theirs = known.get(match.path, {})
    return {
        step.key: _of_parent(match.steps[start + i], match, theirs)
        for i, step in enumerate(run.steps[:length])
    }


def _of_parent(step: Step, parent: Run, theirs: Mapping[str, Moved]) -> Moved:
    if step.recorded:
        return Moved(step.recorded, parent.session, orphan=False)
    return theirs.get(step.key) or Moved(step.key, parent.session, orphan=False)


def _of_absent(step: Step, run: Run) -> Moved:
    key = step.key.replace(run.session, run.parent, 1)
    return Moved(key, run.parent, orphan=True)


def _of_sibling(step: Step, run: Run, *, orphan: bool) -> Moved:
    return Moved(_of_absent(step, run).key, run.parent, orphan=orphan)
