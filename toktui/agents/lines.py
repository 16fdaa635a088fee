"""What agents have in common whose logs are rows of few kinds: a line in, its rows decoded by type.

A row is looked at twice: its head tells whether it is of interest and of which shape it is, and
then only that shape is decoded. What the typed decoder cannot take in one step (glued rows, NUL
bytes, integral floats) is read value by value. A row of interest that is not of its shape is not
understood; any other row passes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, cast

import msgspec
from msgspec import Meta, Struct

from toktui.agents._tool_commits import can_tell, committed
from toktui.agents.base import MAX_COUNT, NOTHING, Agent, Parsed
from toktui.agents.json_lines import BrokenLineError, convert, holds, looks_whole, values
from toktui.model import Fact, Misread, Sighting, Tokens
from toktui.text import clean, clean_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toktui.agents.content import Turn

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)] | None
"""A number of tokens; None where the row has none, which is 0."""
Said = Sighting | Fact | Misread
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SHORTEST_ID: Final = 20
"""Characters of a provider's id; shorter ones are no ids of one response."""
NANO_PER_USD: Final = 1_000_000_000
_MOST_USD: Final = 1e6


@cache
def _decoder(shape: type[Struct]) -> Callable[[bytes], Struct]:
    return msgspec.json.Decoder(shape).decode


class LineState(Struct):
    """What every log of rows remembers; agents add their own."""

    session: str = ""
    project: str = ""
    branch: str = ""
    version: str = ""
    model: str = ""
    commits: list[str] = []
    """Ids of tool calls that make a commit and have no result yet, the oldest first."""


class LineAgent(Agent):
    """An agent whose logs are rows of few kinds, one per line."""

    Head: ClassVar[type[Struct]]
    """The fields that tell a row's kind; `Any` each, so that no row fails here."""
    State: ClassVar[type[LineState]]
    needles: ClassVar[tuple[bytes, ...]]
    """Words of which every row of interest holds one."""
    tool_calls: ClassVar[tuple[bytes, ...]] = ()
    """Words of which every row that calls a tool holds one; without any, the commits that tools
    make are not followed."""

    def tools(self, line: bytes) -> Turn | None:
        """The calls and results of tools in a line."""
        return self.turn(line)

    def shape_of(self, head: Any) -> type[Struct] | None:
        """The shape of a row with this head; None where it says nothing."""
        raise NotImplementedError

    def told(self, row: Any, state: Any) -> Iterable[Said]:
        """What a row of one of the shapes says; `state` is moved on in place."""
        raise NotImplementedError

    def start(self, path: str) -> Any:
        """A state that knows the log's name only."""
        del path
        return self.State()

    def load_state(self, packed: bytes) -> Any:
        """The state that a checkpoint kept."""
        return msgspec.msgpack.decode(packed, type=self.State)

    def is_silent(self, block: bytes, pos: int, end: int, state: Any) -> bool:
        """A line without any of the needles says nothing, nor does one that tells of no commit."""
        return not holds(block, pos, end, self.needles) and not (
            self.tool_calls and can_tell(block, pos, end, self.tool_calls, state.commits)
        )

    def parse(self, line: bytes, state: Any) -> Parsed:
        """What one line says."""
        parsed = self._parse(line, state)
        if self.tool_calls and can_tell(line, 0, len(line), self.tool_calls, state.commits):
            found = committed(line, self.tools(line), state.session, state.commits)
            if found:
                return msgspec.structs.replace(parsed, facts=(*parsed.facts, *found))
        return parsed

    def _parse(self, line: bytes, state: Any) -> Parsed:
        if not holds(line, 0, len(line), self.needles):
            return NOTHING if looks_whole(line) else self._value_by_value(line, state)
        try:
            shape = self.shape_of(_decoder(self.Head)(line))
            if shape is None:
                return NOTHING
            row = _decoder(shape)(line)
        except _UNREADABLE:
            return self._value_by_value(line, state)
        return parsed_of(self.told(row, state))

    def _value_by_value(self, line: bytes, state: Any) -> Parsed:
        """Any line at all."""
        try:
            found = values(line)
        except BrokenLineError as error:
            return Parsed(misread=(Misread(f"broken JSON: {error}", state.version),))
        said: list[Said] = []
        for value in found:
            if not isinstance(value, dict):
                continue
            shape = self.shape_of(convert(cast("object", value), self.Head))
            if shape is None:
                continue
            try:
                row = convert(cast("object", value), shape)
            except msgspec.ValidationError as error:
                said.append(Misread(clean(str(error), 160), state.version))
            else:
                said.extend(self.told(row, state))
        return parsed_of(said)


def parsed_of(said: Iterable[Said]) -> Parsed:
    """Each kind in its own place."""
    found = list(said)
    if not found:
        return NOTHING
    return Parsed(
        tuple(item for item in found if isinstance(item, Sighting)),
        tuple(item for item in found if isinstance(item, Fact)),
        tuple(item for item in found if isinstance(item, Misread)),
    )


def provider_key(given: str | None, *parts: object) -> str:
    """A provider's id of a response as a key; what the row says joins an id that is too short.

    Local servers number their responses, some from 0 to 999: such an id comes again and again.
    """
    if given and len(given) >= _SHORTEST_ID:
        return clean_id(given)
    return key_of(given, *parts)


def key_of(*parts: object) -> str:
    """A key for a call whose row has no id of its own: a hash of what the row says."""
    from hashlib import blake2b  # noqa: PLC0415  loads OpenSSL, which rows with ids do not need

    text = "\x1f".join(map(str, parts))
    return f"h:{blake2b(text.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def numbers_of(tokens: Tokens) -> tuple[int, ...]:
    """The counts that make a row known again, however its cache writes are told apart."""
    t = tokens
    return (t.input, t.cache_read, t.cache_write_5m + t.cache_write_1h, t.output)


def added(one: Tokens, other: Tokens) -> Tokens:
    """Both together, each count no larger than one can be."""
    a, b = msgspec.structs.astuple(one), msgspec.structs.astuple(other)
    return Tokens(*(min(x + y, MAX_COUNT) for x, y in zip(a, b, strict=True)))


def nusd_of(dollars: object) -> int | None:
    """An agent's own dollars in whole nano-dollars; None where that is no sum of money."""
    if isinstance(dollars, bool) or not isinstance(dollars, int | float):
        return None
    if not 0 <= dollars <= _MOST_USD:
        return None
    return round(dollars * NANO_PER_USD)


def name_in(path: str, up: int = 0) -> str:
    """The name of a log, or of the folder `up` levels above it, as a clean id."""
    parts = path.split("/")
    return clean_id(parts[-1 - up]) if up < len(parts) else ""
