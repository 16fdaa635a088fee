"""Moves replayed calls to the session that made them, whenever a family of logs changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toktui.agents import agent as agent_named
from toktui.agents.lineage import Moved, Run, Step, family_moves
from toktui.evidence import Source, unpack
from toktui.ingest.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toktui.ingest.kinship import Member
    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler


def move_replays(
    settler: Settler,
    agent: int,
    heard: dict[str, dict[int, Seen]],
    logs: Iterable[int],
    outcome: Outcome,
) -> set[int]:
    """Puts the evidence of these logs, and of their families, under the calls that it repeats.

    Gives the logs of those families.
    """
    related: set[int] = set()
    if not agent_named(settler.agent_name(agent)).replays:
        return related
    for family in _families(settler, agent, set(logs)):
        related.update(member.log for member in family)
        runs = [_run(settler, member) for member in family]
        moves = family_moves(runs)
        for member in family:
            wanted = moves[member.path]
            _move_heard(settler, member, wanted, heard)
            _move_stored(settler, agent, member, wanted, heard, outcome)
    return related


def _families(settler: Settler, agent: int, touched: set[int]) -> list[list[Member]]:
    """The families with a touched log in them; a log without relatives is none."""
    members = settler.kinship.members(agent)
    head: dict[str, str] = {}

    def find(session: str) -> str:
        while (above := head.get(session, session)) != session:
            session = above
        return session

    for member in members:
        if member.parent:
            head[find(member.session)] = find(member.parent)
    families: dict[str, list[Member]] = {}
    for member in members:
        families.setdefault(find(member.session), []).append(member)
    return [
        family
        for family in families.values()
        if any(m.parent for m in family) and any(m.log in touched for m in family)
    ]


def _run(settler: Settler, member: Member) -> Run:
    steps: list[Step] = []
    for (text,) in settler.db.execute(
        "select key from run where log = ? order by offset", (member.log,)
    ):
        own, _, recorded = text[1:].partition("=")
        steps.append(Step(own, own.rpartition(":")[2], text[0] == "-", recorded))
    return Run(member.path, member.session, member.parent, tuple(steps))


def _move_heard(
    settler: Settler, member: Member, wanted: dict[str, Moved], heard: dict[str, dict[int, Seen]]
) -> None:
    """New evidence goes straight to where it belongs."""
    for own, moved in wanted.items():
        by_source = heard.get(own)
        if not by_source:
            continue
        for source in [s for s in by_source if settler.voices.get(s)[0] == member.path]:
            seen = by_source[source]
            if not settler.voices.get(source)[1].origin:
                del by_source[source]
                _put(settler, seen, own, moved, heard)
        if not by_source:
            del heard[own]


def _move_stored(
    settler: Settler,
    agent: int,
    member: Member,
    wanted: dict[str, Moved],
    heard: dict[str, dict[int, Seen]],
    outcome: Outcome,
) -> None:
    """Stored evidence that belongs elsewhere by now is taken out and heard again.

    Evidence from before the log was rewritten stays: its steps are no longer in the run.
    """
    rows = settler.db.execute(
        "select s.call, s.source, c.key, s.generation, s.parser, s.body from source o"
        " join sighting s on s.source = o.id join call c on c.id = s.call"
        " join log l on l.id = o.log where o.log = ? and s.generation = l.generation",
        (member.log,),
    ).fetchall()
    for call, source, key, generation, parser, body in rows:
        evidence = unpack(body)
        own = evidence.own_key or key
        moved = wanted.get(own)
        if not evidence.own_key and moved is None:
            continue
        target = moved.key if moved else own
        if target == key and evidence.residual == bool(moved and moved.orphan):
            continue
        settler.drop_sighting(agent, call, source, outcome)
        seen = Seen(source, generation, parser, evidence)
        _put(settler, seen, own, moved, heard)


def _put(
    settler: Settler,
    seen: Seen,
    own: str,
    moved: Moved | None,
    heard: dict[str, dict[int, Seen]],
) -> None:
    _, voice, _ = settler.voices.get(seen.source)
    origin = moved.origin if moved else ""
    if origin != voice.origin:
        seen.source = settler.voices.like(
            seen.source, Source(voice.kind, voice.session, origin, voice.agent_id)
        )
    seen.evidence.own_key = own if moved else ""
    seen.evidence.residual = bool(moved and moved.orphan)
    settler.hear(heard, moved.key if moved else own, seen)
