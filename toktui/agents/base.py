"""What an agent's module answers: where its logs are, what a line or a document of them says.

An agent is one object with a class of its own, below `Agent`. Its logs are lines that are only
appended (`parse`), documents that are written anew or databases (`read`), or both. There is no
clock here, no store and no price: the pipeline reads lines, the store resolves what several logs
say about one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.model import Fact, Misread, Sighting
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toktui.agents.content import Block, Turn, Uncounted

MAX_COUNT: Final = 2**53 - 1
"""The largest count that is taken for one: integers above it are not exact everywhere."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """What one line says: calls that it reports, facts, and values that were not understood."""

    sightings: tuple[Sighting, ...] = ()
    facts: tuple[Fact, ...] = ()
    misread: tuple[Misread, ...] = ()


NOTHING: Final = Parsed()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A message of a document, or a row of a database, and the call that it reports.

    `place` names it for good, however often the document is written anew: a row id, or
    `place_of` an id; 0 to 2**53 - 1. `length` is its size in bytes.
    """

    place: int
    length: int
    sighting: Sighting
    uncounted: Uncounted | None = None
    """The text of a call without counts, by which its tokens are to be estimated."""


class Doubt(msgspec.Struct, frozen=True, gc=False):
    """An entry that was not understood."""

    place: int
    misread: Misread


class Document(msgspec.Struct, frozen=True):
    """What a document says, or a database since `since`.

    An entry that is read again replaces what was read at its place before; an entry that is no
    longer there stays counted: agents tidy up.
    """

    entries: tuple[Entry, ...] = ()
    facts: tuple[Fact, ...] = ()
    """The place of a fact is `place_of` its subject."""
    doubts: tuple[Doubt, ...] = ()
    since: bytes = b""
    """From where to go on next time; empty: all is read each time."""
    looked_at: int = 0
    """Entries that were looked at, calls or not."""
    more: bool = False
    """There is more: `read` is called again with the new `since`, after a commit."""


class Excerpt(bytes):
    """The bytes of an entry, with what finds it in its database: a table and the key of a row."""

    where: str = ""


def excerpt_at(data: bytes, table: str, key: object) -> Excerpt:
    """The bytes of the row of `table` that has this key."""
    found = Excerpt(data)
    found.where = clean(f"{table}, {key}", 200)
    return found


class UnreadableError(OSError):
    """A document or database that cannot be read now, with the reason as its `strerror`: locked,
    half written, of another schema. It is told and tried again; nothing of it is taken for 0."""

    def __init__(self, why: str) -> None:
        super().__init__(0, why)


class Agent:
    """One agent. What a class does not answer, its agent does not do."""

    name: str
    label: str
    PARSER: int = 1
    """Rises with every change of what `parse` or `read` makes of the same bytes."""
    account: str = ""
    """How the keys, and the sessions, of rows begin that a vendor's account lists, which name no
    call: see `matching`."""
    guesses: bool = False
    """Some of its logs only have the text of turns that others count: see the kind `guess`."""
    replays: bool = False
    """Forked and spawned sessions repeat their parent's counters: see `lineage`."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        """Folders that can hold logs of this agent, present or not."""
        raise NotImplementedError

    def roots_of(self, folder: Path) -> Sequence[Path]:
        """Where logs lie in a home that the user names."""
        raise NotImplementedError

    def is_log(self, parts: Sequence[str]) -> bool:
        """Whether the path below a root, taken apart, is a log of this agent."""
        raise NotImplementedError

    def is_entered(self, parts: Sequence[str]) -> bool:
        """Whether the folder below a root, taken apart, can have logs in it."""
        return True

    def watched(self, root: str) -> Sequence[tuple[str, bool]]:
        """Folders of a root in which changes are listened for, present or not, each with whether
        all below it is meant, too. An agent that keeps much beside its logs names where they are.
        """
        return [(root, True)]

    # Lines.

    def start(self, path: str) -> Any:
        """The state before the first line of the log at `path`."""
        return None

    def load_state(self, packed: bytes) -> Any:
        """The state that a checkpoint kept; raises msgspec.DecodeError on foreign bytes."""
        return None

    def parse(self, line: bytes, state: Any) -> Parsed:
        """What one line (without its newline) says; `state` is moved on in place."""
        raise NotImplementedError

    def is_silent(self, block: bytes, pos: int, end: int, state: Any) -> bool:
        """Whether the line `block[pos:end]` provably says nothing, told without decoding it.

        It may err only by saying False. A line that is not whole JSON is not its business.
        """
        return False

    def curious(self, state: Any) -> bool:
        """Whether `parse` wants the next line even if it is silent."""
        return False

    def said(self, line: bytes, key: str) -> tuple[Block, ...]:
        """What the model wrote in a line that reports the call `key`; nothing where that cannot
        be told."""
        return ()

    def turn(self, line: bytes) -> Turn | None:
        """The line as a part of a conversation; None where it is none."""
        return None

    def turns(self, path: str, place: int) -> Sequence[Turn]:
        """What was sent with the answer at a place of a document, in its order; nothing where it
        does not say. Only the last answer of a session is asked for.

        Raises OSError where it cannot be read.
        """
        return ()

    def folder_beside(self, path: str) -> str:
        """The working folder of a log that names it by a word of its own only, as a file beside it
        says; empty where none does."""
        return ""

    # Documents and databases.

    def is_document(self, path: str) -> bool:
        """Whether the log is read as a whole by `read`, not by lines."""
        return False

    def is_database(self, path: str) -> bool:
        """Whether the log is a document that is a SQLite database, with a `-wal` beside it."""
        return False

    def beside(self, path: str) -> Sequence[str]:
        """Files and folders, present or not, that `read` looks at beside the document: it is read
        again when one of them changes."""
        return (f"{path}-wal",) if self.is_database(path) else ()

    def read(self, path: str, since: bytes) -> Document:
        """What a document says; of a database, what is new since `since`.

        Raises OSError (`UnreadableError`) where it cannot be read now.
        """
        raise NotImplementedError

    def excerpts(self, path: str, places: Collection[int]) -> Mapping[int, bytes]:
        """The bytes of the entries at the places that are still there, as JSON; of a database as
        `Excerpt`, of a document as they stand in it where that can be.

        Raises OSError where the document cannot be read now.
        """
        raise NotImplementedError


def place_of(name: str) -> int:
    """The place of an entry that has an id of its own: a number that does not change."""
    from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL, which lines do not need

    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big")
