"""Puts the rows of a vendor's account under the calls that they are, whenever either is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.agents import agent as agent_named
from toktui.agents.matching import REACH_MS, Claim, matches
from toktui.evidence import Evidence, Source, unpack
from toktui.ingest.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toktui.ingest.seen import Outcome
    from toktui.ingest.settle import Settler

_GAP_MS: Final = REACH_MS + 1
_MOVED_MS: Final = 6 * _GAP_MS
"""How far from what is new rows may change their calls. An answer depends on its neighbours, and by
them on theirs; so long a chain of rows that vie for each other's calls has not been seen."""
_LOADED_MS: Final = 2 * _MOVED_MS


class _Report(msgspec.Struct):
    """One piece of evidence; `own` is the key that its log gives. `call` 0: it is new."""

    own: str
    key: str
    seen: Seen
    call: int = 0

    @property
    def is_told_elsewhere(self) -> bool:
        """It was put under a call of another key already, whose numbers say more."""
        return bool(self.seen.evidence.own_key)

    @property
    def begin(self) -> int:
        return min(self.seen.evidence.first_ms, self.seen.evidence.at_ms)

    @property
    def end(self) -> int:
        return max(self.seen.evidence.first_ms, self.seen.evidence.at_ms)


def match_account(
    settler: Settler, agent: int, heard: dict[str, dict[int, Seen]], outcome: Outcome
) -> None:
    """Moves rows to their calls, and back where something fits better by now."""
    account = agent_named(settler.agent_name(agent)).account
    if not account or not heard or not _has_account(settler, agent, account, heard):
        return
    new = [
        _Report(seen.evidence.own_key or key, key, seen)
        for key, by_source in heard.items()
        for seen in by_source.values()
    ]
    reports = _around(settler, agent, new)
    rows = _claims(r for r in reports if r.own.startswith(account))
    calls = _claims(r for r in reports if not r.own.startswith(account) and not r.is_told_elsewhere)
    wanted = matches(rows, calls)
    sessions = _sessions(settler, reports, account)
    begin, end = _span(new)
    for report in reports:
        near = begin - _MOVED_MS <= report.begin <= end + _MOVED_MS
        if near and report.own.startswith(account):
            target = wanted.get(report.own, report.own)
            _move(settler, agent, report, sessions.get(target, ""), target, heard, outcome)


def _has_account(
    settler: Settler, agent: int, account: str, heard: Mapping[str, dict[int, Seen]]
) -> bool:
    if any(key.startswith(account) for key in heard):
        return True
    behind = account[:-1] + chr(ord(account[-1]) + 1)
    found = settler.db.execute(
        "select 1 from source s join log l on l.id = s.log"
        " where s.session >= ? and s.session < ? and l.agent = ? limit 1",
        (account, behind, agent),
    )
    return found.fetchone() is not None


def _around(settler: Settler, agent: int, new: list[_Report]) -> list[_Report]:
    """The new reports and all stored ones that they can touch, directly or through others."""
    begin, end = _span(new)
    stored = list(_stored(settler, agent, begin - _LOADED_MS, end + _LOADED_MS))
    return _connected(new, stored)


def _span(reports: Iterable[_Report]) -> tuple[int, int]:
    times = [(report.begin, report.end) for report in reports]
    return min(begin for begin, _ in times), max(end for _, end in times)


def _stored(settler: Settler, agent: int, begin: int, end: int) -> Iterator[_Report]:
    rows = settler.db.execute(
        "select c.id, c.key, x.source, x.generation, x.parser, x.body from session s"
        " join call c on c.session = s.id and c.at_ms between ?2 and ?3"
        " join sighting x on x.call = c.id"
        " where s.agent = ?1 and s.last_ms >= ?2 and s.first_ms <= ?3",
        (agent, begin, end),
    ).fetchall()
    for call, key, source, generation, parser, body in rows:
        evidence = unpack(body)
        seen = Seen(source, generation, parser, evidence)
        yield _Report(evidence.own_key or key, key, seen, call)


def _connected(new: list[_Report], stored: list[_Report]) -> list[_Report]:
    """The reports of every stretch of time without a gap that has a new one in it."""
    spans: dict[str, list[int]] = {}
    for report in (*new, *stored):
        for key in (report.own, report.key):
            span = spans.setdefault(key, [report.begin, report.end])
            span[:] = [min(span[0], report.begin), max(span[1], report.end)]
    touched = {report.own for report in new} | {report.key for report in new}
    wanted: set[str] = set()
    stretch: list[str] = []
    until = 0
    for key, (begin, end) in sorted(spans.items(), key=lambda item: (item[1], item[0])):
        if stretch and begin > until + _GAP_MS:
            wanted.update(stretch if touched.intersection(stretch) else ())
            stretch = []
        stretch.append(key)
        until = max(until, end) if len(stretch) > 1 else end
    wanted.update(stretch if touched.intersection(stretch) else ())
    return [report for report in (*new, *stored) if report.own in wanted or report.key in wanted]


def _claims(reports: Iterable[_Report]) -> list[Claim]:
    """What all reports of one key amount to."""
    by_key: dict[str, list[_Report]] = {}
    for report in reports:
        by_key.setdefault(report.own, []).append(report)
    claims: list[Claim] = []
    for key, same in by_key.items():
        best = max((report.seen.evidence for report in same), key=Evidence.rank)
        begin, end = min(r.begin for r in same), max(r.end for r in same)
        claims.append(Claim(key, begin, end, best.model, best.tokens, best.grade >= 0))
    return claims


def _sessions(settler: Settler, reports: Iterable[_Report], account: str) -> dict[str, str]:
    """The session of each call that a log knows."""
    found: dict[str, tuple[int, str]] = {}
    for report in reports:
        if not report.own.startswith(account):
            _, voice, _ = settler.voices.get(report.seen.source)
            said = (report.begin, voice.origin or voice.session)
            found[report.own] = min(said, found.get(report.own, said))
    return {key: session for key, (_, session) in found.items()}


def _move(
    settler: Settler,
    agent: int,
    report: _Report,
    origin: str,
    target: str,
    heard: dict[str, dict[int, Seen]],
    outcome: Outcome,
) -> None:
    """Puts a row under a call; `origin` is that call's session, empty for a call of its own."""
    seen = report.seen
    voice = settler.voices.get(seen.source)[1]
    if report.key == target and voice.origin == origin:
        return
    if report.call:
        settler.drop_sighting(agent, report.call, seen.source, outcome)
    else:
        by_source = heard[report.key]
        by_source.pop(seen.source, None)
        if not by_source:
            del heard[report.key]
    if voice.origin != origin:
        named = Source(voice.kind, voice.session, origin, voice.agent_id)
        seen.source = settler.voices.like(seen.source, named)
    seen.evidence.own_key = report.own if target != report.own else ""
    settler.hear(heard, target, seen)
