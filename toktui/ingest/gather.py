"""Folds the lines of one log into evidence: what travels from a parsing process to the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.agents.base import NOTHING
from toktui.agents.json_lines import looks_whole
from toktui.evidence import CONTINUED, Evidence, absorb, merge, of_sighting
from toktui.model import Sighting

if TYPE_CHECKING:
    from collections.abc import Set

    from toktui.agents.base import Agent
    from toktui.model import Fact

EARLIEST_MS: Final = 1_577_836_800_000
"""2020-01-01: no agent is older, so an earlier time is a broken clock."""
DAY_MS: Final = 86_400_000
BEGINNERS: Final = ("row", "spawn")
"""Kinds of sightings that can begin a call of the log they stand in."""
PARSER_ERROR: Final = "parser error: "
"""How the shape of a line begins that its parser failed at; the exception's type follows."""
_HOUR_MS: Final = 3_600_000
_OPEN: Final = ord("{")
_CLOSE: Final = ord("}")


class Voice(msgspec.Struct, array_like=True, gc=False):
    """A source of a log, as it travels: see `evidence.Source`."""

    kind: str
    session: str
    origin: str
    agent_id: str
    agent_type: str
    project: str


class Heard(msgspec.Struct, array_like=True, gc=False):
    """Evidence of one call by one voice of the log."""

    key: str
    voice: int
    evidence: Evidence


class FactAt(msgspec.Struct, array_like=True, gc=False):
    """A fact and its line."""

    kind: str
    subject: str
    offset: int
    length: int
    at_ms: int | None
    body: bytes
    latest: bool


class MisreadAt(msgspec.Struct, array_like=True, gc=False):
    """A value that was not understood, and its line; `refused` is one with an impossible time."""

    offset: int
    nth: int
    version: str
    shape: str
    at_ms: int | None = None
    refused: bytes = b""


class RunAt(msgspec.Struct, array_like=True, gc=False):
    """A step of the counter that forks of this log repeat."""

    offset: int
    at_ms: int
    key: str


as_refused: Final = msgspec.msgpack.Decoder(tuple[Sighting, int, int]).decode
"""The sighting, length and bits of a row that was refused for its time."""


class Gathered(msgspec.Struct, array_like=True):
    """What a stretch of a log says, in rows that do not depend on how it was cut."""

    voices: list[Voice]
    heard: list[Heard]
    facts: list[FactAt]
    runs: list[RunAt]
    misread: list[MisreadAt]
    lines: int
    version: str
    open_key: str


class Gatherer:
    """Reads the lines of one log in order. `begun` are keys that began in this log before; they
    may be many, and are not copied."""

    def __init__(
        self,
        agent: Agent,
        state: Any,
        *,
        latest_ms: int,
        begun: Set[str] = frozenset(),
        open_key: str = "",
    ) -> None:
        self.agent = agent
        self.state = state
        self._latest_ms = latest_ms
        self._begun_before = begun
        self._begun = set[str]()
        self._open_key = open_key
        self._clear()

    def _clear(self) -> None:
        self._voices: dict[tuple[str, str, str, str], int] = {}
        self._voice_rows: list[Voice] = []
        self._heard: dict[tuple[str, int], Evidence] = {}
        self._facts: list[FactAt] = []
        self._latest: dict[tuple[str, str], FactAt] = {}
        self._runs: list[RunAt] = []
        self._misread: list[MisreadAt] = []
        self._lines = 0
        self._version = ""

    def take(self) -> Gathered:
        """Everything since the last call of this method."""
        gathered = Gathered(
            self._voice_rows,
            [Heard(key, voice, evidence) for (key, voice), evidence in self._heard.items()],
            [*self._facts, *self._latest.values()],
            self._runs,
            self._misread,
            self._lines,
            self._version,
            self._open_key,
        )
        self._clear()
        return gathered

    def __len__(self) -> int:
        return len(self._heard)

    def read_block(self, block: bytes, at: int, start: int = 0) -> None:
        """Reads whole lines, from `start` on; `at` is the offset of the first in its log.

        A line that its agent knows to be silent passes unread, as long as it looks whole. What
        stands behind the last newline is no line yet.
        """
        state, find, is_silent = self.state, block.find, self.agent.is_silent
        is_curious = self.agent.curious(state)
        pos, lines, shift = start, 0, at - start
        while (end := find(b"\n", pos)) >= 0:
            lines += 1
            if (
                is_curious
                or not is_silent(block, pos, end, state)
                or (
                    (block[pos] != _OPEN or block[end - 1] != _CLOSE)
                    and not looks_whole(block[pos:end])
                )
            ):
                self.read_line(block[pos:end], shift + pos)
                is_curious = self.agent.curious(state)
            pos = end + 1
        self._lines += lines

    def skip_line(self, at: int, why: str) -> None:
        """A line that is too long to be read at all."""
        self._lines += 1
        self._misread.append(MisreadAt(at, 0, "", why))

    def read_line(self, line: bytes, at: int) -> None:
        """Reads one line without its newline; does not count it.

        A line that its parser fails at is not understood; no line stops the ones behind it.
        """
        try:
            parsed = self.agent.parse(line, self.state)
        except MemoryError:
            raise
        except Exception as error:
            self._misread.append(MisreadAt(at, 0, "", f"{PARSER_ERROR}{type(error).__name__}"))
            return
        if parsed is NOTHING:
            return
        length = len(line)
        for nth, sighting in enumerate(parsed.sightings):
            self._sighting(sighting, at, length, nth)
        for fact in parsed.facts:
            self._fact(fact, at, length)
        for nth, misread in enumerate(parsed.misread):
            self._misread.append(MisreadAt(at, 100 + nth, misread.version, misread.shape))

    def _sighting(self, sighting: Sighting, at: int, length: int, nth: int) -> None:
        at_ms = sighting.at_ms
        if at_ms is None or not EARLIEST_MS <= at_ms <= self._latest_ms:
            shape = "time out of range" if at_ms is not None else "time not readable"
            refused = b""
            if at_ms is not None:
                refused = msgspec.msgpack.encode((sighting, length, self._bits(sighting)))
            self._misread.append(MisreadAt(at, nth, sighting.version, shape, at_ms, refused))
            return
        self.hear(sighting, at_ms, (at, length, self._bits(sighting)))

    def hear(self, sighting: Sighting, at_ms: int, spot: tuple[int, int, int]) -> None:
        """Adds a sighting with an accepted time."""
        place = (sighting.kind, sighting.session, sighting.origin, sighting.agent_id)
        voice = self._voices.get(place)
        if voice is None:
            voice = self._voices[place] = len(self._voice_rows)
            self._voice_rows.append(Voice(*place, sighting.agent_type, sighting.project))
        elif sighting.agent_type and not self._voice_rows[voice].agent_type:
            self._voice_rows[voice].agent_type = sighting.agent_type
        if sighting.version:
            self._version = sighting.version
        place_of_call = (sighting.key, voice)
        known = self._heard.get(place_of_call)
        if known is not None and absorb(known, sighting, at_ms, spot):
            return
        evidence = of_sighting(sighting, at_ms, spot)
        if known is not None:
            evidence = merge(known, evidence)
        self._heard[place_of_call] = evidence

    def _bits(self, sighting: Sighting) -> int:
        """Whether the row goes on with the call that began last in this log.

        A row that is refused for its time begins a call too: it may be accepted later.
        """
        if sighting.kind not in BEGINNERS:
            return 0
        key = sighting.key
        if key not in self._begun and key not in self._begun_before:
            self._begun.add(key)
            self._open_key = key
            return 0
        return CONTINUED if key == self._open_key and not sighting.repeats else 0

    def _fact(self, fact: Fact, at: int, length: int) -> None:
        if fact.kind == "run":
            self._runs.append(RunAt(at, fact.at_ms or 0, fact.subject))
            return
        found = FactAt(fact.kind, fact.subject, at, length, fact.at_ms, fact.body, fact.latest)
        if fact.kind == "limit":
            # The store keeps the last word of each hour, so none may hide one of another hour.
            said_ms = fact.at_ms or 0
            place = f"limit {said_ms // _HOUR_MS} {fact.body.hex()}"
            known = self._latest.get((place, fact.subject))
            if known is None or (known.at_ms or 0) < said_ms:
                self._latest[place, fact.subject] = found
        elif fact.latest:
            self._latest[fact.kind, fact.subject] = found
        else:
            self._facts.append(found)
