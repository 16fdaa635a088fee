"""Joining, sending, leaving. Nothing is sent before a consent, and only what was consented to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from toktui.errors import ToktuiError
from toktui.team import identity
from toktui.team.http import Server, ServerError
from toktui.team.membership import Membership, Sent, TeamFile, Waiting
from toktui.team.preview import OutcomesOf, days_to_send, preview
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import (
    Appearance,
    Enrol,
    Enrolled,
    Look,
    Receipt,
    TeamInfo,
)
from toktui.team.wire.signing import new_key, public_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

FIRST_WAIT_MS: Final = 30_000
LONGEST_WAIT_MS: Final = 6 * 3_600_000
STOPPING: Final = frozenset({"not_signed", "wrong_signature", "forbidden", "consent"})
"""After these no other day is tried: the user has to do something."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a day: sent, as it was, or waiting for the reason `code`."""

    day: str
    result: Literal["stored", "unchanged", "held", "waits"]
    sha256: str = ""
    code: str = ""
    what: str = ""


def look(url: str, code: str, now_ms: Callable[[], int]) -> TeamInfo:
    """What a code leads to; tells the server nothing but the code."""
    return Server(url, now_ms).ask("POST", "/v1/team", Look(code=code)).as_(TeamInfo)


def join(
    file: TeamFile, folder: Path, *, url: str, code: str, appearance: Appearance, name: str,
    shares: tuple[str, ...], allow_http: bool, now_ms: Callable[[], int],
) -> Membership:  # fmt: skip
    """Enrols this device, after the user's consent."""
    private = new_key()
    asked = Enrol(
        code=code, public_key=public_key(private), appearance=appearance, name=name,
        schema=schema_hash(),
    )
    enrolled = Server(url, now_ms, key=private).ask("POST", "/v1/enrol", asked).as_(Enrolled)
    made = Membership(
        url=url, allow_http=allow_http, team=enrolled.team.team, team_name=enrolled.team.name,
        zone=enrolled.team.zone, member=enrolled.member, device=enrolled.device,
        role=enrolled.role, pepper=enrolled.pepper, first_day=enrolled.first_day,
        appearance=appearance, name=name, shares=shares, schema=schema_hash(),
        consented_ms=now_ms(), key_place=identity.keep(private, enrolled.device, folder),
    )
    file.remember(made)
    return made


def server_of(member: Membership, folder: Path, now_ms: Callable[[], int]) -> Server:
    """The team's server, spoken to with this device's key."""
    key = identity.fetch(member.key_place, member.device, folder)
    return Server(member.url, now_ms, key=key, device=member.device)


def submit(
    db: sqlite3.Connection, file: TeamFile, member: Membership, server: Server, *, now_ms: int,
    hurry: bool = False, outcomes: OutcomesOf | None = None,
) -> list[Outcome]:  # fmt: skip
    """Sends every day that says something else than what the server has.

    Days that failed wait for their time, unless in a `hurry`.
    """
    if member.schema != schema_hash():
        raise ToktuiError(
            "What is sent has changed since you agreed; nothing is sent until you agree again.",
            "`toktui team preview` shows it; `toktui team agree` agrees.",
        )
    sent, waiting = file.sent(), file.waiting()
    done: list[Outcome] = []
    for day in days_to_send(db, member, now_ms):
        known, wait = sent.get(day), waiting.get(day)
        if wait is not None and wait.next_ms > now_ms and not hurry:
            done.append(Outcome(day, "waits", code=wait.code))
            continue
        made = preview(db, member, day, rev=(known.rev if known else 0) + 1, now_ms=now_ms,
                       outcomes=outcomes)  # fmt: skip
        if (known is None and not made.document.rows) or (known and known.content == made.content):
            continue
        try:
            receipt = _send(db, server, member, day, made.document.rev, now_ms, outcomes)
        except ServerError as error:
            done.append(Outcome(day, "waits", code=error.code, what=error.what))
            file.wait(_next_try(day, wait, error.code, now_ms))
            if error.code in STOPPING or error.code == "network":
                break
            continue
        file.mark_sent(Sent(day, receipt.rev, made.content, receipt.sha256, made.document.closed,
                            now_ms, receipt.result))  # fmt: skip
        done.append(Outcome(day, receipt.result, receipt.sha256))
    return done


def _send(
    db: sqlite3.Connection, server: Server, member: Membership, day: str, rev: int, now_ms: int,
    outcomes: OutcomesOf | None,
) -> Receipt:  # fmt: skip
    """Sends the bytes of the preview; with a later revision if the server has a later one."""
    made = preview(db, member, day, rev=rev, now_ms=now_ms, outcomes=outcomes)
    try:
        return server.ask("PUT", f"/v1/days/{day}", made.body).as_(Receipt)
    except ServerError as error:
        if error.code != "revision" or error.problem is None or error.problem.rev is None:
            raise
        made = preview(
            db, member, day, rev=error.problem.rev + 1, now_ms=now_ms, outcomes=outcomes
        )
        return server.ask("PUT", f"/v1/days/{day}", made.body).as_(Receipt)


def _next_try(day: str, wait: Waiting | None, code: str, now_ms: int) -> Waiting:
    """Some time within a span that doubles, so that clients do not come back together."""
    attempts = (wait.attempts if wait else 0) + 1
    span = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(attempts - 1, 20))
    return Waiting(day, attempts, now_ms + random.randint(0, span), code)


def leave(file: TeamFile, folder: Path, member: Membership, server: Server) -> bool:
    """Deletes everything on the server and here; whether the server confirms that it is gone."""
    server.ask("DELETE", "/v1/me")
    try:
        server.ask("GET", "/v1/me/export")
    except ServerError as error:
        gone = error.code == "not_signed"
    else:
        gone = False
    identity.forget(member.key_place, member.device, folder)
    file.forget()
    return gone
