"""What all logs together say of one call: its numbers, its session, and why the rest are copies.

The rules are counting.md 1.2 and 1.3; nothing here depends on the order of reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from toktui.evidence import Evidence, Source
from toktui.model import FLAG_GAP, FLAG_SESSION_GUESSED, FLAG_TIME_MOVED, Exactness, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Known(msgspec.Struct, frozen=True, gc=False):
    """The evidence of one source of one log, with where it lies."""

    path: str
    source: Source
    project: str
    evidence: Evidence


class Copies(msgspec.Struct, frozen=True, gc=False):
    """How many rows of one piece of evidence are copies, by reason."""

    reason: Reason | Literal[""]
    """Of the whole evidence; empty in the home log, where `stream` and `reemit` tell them apart."""
    rows: int = 0
    stream: int = 0
    reemit: int = 0


class Resolved(msgspec.Struct, frozen=True, gc=False):
    """A call as all its sightings give it; `copies` runs beside the given evidence."""

    numbers: Evidence
    session: str
    agent_id: str
    at_ms: int
    project: str
    branch: str
    version: str
    exactness: Exactness
    flags: int
    window: int
    reported_nusd: int | None
    home: int
    copies: tuple[Copies, ...]


SessionOrder = "Callable[[str, str], str | None]"
"""Which of two sessions is the origin by its calls being a subset of the other's; None: neither."""


def resolve(
    known: Sequence[Known], origin_of: Callable[[str, str], str | None] | None = None
) -> Resolved:
    """The call that the evidence of one key amounts to; `known` is not empty."""
    if len(known) == 1:
        return _alone(known[0])
    told, timed = _telling(known)
    best = max((k.evidence for k in told), key=Evidence.rank)
    session, decider, guessed = _session(timed, origin_of)
    home = _home(timed, session)
    counted = _counted(known, home, session)
    reported = [k.evidence.reported_nusd for k in told if k.evidence.reported_nusd is not None]
    flags = best.flags & ~FLAG_TIME_MOVED | (FLAG_SESSION_GUESSED if guessed else 0)
    for k in timed:
        flags |= k.evidence.flags & ~FLAG_GAP
    return Resolved(
        numbers=best,
        session=session,
        agent_id=known[counted].source.agent_id,
        at_ms=min(k.evidence.first_ms for k in timed),
        project=decider.project or _project(known, session),
        branch=decider.evidence.branch,
        version=decider.evidence.version,
        exactness=_exactness([k.evidence for k in told]),
        flags=flags,
        window=max(k.evidence.window for k in told),
        reported_nusd=max(reported) if reported else None,
        home=counted,
        copies=tuple(_copies(k, known[counted], counted=i == counted) for i, k in enumerate(known)),
    )


def _telling(known: Sequence[Known]) -> tuple[Sequence[Known], Sequence[Known]]:
    """Those that give the numbers, and those that give time and session. A guess does neither where
    anybody else tells of the call, or another guess of whose key it is; and among guesses goes a
    time that is the turn's own."""
    if all(k.source.kind != "guess" for k in known):
        return known, known
    told = [k for k in known if k.source.kind != "guess"]
    if told:
        return told, told
    own = [k for k in known if not k.evidence.own_key] or known
    return own, [k for k in own if not k.evidence.flags & FLAG_TIME_MOVED] or own


def _alone(k: Known) -> Resolved:
    e, source = k.evidence, k.source
    return Resolved(
        e,
        source.origin or source.session,
        source.agent_id,
        e.first_ms,
        k.project,
        e.branch,
        e.version,
        _exactness((e,)),
        e.flags,
        e.window,
        e.reported_nusd,
        0,
        (_copies(k, k, counted=True),),
    )


def _exactness(evidence: Sequence[Evidence]) -> Exactness:
    if all(e.residual for e in evidence):
        return "residual"
    if all(e.grade < 0 for e in evidence):
        return "estimated"
    return "exact" if any(e.any_final for e in evidence) else "placeholder"


def _session(
    known: Sequence[Known], origin_of: Callable[[str, str], str | None] | None
) -> tuple[str, Known, bool]:
    """The session that made the call, the evidence that decided it, and whether it is a guess."""
    marked = [k for k in known if k.source.origin]
    own = [k for k in known if not k.source.origin]
    if marked:
        copied = {k.source.session for k in marked}
        roots = [k for k in marked if k.source.origin not in copied] or marked
        first = min(roots, key=lambda k: (k.evidence.first_ms, k.source.origin, k.path))
        session = first.source.origin
        at_home = [k for k in own if k.source.session == session]
        return session, min(at_home or [first], key=_by_place), False
    rows = [k for k in own if k.source.kind != "progress"] or own
    earliest = min(k.evidence.first_ms for k in rows)
    tied = sorted({k.source.session for k in rows if k.evidence.first_ms == earliest})
    session, guessed = tied[0], False
    if len(tied) > 1:
        origin = _first_origin(tied, origin_of)
        session, guessed = origin or tied[0], origin is None
    return session, min((k for k in rows if k.source.session == session), key=_by_place), guessed


def _project(known: Sequence[Known], session: str) -> str:
    """The first folder that another log of the session names, where its own names none."""
    named = [k for k in known if k.project and k.source.session == session]
    return min(named, key=_by_place).project if named else ""


def _first_origin(
    tied: Sequence[str], origin_of: Callable[[str, str], str | None] | None
) -> str | None:
    if origin_of is None:
        return None
    for session in tied:
        if all(origin_of(session, other) == session for other in tied if other != session):
            return session
    return None


def _by_place(k: Known) -> tuple[object, ...]:
    return (k.evidence.first_ms, bool(k.source.agent_id), k.path, k.evidence.spots[0])


def _home(known: Sequence[Known], session: str) -> str:
    """The path of the home log."""
    rows = [k for k in known if k.source.kind != "progress"] or list(known)
    at_home = [k for k in rows if k.source.session == session]
    return min(
        at_home or rows, key=lambda k: (bool(k.source.agent_id) if at_home else False, k.path)
    ).path


def _counted(known: Sequence[Known], home: str, session: str) -> int:
    """The index of the evidence whose first row is the counted sighting.

    A database is the log of many sessions: the row of the call's own goes first.
    """
    return min(
        (i for i, k in enumerate(known) if k.path == home),
        key=lambda i: (
            known[i].source.kind == "progress",
            known[i].source.session != session,
            known[i].evidence.spots[0],
        ),
    )


def _copies(k: Known, home: Known, *, counted: bool) -> Copies:
    rows = len(k.evidence.spots) // 3
    if counted:
        bits = k.evidence.spots[5::3]
        stream = sum(bit & 1 for bit in bits)
        return Copies("", rows - 1, stream, len(bits) - stream)
    return Copies(_reason(k, home), rows)


def _reason(k: Known, home: Known) -> Reason:
    same_session = k.source.session == home.source.session
    if k.source.kind == "progress":
        return "progress"
    if same_session and k.source.agent_id == home.source.agent_id and k.path != home.path:
        return "archive"
    if k.evidence.grade != home.evidence.grade:
        return "archive"
    if k.source.kind == "spawn" or (same_session and k.source.agent_id != home.source.agent_id):
        return "replay"
    if k.source.origin:
        return "fork"
    return "resume" if not same_session else "reemit"
