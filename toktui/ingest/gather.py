"""Folds the lines of one log into evidence: what travels from a parsing process to the writer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from toktui.agents.json_lines import looks_whole
from toktui.evidence import CONTINUED, Evidence, merge, of_sighting
from toktui.model import Sighting

if TYPE_CHECKING:
    from toktui.agents.base import LineAgent
    from toktui.model import Fact

EARLIEST_MS: Final = 1_577_836_800_000
"""2020-01-01: no agent is older, so an earlier time is a broken clock."""
DAY_MS: Final = 86_400_000
_ESCAPED_LETTER: Final = re.compile(rb"\\u00[2-7]")


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
    """Reads the lines of one log in order. `begun` are keys that began in this log before."""

    def __init__(
        self,
        agent: LineAgent,
        state: Any,
        *,
        latest_ms: int,
        begun: set[str] | None = None,
        open_key: str = "",
    ) -> None:
        self.agent = agent
        self.state = state
        self._latest_ms = latest_ms
        self._begun = begun if begun is not None else set()
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

    def read_block(self, block: bytes, at: int) -> None:
        """Reads whole lines; `at` is the offset of the block in its log."""
        lines = block.count(b"\n")
        self._lines += lines
        plain = block[:1] == b"{" and block[-2:] == b"}\n" and block.count(b"}\n{") == lines - 1
        if not plain:
            self._read_every_line(block, at)
            return
        pos, end = 0, len(block)
        needles = self.agent.needles
        hits = [-1] * len(needles)
        escape = self._escape_after(block, 0)
        while pos < end:
            if self.agent.curious(self.state):
                hit = pos
            else:
                hit = escape
                for i, needle in enumerate(needles):
                    if hits[i] < pos:
                        found = block.find(needle, pos)
                        hits[i] = found if found >= 0 else end
                    hit = min(hit, hits[i])
                if hit >= end:
                    return
            start = block.rfind(b"\n", pos, hit) + 1 or pos
            stop = block.find(b"\n", hit)
            self.read_line(block[start:stop], at + start)
            pos = stop + 1
            if escape < pos:
                escape = self._escape_after(block, pos)

    @staticmethod
    def _escape_after(block: bytes, pos: int) -> int:
        found = _ESCAPED_LETTER.search(block, pos)
        return found.start() if found else len(block)

    def _read_every_line(self, block: bytes, at: int) -> None:
        pos = 0
        needles = self.agent.needles
        while (stop := block.find(b"\n", pos)) >= 0:
            line = block[pos:stop]
            if (
                self.agent.curious(self.state)
                or not looks_whole(line)
                or any(needle in line for needle in needles)
                or _ESCAPED_LETTER.search(line)
            ):
                self.read_line(line, at + pos)
            pos = stop + 1

    def skip_line(self, at: int, why: str) -> None:
        """A line that is too long to be read at all."""
        self._lines += 1
        self._misread.append(MisreadAt(at, 0, "", why))

    def read_line(self, line: bytes, at: int) -> None:
        """Reads one line without its newline; does not count it."""
        parsed = self.agent.parse(line, self.state)
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
            refused = msgspec.msgpack.encode((sighting, length, 0))
            self._misread.append(
                MisreadAt(at, nth, sighting.version, shape, at_ms, refused if at_ms else b"")
            )
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
        evidence = of_sighting(sighting, at_ms, spot)
        known = self._heard.get((sighting.key, voice))
        if known is not None:
            evidence = merge(known, evidence)
        self._heard[sighting.key, voice] = evidence

    def _bits(self, sighting: Sighting) -> int:
        """Whether the row goes on with the call that began last in this log."""
        if sighting.kind != "row" and sighting.kind != "spawn":
            return 0
        if sighting.key not in self._begun:
            self._begun.add(sighting.key)
            self._open_key = sighting.key
            return 0
        return CONTINUED if sighting.key == self._open_key and not sighting.repeats else 0

    def _fact(self, fact: Fact, at: int, length: int) -> None:
        if fact.kind == "run":
            self._runs.append(RunAt(at, fact.at_ms or 0, fact.subject))
            return
        found = FactAt(fact.kind, fact.subject, at, length, fact.at_ms, fact.body, fact.latest)
        if fact.latest:
            self._latest[fact.kind, fact.subject] = found
        else:
            self._facts.append(found)
