"""What only several logs together tell: ties between sessions, families, replayed counters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from toktui import facts
from toktui.ingest.seen import LEDGER_KIND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toktui.ingest.seen import Seen
    from toktui.ingest.settle import Settler


class Member(msgspec.Struct, frozen=True, gc=False):
    """A log with the session that it belongs to, and that session's parent or nothing."""

    log: int
    path: str
    session: str
    parent: str


class Kinship:
    """Answers about sessions and threads, from the sightings that the store has."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler
        self._members: dict[int, list[Member]] = {}

    def origin_of(self, agent: int) -> Callable[[str, str], str | None]:
        """Which of two tied sessions is the origin: the one whose calls the other has all.

        A tie is remembered, since later calls of either session can change the answer.
        """

        def answer(one: str, other: str) -> str | None:
            first, second = sorted((one, other))
            origin = self._origin(agent, first, second)
            self._settler.db.execute(
                "insert or replace into tie (agent, one, other, origin) values (?, ?, ?, ?)",
                (agent, first, second, origin or ""),
            )
            return origin

        return answer

    def _calls_of(self, agent: int, session: str) -> set[int]:
        """The calls that stand in logs of a session; residuals stand in none."""
        return {
            row[0]
            for row in self._settler.db.execute(
                "select distinct s.call from source o join log l on l.id = o.log"
                " join sighting s on s.source = o.id"
                " where o.session = ? and l.agent = ? and o.kind <> ?",
                (session, agent, LEDGER_KIND),
            )
        }

    def _origin(self, agent: int, one: str, other: str) -> str | None:
        ones, others = self._calls_of(agent, one), self._calls_of(agent, other)
        if ones == others:
            return None
        if ones < others:
            return one
        return other if others < ones else None

    def ties_changed(self, agent: int, heard: dict[str, dict[int, Seen]]) -> Iterable[set[str]]:
        """Keys to resolve again because the origin of two tied sessions is another one now."""
        db = self._settler.db
        ties = db.execute("select one, other, origin from tie where agent = ?", (agent,)).fetchall()
        if not ties:
            return
        touched = {
            self._settler.voices.get(source)[1].session for by in heard.values() for source in by
        }
        for one, other, origin in ties:
            if one not in touched and other not in touched:
                continue
            now = self._origin(agent, one, other) or ""
            if now != origin:
                shared = self._calls_of(agent, one) & self._calls_of(agent, other)
                keys = db.execute(
                    "select c.key from json_each(?) j join call c on c.id = j.value",
                    (json.dumps(sorted(shared)),),
                )
                yield {row[0] for row in keys}

    def members(self, agent: int) -> list[Member]:
        """Every log of an agent that names its session and its family."""
        known = self._members.get(agent)
        if known is None:
            known = self._members[agent] = [
                Member(log, path, thread.session, thread.parent)
                for log, path, thread in (
                    (log, path, facts.decode_thread(body))
                    for log, path, body in self._settler.db.execute(
                        "select f.log, l.path, f.body from fact f join log l on l.id = f.log"
                        " where f.kind = 'thread' and l.agent = ?",
                        (agent,),
                    )
                )
            ]
        return known

    def forget_members(self, agent: int | None = None) -> None:
        """A log has said something new of its family, or a transaction was undone."""
        if agent is None:
            self._members.clear()
        else:
            self._members.pop(agent, None)

    def families(self, agent: int, logs: set[int], sessions: set[str]) -> None:
        """Writes who spawned or was forked by whom, as these logs say, or any log of sessions."""
        for (body,) in self._settler.db.execute(
            "select f.body from json_each(?) j join fact f on f.log = j.value"
            " where f.kind = 'thread'"
            " union select f.body from json_each(?) j join fact f"
            " on f.kind = 'thread' and f.subject = j.value"
            " join log l on l.id = f.log where l.agent = ?",
            (json.dumps(sorted(logs)), json.dumps(sorted(sessions)), agent),
        ).fetchall():
            thread = facts.decode_thread(body)
            if thread.parent and thread.spawned:
                self._settler.db.execute(
                    "update session set parent = ? where agent = ? and key = ? and parent <> ?1",
                    (thread.parent, agent, thread.session),
                )
