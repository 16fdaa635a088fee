"""Changes that landed: the user's commits on the first-parent chain of the default branch.

A merge is one change, however many commits it brings; so is a squash. What one pushes directly
within an hour is one, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.clock import DAY_MS, HOUR_MS
from toktui.outcomes.chain import Chain, Commit
from toktui.outcomes.reverts import REVERT_MS, find_reverts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toktui.outcomes.repository import Repository

PUSH_MS: Final = HOUR_MS
CONTEXT_MS: Final = REVERT_MS + DAY_MS
"""How much of the chain before a change decides what it is: what it takes back, and which pushes
are one."""

Kind = Literal["merge", "squash", "push"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A landed change of the user's."""

    hash: str
    """Of its last commit on the chain."""
    before: str
    """What the chain was before it; empty: nothing."""
    commits: tuple[Commit, ...]
    """On the chain, the oldest first."""
    merged: tuple[Commit, ...] = ()
    """That a merge brought, in no order."""
    branch: str = ""
    """That was merged, as far as the message names it."""
    kind: Kind
    reverted_ms: int | None = None
    reverted_by: str = ""

    @property
    def at_ms(self) -> int:
        """When it landed."""
        return self.commits[-1].at_ms

    @property
    def begun_ms(self) -> int:
        """When the first of its commits was written."""
        return min(commit.author_ms for commit in (*self.commits, *self.merged))

    @property
    def subject(self) -> str:
        """What the last commit says in its first line."""
        return self.commits[-1].subject

    @property
    def is_contiguous(self) -> bool:
        """Whether its commits follow each other on the chain, so that one comparison shows it."""
        return all(b.before == a.hash for a, b in zip(self.commits, self.commits[1:], strict=False))


def changes_in(chain: Chain, emails: frozenset[str]) -> list[Change]:
    """The changes of a chain by the user with these addresses, the oldest first."""
    reverted = find_reverts(chain)
    return [_with_revert(change, reverted) for change in _grouped(chain, emails)]


def _is_own(commit: Commit, chain: Chain, emails: frozenset[str]) -> bool:
    """Whether the user wrote it: of a merge, at least half of what it brings."""
    brought = [one for one in chain.merged.get(commit.hash, ()) if not one.is_merge]
    if commit.is_merge and brought:
        return 2 * sum(not emails.isdisjoint(one.emails) for one in brought) >= len(brought)
    return not emails.isdisjoint(commit.emails)


def _grouped(chain: Chain, emails: frozenset[str]) -> Iterator[Change]:
    pushes: list[Commit] = []

    def pushed() -> Iterator[Change]:
        if pushes:
            yield Change(
                hash=pushes[-1].hash, before=pushes[0].before, commits=tuple(pushes), kind="push"
            )
            pushes.clear()

    for commit in chain.commits:
        if not _is_own(commit, chain, emails):
            continue
        if commit.is_merge or commit.pull:
            yield from pushed()
            yield Change(
                hash=commit.hash,
                before=commit.before,
                commits=(commit,),
                merged=chain.merged.get(commit.hash, ()),
                branch=commit.merged_branch if commit.is_merge else "",
                kind="merge" if commit.is_merge else "squash",
            )
            continue
        if pushes and not 0 <= commit.at_ms - pushes[0].at_ms < PUSH_MS:
            yield from pushed()
        pushes.append(commit)
    yield from pushed()


def _with_revert(change: Change, reverted: dict[str, Commit]) -> Change:
    """A change of several commits is taken back when all of them are."""
    by = [reverted.get(commit.hash) for commit in change.commits]
    last = max((commit for commit in by if commit), key=lambda c: c.at_ms, default=None)
    if last is None or None in by:
        return change
    return msgspec.structs.replace(change, reverted_ms=last.at_ms, reverted_by=last.hash)


def other_addresses(chain: Chain, repository: Repository) -> set[str]:
    """Addresses of commits on the chain by the user's name, but by none of the user's addresses.

    Many have a second one: that under which a forge writes what it squashes.
    """
    return {
        commit.author[1]
        for commit in chain.commits
        if repository.name
        and commit.author[0].strip() == repository.name
        and commit.author[1]
        and repository.emails.isdisjoint(commit.emails)
    }
