"""Puts turns that a log only has the text of under the calls that tell of them, or takes them back,
whenever either is new."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from toktui.agents import agent as agent_named
from toktui.evidence import Source, unpack
from toktui.ingest.seen import Seen
from toktui.ingest.voices import KINDS
from toktui.model import FLAG_TIME_MOVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toktui.agents._cursor_guesses import Report
    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler

_GUESS = KINDS.index("guess")


class _Heard(msgspec.Struct):
    """One piece of evidence; `own` is the key that its log gives. `call` 0: it is new."""

    own: str
    key: str
    seen: Seen
    voice: Source
    call: int = 0


def place_guesses(
    settler: Settler, agent: int, heard: dict[str, dict[int, Seen]], outcome: Outcome
) -> None:
    """Moves every guess of the sessions that are heard of to the call that tells of it."""
    if not heard or not agent_named(settler.agent_name(agent)).guesses:
        return
    parents = {m.session: m.parent for m in settler.kinship.members(agent) if m.parent}
    sessions = {settler.voices.get(s)[1].session for by in heard.values() for s in by}
    touched = sessions | {s for s in parents if not sessions.isdisjoint(_above(s, parents))}
    if not _has_guess(settler, agent, touched, heard):
        return
    everyone = touched.union(*(_above(s, parents) for s in touched))
    by_session: dict[str, list[_Heard]] = defaultdict(list)
    for one in (*_stored(settler, agent, everyone), *_new(settler, heard)):
        by_session[one.voice.session].append(one)
    for session in sorted(touched):
        above = [one for s in _above(session, parents) for one in by_session.get(s, ())]
        wanted = _wanted(by_session.get(session, ()), above)
        for one in by_session.get(session, ()):
            if one.voice.kind == "guess":
                _move(settler, agent, one, wanted.get(one.own, one.own), heard, outcome)


def _above(session: str, parents: Mapping[str, str]) -> list[str]:
    """The session that started one, the one that started that, and so on."""
    found: list[str] = []
    while (session := parents.get(session, "")) and session not in found:
        found.append(session)
    return found


def _has_guess(
    settler: Settler, agent: int, sessions: Iterable[str], heard: dict[str, dict[int, Seen]]
) -> bool:
    if any(settler.voices.get(s)[1].kind == "guess" for by in heard.values() for s in by):
        return True
    found = settler.db.execute(
        "select 1 from json_each(?) j join source o on o.session = j.value and o.kind = ?"
        " join log l on l.id = o.log and l.agent = ? limit 1",
        (json.dumps(sorted(sessions)), _GUESS, agent),
    )
    return found.fetchone() is not None


def _stored(settler: Settler, agent: int, sessions: Iterable[str]) -> Iterator[_Heard]:
    rows = settler.db.execute(
        "select c.id, c.key, x.source, x.generation, x.parser, x.body from json_each(?) j"
        " join source o on o.session = j.value join log l on l.id = o.log and l.agent = ?"
        " join sighting x on x.source = o.id join call c on c.id = x.call",
        (json.dumps(sorted(sessions)), agent),
    ).fetchall()
    for call, key, source, generation, parser, body in rows:
        evidence = unpack(body)
        seen = Seen(source, generation, parser, evidence)
        voice = settler.voices.get(source)[1]
        yield _Heard(evidence.own_key or key, key, seen, voice, call)


def _new(settler: Settler, heard: dict[str, dict[int, Seen]]) -> Iterator[_Heard]:
    for key, by_source in heard.items():
        for seen in by_source.values():
            voice = settler.voices.get(seen.source)[1]
            yield _Heard(seen.evidence.own_key or key, key, seen, voice)


def _wanted(own: Iterable[_Heard], above: Iterable[_Heard]) -> Mapping[str, str]:
    from toktui.agents._cursor_guesses import told_elsewhere  # noqa: PLC0415  few agents guess

    return told_elsewhere(_reports(own), _reports(above))


def _reports(heard: Iterable[_Heard]) -> list[Report]:
    """What all evidence of one key amounts to; times that are its own go before others."""
    from toktui.agents._cursor_guesses import Report  # noqa: PLC0415

    by_key: dict[tuple[str, bool], list[_Heard]] = defaultdict(list)
    for one in heard:
        by_key[one.own, one.voice.kind == "guess"].append(one)
    reports: list[Report] = []
    for (key, guess), same in by_key.items():
        found = [one.seen.evidence for one in same]
        dated = [e for e in found if not e.flags & FLAG_TIME_MOVED]
        times = dated or found
        first, last = min(e.first_ms for e in times), max(e.at_ms for e in times)
        grade = (min if guess else max)(e.grade for e in found)
        reports.append(Report(key, first, max(first, last), grade, guess, bool(dated)))
    return reports


def _move(
    settler: Settler,
    agent: int,
    one: _Heard,
    target: str,
    heard: dict[str, dict[int, Seen]],
    outcome: Outcome,
) -> None:
    """Puts a guess under a call. There it speaks with a voice of its own, so that several can stand
    under one call and leave it again."""
    if one.key == target:
        return
    seen, voice = one.seen, one.voice
    if one.call:
        settler.drop_sighting(agent, one.call, seen.source, outcome)
    else:
        by_source = heard[one.key]
        by_source.pop(seen.source, None)
        if not by_source:
            del heard[one.key]
    seen.evidence.own_key = one.own if target != one.own else ""
    named = Source(voice.kind, voice.session, seen.evidence.own_key, voice.agent_id)
    seen.source = settler.voices.like(seen.source, named)
    settler.hear(heard, target, seen)
