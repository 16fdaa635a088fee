"""Exact links: commits that sessions ran, and the changes that these became."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from toktui.clock import DAY_MS, MINUTE_MS
from toktui.outcomes.attribution import ExactReason, Link
from toktui.outcomes.chain import Commit, read_commits, read_unlanded
from toktui.outcomes.git import Git, GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from toktui.outcomes.landed import Change
    from toktui.outcomes.patches import Patches

_AROUND_MS: Final = 10 * MINUTE_MS
"""How far the time of a commit and that of the line which tells of it may be apart."""
LATEST_MS: Final = 30 * DAY_MS
"""After which a patch is not looked for any more."""
_MOST: Final = 300
"""Commits that did not land as they are, of which the newest are looked into."""
_MOST_PATCHES: Final = 2_000
_MOST_UNLANDED: Final = 5_000
_MOST_ASKED: Final = 50
"""Branches that were brought up to date, each of which git is asked where it left the chain."""


class Ran(NamedTuple):
    """A line of a log says that a session made a commit; `hash` is how git abbreviated it."""

    session: int
    hash: str
    at_ms: int


def exact_links(
    git: Git, tip: str, changes: Sequence[Change], said: Sequence[Ran], patches: Patches
) -> list[Link]:
    """The links of commits that landed, or what they became, in no order; `said` begins with the
    earliest session. A commit that is older than the first of the changes by a month is linked only
    if it landed as it is.
    """
    if not said or not changes:
        return []
    makers = _makers(git, said)
    landed: dict[str, tuple[str, ExactReason]] = {}
    for change in changes:
        landed |= {c.hash: (change.hash, "merged") for c in change.merged}
        landed |= {c.hash: (change.hash, "committed") for c in change.commits}
    first_ms = min(change.at_ms for change in changes) - LATEST_MS
    rest = [c for c in makers if c.hash not in landed and c.at_ms >= first_ms]
    rest.sort(key=lambda c: (-c.at_ms, c.hash))
    landed |= _by_patch(git, tip, changes, rest[:_MOST], patches)
    return [
        Link(session, *landed[commit.hash])
        for commit, session in makers.items()
        if commit.hash in landed
    ]


def _makers(git: Git, said: Iterable[Ran]) -> dict[Commit, int]:
    """The commits that are here, each with the session that made it: of several that tell of the
    same one, copies of each other, the earliest."""
    by_name: defaultdict[str, list[Ran]] = defaultdict(list)
    for one in said:
        by_name[one.hash].append(one)
    try:
        full = _full_names(git, sorted(by_name))
        commits = {c.hash: c for c in read_commits(git, sorted(set(full.values())))}
    except GitError:
        return {}
    makers: dict[Commit, int] = {}
    for name, runs in by_name.items():
        commit = commits.get(full.get(name, ""))
        if commit is None:
            continue
        near = [one.session for one in runs if abs(one.at_ms - commit.at_ms) <= _AROUND_MS]
        if near:
            makers.setdefault(commit, near[0])
    return makers


def _full_names(git: Git, names: Sequence[str]) -> dict[str, str]:
    """Hashes of commits by how they were abbreviated; what is not here or not plain is missing."""
    said = git.ask("cat-file", "--batch-check", said="".join(f"{n}\n" for n in names).encode())
    found: dict[str, str] = {}
    for name, line in zip(names, said.decode("ascii", "replace").splitlines(), strict=False):
        word, _, rest = line.partition(" ")
        if rest.startswith("commit ") and word.startswith(name):
            found[name] = word
    return found


def _by_patch(
    git: Git, tip: str, changes: Sequence[Change], rest: Sequence[Commit], patches: Patches
) -> dict[str, tuple[str, ExactReason]]:
    """What became of commits that did not land as they are: rebased, picked or squashed."""
    if not rest:
        return {}
    first = min(commit.at_ms for commit in rest)
    last = max(commit.at_ms for commit in rest) + LATEST_MS
    homes: dict[str, str] = {}
    for change in changes:
        if first - _AROUND_MS <= change.at_ms <= last:
            homes |= {c.hash: change.hash for c in (*change.commits, *change.merged)}
    names = list(homes)[-_MOST_PATCHES:]
    landed = {patch: homes[name] for name, patch in sorted(patches.of_commits(names).items())}
    times = {change.hash: change.at_ms for change in changes}
    found: dict[str, tuple[str, ExactReason]] = {}
    own = patches.of_commits([commit.hash for commit in rest])
    for commit in rest:
        home = landed.get(own.get(commit.hash, ""))
        if home is not None and _is_in_time(commit, times[home]):
            found[commit.hash] = (home, "same_patch")
    branches = _branches(git, [c.hash for c in rest if c.hash not in found], tip)
    whole = patches.of_branches({name: base for name, (base, _) in branches.items()})
    for commit in sorted(rest, key=lambda c: (c.at_ms, c.hash)):
        home = landed.get(whole.get(commit.hash, ""))
        if home is None or not _is_in_time(commit, times[home]):
            continue
        for name in branches[commit.hash][1]:
            found.setdefault(name, (home, "squashed"))
    return found


def _is_in_time(commit: Commit, landed_ms: int) -> bool:
    return commit.at_ms - _AROUND_MS <= landed_ms <= commit.at_ms + LATEST_MS


def _branches(git: Git, hashes: Sequence[str], tip: str) -> dict[str, tuple[str, list[str]]]:
    """For each commit that is not on the branch of the tip: where what led to it left that branch,
    and the commits since, itself the first."""
    parents = read_unlanded(git, hashes, tip, _MOST_UNLANDED)
    found: dict[str, tuple[str, list[str]]] = {}
    asked = 0
    for name in hashes:
        since, bases = _since(parents, name)
        if len(bases) > 1 and asked < _MOST_ASKED:
            asked += 1
            bases = {git.line("merge-base", name, tip)} - {""}
        if len(bases) == 1:
            found[name] = (bases.pop(), since)
    return found


def _since(parents: Mapping[str, Sequence[str]], name: str) -> tuple[list[str], set[str]]:
    """The commits that led to one, itself the first, and those landed ones from which they come."""
    since: dict[str, None] = {}
    bases: set[str] = set()
    waiting = [name] if name in parents else []
    while waiting:
        one = waiting.pop()
        if one in parents:
            if one not in since:
                since[one] = None
                waiting += parents[one]
        else:
            bases.add(one)
    return list(since), bases
