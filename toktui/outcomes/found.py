"""What a look at repositories has found: values that travel from the process that looks to the
thread that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from toktui.outcomes.attribution import Link
from toktui.outcomes.repository import Repository
from toktui.outcomes.sizes import Extent
from toktui.text import clean

if TYPE_CHECKING:
    from toktui.outcomes.landed import Change


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A landed change as the store has it; without files and lines its size is not known."""

    hash: str
    before: str
    at_ms: int
    begun_ms: int
    kind: str
    commits: int
    branch: str
    subject: str
    files: int | None
    lines: int | None
    size: int | None
    reverted_ms: int | None
    reverted_by: str


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What was found in one repository."""

    repository: Repository
    projects: tuple[int, ...]
    """Numbers of the folders' names."""
    rows: tuple[Row, ...]
    links: tuple[Link, ...]
    since_ms: int = 0
    """What landed before this was not looked at: it is as it was."""
    patches: dict[str, str] = {}
    """Those of commits, by hash, that are worth keeping."""
    looked: bytes = b""
    """What tells the next look whether there is anything new."""


class Findings(msgspec.Struct, frozen=True, array_like=True):
    """What was found in some of them. `nowhere` says of folders why there is nothing, `unchanged`
    in which repository there is nothing new."""

    found: tuple[Found, ...] = ()
    nowhere: dict[int, str] = {}
    unchanged: dict[int, str] = {}
    """Folders by number, and the place of the repository."""


def row_of(change: Change, extent: Extent | None) -> Row:
    """A change as the store has it."""
    return Row(
        hash=change.hash,
        before=change.before,
        at_ms=change.at_ms,
        begun_ms=change.begun_ms,
        kind=change.kind,
        commits=len(change.commits) + len(change.merged),
        branch=clean(change.branch, 120),
        subject=change.subject,
        files=extent and extent.files,
        lines=extent and extent.lines,
        size=extent and extent.size,
        reverted_ms=change.reverted_ms,
        reverted_by=change.reverted_by,
    )
