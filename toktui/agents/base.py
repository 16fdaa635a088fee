"""What an agent's module answers: where its logs are, what a line of them says.

Everything here is pure: no clock, no open files, no prices. The pipeline reads the bytes, the
store resolves what several logs say about one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from toktui.model import Fact, Misread, Sighting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_COUNT: Final = 2**53 - 1
"""The largest count that is taken for one: integers above it are not exact everywhere."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """What one line says: calls that it reports, facts, and values that were not understood."""

    sightings: tuple[Sighting, ...] = ()
    facts: tuple[Fact, ...] = ()
    misread: tuple[Misread, ...] = ()


NOTHING: Final = Parsed()


class LineAgent(Protocol):
    """An agent whose logs are lines that are only appended."""

    name: str
    label: str
    PARSER: int
    """Rises with every change of what `parse` makes of the same bytes."""
    replays: bool
    """Forked and spawned sessions repeat their parent's counters: see `lineage`."""

    def roots(self, home: Path, env: Mapping[str, str]) -> Sequence[Path]:
        """Folders that can hold logs of this agent, present or not."""
        ...

    def roots_of(self, folder: Path) -> Sequence[Path]:
        """Where logs lie in a home that the user names."""
        ...

    def is_log(self, parts: Sequence[str]) -> bool:
        """Whether the path below a root, taken apart, is a log of this agent."""
        ...

    def start(self, path: str) -> Any:
        """The state before the first line of the log at `path`."""
        ...

    def load_state(self, packed: bytes) -> Any:
        """The state that a checkpoint kept; raises msgspec.DecodeError on foreign bytes."""
        ...

    def parse(self, line: bytes, state: Any) -> Parsed:
        """What one line (without its newline) says; `state` is moved on in place."""
        ...

    def is_silent(self, block: bytes, pos: int, end: int, state: Any) -> bool:
        """Whether the line `block[pos:end]` provably says nothing, told without decoding it.

        It may err only by saying False. A line that is not whole JSON is not its business.
        """
        ...

    def curious(self, state: Any) -> bool:
        """Whether `parse` wants the next line even if it is silent."""
        ...
