"""Calls that are new and that one source speaks of, which nearly all are when a log is read first.

What `resolve` would say of them is plain: the source is the call's home and gives its numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import astuple

from toktui.evidence import pack
from toktui.model import EXACTNESS, TIERS
from toktui.store.spreads import ESTIMATED, put_spreads
from toktui.store.writer import CallRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from toktui.evidence import Evidence
    from toktui.ingest.call_rows import CallRows
    from toktui.ingest.seen import Seen
    from toktui.ingest.voices import Voices
    from toktui.store.writer import Writer

HOME: Final = -1
"""The reason of the counted sighting's evidence: it is no copy."""
_EXACT, _PLACEHOLDER, _RESIDUAL = (
    EXACTNESS.index(word) for word in ("exact", "placeholder", "residual")
)
_FRAMES_KEPT: Final = 4096
_ADD_SIGHTING: Final = (
    "insert into sighting (call, source, generation, parser, reason, stream, reemit, rows, body)"
    f" values (?, ?, ?, ?, {HOME}, ?, ?, 0, ?)"
)


class _Frame(NamedTuple):
    """What many calls of a source share, as numbers of the store, and their session by name."""

    session: int
    agent_id: int
    project: int
    branch: int
    version: int
    model: int
    tier: int
    session_key: str


class NewCalls:
    """Makes and writes the rows of such calls, and of their sightings."""

    def __init__(self, writer: Writer, rows: CallRows, voices: Voices) -> None:
        self._writer = writer
        self._rows = rows
        self._voices = voices
        self._frames: dict[tuple[object, ...], _Frame] = {}

    def clear(self) -> None:
        """Forgets the numbers of what rows share, which a rollback may have undone."""
        self._frames.clear()

    def add(
        self, agent: int, alone: Sequence[tuple[str, Seen]], searches: Mapping[str, int]
    ) -> set[str]:
        """Writes calls by key; gives their sessions. `searches` are told of apart from the rows."""
        calls: list[CallRow] = []
        sightings: list[tuple[object, ...]] = []
        spreads: list[tuple[int, int, int]] = []
        sessions: set[str] = set()
        frames, price = self._frames, self._rows.price
        streams = reemits = 0
        for call, (key, s) in zip(self._writer.new_call_ids(len(alone)), alone, strict=True):
            e = s.evidence
            place = (s.source, e.branch, e.version, e.model, e.tier)
            frame = frames.get(place) or self._frame(agent, s.source, e, place)
            session, agent_id, project, branch, version, model, tier, session_key = frame
            sessions.add(session_key)
            stream = reemit = 0
            if len(e.spots) > 3:
                continued = e.spots[5::3]
                stream = sum(continued)
                reemit = len(continued) - stream
                streams += stream
                reemits += reemit
            sightings.append((call, s.source, s.generation, s.parser, stream, reemit, pack(e)))
            exactness = _EXACT if e.any_final else _PLACEHOLDER
            if e.residual or e.grade < 0:
                exactness = _RESIDUAL if e.residual else ESTIMATED
                if exactness == ESTIMATED:
                    spreads.append((call, e.low, e.high))
            at_ms, web_search = e.first_ms, e.web_search
            if not web_search and searches:
                web_search = searches.get(key, 0)
            paid = price(e.model, at_ms, e.tier, e.geo, e.tokens, web_search, e.flags)
            calls.append(
                CallRow._make((
                    call, agent, key, session, agent_id, at_ms, project, branch, version, model,
                    paid[0], tier, e.geo, exactness, e.flags, *astuple(e.tokens), web_search,
                    e.window, *paid[1:], e.reported_nusd,
                ))
            )  # fmt: skip
        self._writer.add_calls(calls)
        put_spreads(self._writer.db, spreads)
        self._writer.add_copies(agent, "stream", streams)
        self._writer.add_copies(agent, "reemit", reemits)
        self._writer.db.executemany(_ADD_SIGHTING, sightings)
        return sessions

    def _frame(self, agent: int, number: int, e: Evidence, place: tuple[object, ...]) -> _Frame:
        _, source, project = self._voices.get(number)
        name, session = self._writer.name, source.origin or source.session
        if len(self._frames) >= _FRAMES_KEPT:
            self._frames.clear()
        frame = self._frames[place] = _Frame(
            self._writer.session(agent, session),
            name(source.agent_id),
            name(project),
            name(e.branch),
            name(e.version),
            name(e.model),
            TIERS.index(e.tier),
            session,
        )
        return frame
