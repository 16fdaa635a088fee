"""How far the last look at a repository came, and what is new since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import DAY_MS
from toktui.outcomes.landed import CONTEXT_MS
from toktui.outcomes.ran import LATEST_MS

if TYPE_CHECKING:
    from toktui.outcomes.repository import Repository
    from toktui.outcomes.work import Work

METHOD: Final = 3
"""Rises when the same repository gives other findings: all are looked at as a whole again."""
SETTLED_MS: Final = LATEST_MS + CONTEXT_MS + 7 * DAY_MS
"""After which nothing new can be said of a change, but by older calls that turn up."""
MOST_OTHERS: Final = 5
WHOLE_EVERY_MS: Final = 7 * DAY_MS
"""After which all is looked at again, for what may have been missed."""


class Looked(msgspec.Struct, frozen=True, array_like=True):
    """What there was at a look."""

    method: int
    at_ms: int
    ref: str
    tip: str
    shallow: bool
    emails: tuple[str, ...]
    projects: tuple[int, ...]
    calls: int
    commits: int
    settled_ms: int
    settled_calls: int
    """Of these, those before `settled_ms`."""
    settled_commits: int
    others: tuple[str, ...] = ()
    """Addresses under which commits are by the user's name, and which are not known as the
    user's; some of them."""


_decode: Final = msgspec.msgpack.Decoder(Looked).decode
_encode: Final = msgspec.msgpack.Encoder().encode


def pack(looked: Looked) -> bytes:
    """As the store keeps it."""
    return _encode(looked)


def unpack(packed: bytes | None) -> Looked | None:
    """What was kept; None if nothing was, or by another version in another form."""
    try:
        return _decode(packed) if packed else None
    except msgspec.DecodeError:
        return None


def stand(
    work: Work, repository: Repository, projects: tuple[int, ...], now_ms: int
) -> Looked:
    """What there is now."""
    settled = now_ms - SETTLED_MS
    settled -= settled % DAY_MS
    return Looked(
        method=METHOD,
        at_ms=now_ms,
        ref=repository.ref,
        tip=repository.tip,
        shallow=repository.shallow,
        emails=tuple(sorted(repository.emails)),
        projects=projects,
        calls=work.calls(projects),
        commits=work.commits(projects),
        settled_ms=settled,
        settled_calls=work.calls(projects, settled),
        settled_commits=work.commits(projects, settled),
    )


def with_others(looked: Looked, before: Looked | None, found: set[str]) -> Looked:
    """With the addresses that were found, and those of the look before; `before` is None where all
    was looked at."""
    known = found | set(before.others if before else ())
    return msgspec.structs.replace(looked, others=tuple(sorted(known)[:MOST_OTHERS]))


def is_same(before: Looked, now: Looked) -> bool:
    """Whether nothing was added since."""
    when = {"at_ms": 0, "settled_ms": 0, "settled_calls": 0, "settled_commits": 0, "others": ()}
    return _is_recent(before, now) and (
        msgspec.structs.replace(before, **when) == msgspec.structs.replace(now, **when)
    )


def new_since(before: Looked, now: Looked, work: Work) -> int | None:
    """From when on there may be something new; None: from the beginning."""
    settled = before.settled_ms
    is_added_to = (
        (before.method, before.ref, before.shallow, before.emails, before.projects)
        == (now.method, now.ref, now.shallow, now.emails, now.projects)
        and _is_recent(before, now)
        and before.settled_calls == work.calls(now.projects, settled)
        and before.settled_commits == work.commits(now.projects, settled)
    )
    return settled if is_added_to else None


def _is_recent(before: Looked, now: Looked) -> bool:
    return before.at_ms <= now.at_ms < before.at_ms + WHOLE_EVERY_MS
