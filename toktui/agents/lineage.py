"""Which leading part of a log repeats a relative's, told by counters alone and never by the clock.

A forked or spawned session replays its parent's history: the same running totals in the same order.
"""

from __future__ import annotations

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
    present = {run.session for run in runs}
    for run in _parents_first(runs):
        relatives = [
            other
            for other in runs
            if other.session != run.session
            and run.parent
            and (other.session == run.parent or other.parent == run.parent)
        ]
        moves[run.path] = _moves(run, relatives, present, moves)
    return moves


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
    run: Run, relatives: Sequence[Run], present: set[str], known: Mapping[str, Mapping[str, Moved]]
) -> dict[str, Moved]:
    if not run.parent or not run.steps:
        return {}
    if not relatives:
        early = [step for step in run.steps if step.early]
        return {step.key: _of_absent(step, run) for step in early}
    best: tuple[int, int] = (0, 0)
    match: Run | None = None
    for other in sorted(relatives, key=lambda r: (r.session != run.parent, r.session, r.path)):
        length, start = _longest(run, other)
        if length > best[0]:
            best, match = (length, start), other
    if match is None:
        return {}
    length, start = best
    if match.session != run.parent:
        return {step.key: _of_sibling(step, run, match, present) for step in run.steps[:length]}
    theirs = known.get(match.path, {})
    return {
        step.key: _of_parent(match.steps[start + i], match, theirs)
        for i, step in enumerate(run.steps[:length])
    }


def _longest(run: Run, other: Run) -> tuple[int, int]:
    """Length and place in `other` of the longest part of it that `run` begins with."""
    best = (0, 0)
    first = run.steps[0].total
    for start, step in enumerate(other.steps):
        if step.total != first:
            continue
        length = 0
        for mine, theirs in zip(run.steps, other.steps[start:], strict=False):
            if mine.total != theirs.total:
                break
            length += 1
        best = max(best, (length, -start))
    return best[0], -best[1]


def _of_parent(step: Step, parent: Run, theirs: Mapping[str, Moved]) -> Moved:
    if step.recorded:
        return Moved(step.recorded, parent.session, orphan=False)
    return theirs.get(step.key) or Moved(step.key, parent.session, orphan=False)


def _of_absent(step: Step, run: Run) -> Moved:
    key = step.key.replace(run.session, run.parent, 1)
    return Moved(key, run.parent, orphan=True)


def _of_sibling(step: Step, run: Run, sibling: Run, present: set[str]) -> Moved:
    del sibling
    return Moved(_of_absent(step, run).key, run.parent, orphan=run.parent not in present)
