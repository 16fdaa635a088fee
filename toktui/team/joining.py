"""Joining a team after the user's consent, agreeing anew, and leaving so that nothing stays."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from toktui.errors import ToktuiError, UsageError
from toktui.team import identity
from toktui.team.failures import kind_of_error
from toktui.team.http import Server, ServerError, nonsense
from toktui.team.membership import Membership
from toktui.team.wire.document import schema_hash
from toktui.team.wire.messages import Appearance, Enrol, Enrolled, Look, TeamInfo
from toktui.team.wire.signing import new_key, public_key
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from toktui.team.team_file import TeamFile

Gone = Literal["verified", "unverified", "unknown"]
"""Of what was on the server: it is gone, and the server does not know this device any more; or it
is said to be gone, but the server could not be asked again; or the server does not know this device
any more, for the last time has deleted everything, or the device was revoked since."""

CODE: Final = re.compile(r"[A-Za-z2-7-]{20,64}")
_PEPPER: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[a-z]_[a-z2-7]{16}")
MOST_RETENTION: Final = 36_500
_UNKNOWN: Final = (
    "The board does not know this device any more: you left from another one, or it was revoked."
    " `toktui team leave --here` forgets the team on this device."
)
_LATER: Final = (
    "Nothing is sent any more. `toktui team leave` asks again, `toktui team resume` stays, `toktui"
    " team leave --here` forgets the team on this device only."
)
_REFUSED: Final = "code_refused"
_AGAIN: Final = "Join again with the same code: it is not used up twice."
KEYS: Final = "team"
"""Folder of key files in the data folder."""


def look(url: str, code: str, now_ms: Callable[[], int], folder: Path) -> TeamInfo:
    """What a code leads to; tells the server nothing but the code, and of a device that it may know
    already its public key. UsageError for what is no code, ServerError for what is no team that
    this toktui can join."""
    if not CODE.fullmatch(code):
        raise UsageError("CODE is not one of a board.", "Copy it whole, as it was given to you.")
    server = Server(url, now_ms)
    try:
        answer = server.ask("POST", "/v1/team", Look(code=code))
    except ServerError as error:
        before = identity.kept(_key_name(url, code), folder) if error.code == _REFUSED else None
        if before is None:
            raise
        # The last time the answer was lost: the code may have been used up by this very device.
        asked = Look(code=code, public_key=public_key(before[0]))
        answer = server.ask("POST", "/v1/team", asked)
    found = answer.as_(TeamInfo)
    _check(found)
    if found.schema != schema_hash():
        raise ServerError(
            "consent", "The board takes other fields than this toktui sends.",
            "Bring the older of the two up to date.",
        )  # fmt: skip
    return found


def _check(found: TeamInfo) -> None:
    """Refuses what cannot be worked with."""
    try:
        ZoneInfo(found.zone)
        date.fromisoformat(found.today)
    except (KeyError, ValueError, OSError) as error:
        raise nonsense("The board names a day or time zone that does not exist.") from error
    if not 1 <= found.retention_days <= MOST_RETENTION:
        raise nonsense("The board says an impossible time for which it keeps days.")
    if not 0 <= found.backfill_days <= MOST_RETENTION:
        raise nonsense("The board says an impossible time for which it takes days.")


def join(
    file: TeamFile, folder: Path, *, url: str, code: str, shown: TeamInfo, appearance: Appearance,
    name: str, shares: tuple[str, ...], allow_http: bool, now_ms: Callable[[], int],
) -> Membership:  # fmt: skip
    """Enrols this device, after the user's consent to what was `shown`.

    The key is kept first: a device whose key cannot be kept uses up no code. It stays where nobody
    knows whether the server took it: the same key again with the same code is the same device.
    """
    # By the code until it is known to be in; then by itself, for a code may let in others, too.
    key_name = _key_name(url, code)
    before = identity.kept(key_name, folder)
    if before is None:
        identity.forget("file", key_name, folder)
        private = new_key()
        place = identity.keep(private, key_name, folder)
    else:
        private, place = before
    asked = Enrol(
        code=code, public_key=public_key(private), appearance=appearance, name=name,
        schema=schema_hash(),
    )  # fmt: skip
    try:
        enrolled = Server(url, now_ms, key=private).ask("POST", "/v1/enrol", asked).as_(Enrolled)
        _check_enrolled(enrolled, shown)
    except ServerError as error:
        # Nonsense is what something else answered, in its place.
        if kind_of_error(error) == "later" and error.code != "nonsense":
            raise ServerError(error.code, error.what, _AGAIN, error.problem) from error
        identity.forget(place, key_name, folder)
        raise
    # Killed anywhere from here on, it is either in, or joins again with the same code and key.
    own_name, code_name = hashlib.sha256(asked.public_key.encode()).hexdigest()[:16], ""
    if identity.keep_again(private, place, own_name, folder):
        key_name, code_name = own_name, key_name
    made = Membership(
        url=url, allow_http=allow_http, team=enrolled.team.team,
        team_name=clean(enrolled.team.name, 60), zone=enrolled.team.zone, member=enrolled.member,
        device=enrolled.device, role=enrolled.role, pepper=enrolled.pepper,
        first_day=enrolled.first_day, retention_days=enrolled.team.retention_days,
        appearance="" if shown.kind == "link" else appearance, name=clean(name, 40), shares=shares,
        schema=schema_hash(), consented_ms=now_ms(), key_place=place, key_name=key_name,
        code_name=code_name,
    )  # fmt: skip
    file.remember(made)
    if code_name:
        identity.forget(place, code_name, folder)
        made = file.change(code_name="") or made
    return made


def _key_name(url: str, code: str) -> str:
    """Under which the key of a device is kept that joins by a code."""
    plain = code.replace("-", "").upper()
    return hashlib.sha256(f"{url} {plain}".encode()).hexdigest()[:16]


def _check_enrolled(found: Enrolled, shown: TeamInfo) -> None:
    """Refuses another team than the one that was consented to."""
    _check(found.team)
    if (found.team.team, found.team.zone) != (shown.team, shown.zone):
        raise nonsense("The board enrols for another team than it showed.")
    ids = all(map(_ID.fullmatch, (found.member, found.device)))
    try:
        date.fromisoformat(found.first_day)
    except ValueError:
        ids = False
    if not ids or not _PEPPER.fullmatch(found.pepper):
        raise nonsense("What the board says of this device cannot be used.")


def server_of(member: Membership, folder: Path, now_ms: Callable[[], int]) -> Server:
    """The team's server, spoken to with this device's key. KeyMissingError without one."""
    key = identity.fetch(member.key_place, member.key_name, folder)
    return Server(member.url, now_ms, key=key, device=member.device)


def leave(
    file: TeamFile, folder: Path, member: Membership, now_ms: Callable[[], int]
) -> Gone:
    """Deletes everything of the member on the server, verifies it, and forgets the team here.

    ServerError, with nothing forgotten here, where the server does not do it.
    """
    server = server_of(member, folder, now_ms)
    file.change(leaving=True)
    gone: Gone = "verified"
    try:
        server.ask("DELETE", "/v1/me")
    except ServerError as error:
        if not (error.code == "not_signed" and member.leaving):
            if error.code not in ("network", "nonsense"):
                file.change(leaving=False)
            known = {"not_signed": _UNKNOWN, "network": _LATER, "nonsense": _LATER}
            hint = known.get(error.code, error.hint)
            raise ServerError(error.code, error.what, hint, error.problem) from error
        # It was done the last time, and the answer was lost; unless it was revoked.
        gone = "unknown"
    else:
        gone = _verified(server)
    forget_here(file, folder, member)
    return gone


def _verified(server: Server) -> Gone:
    try:
        server.ask("GET", "/v1/me/export")
    except ServerError as error:
        return "verified" if error.code == "not_signed" else "unverified"
    raise ToktuiError(
        "The board says that it has deleted everything, but still answers for this device.",
        "Ask who runs it.",
    )


def forget_here(file: TeamFile, folder: Path, member: Membership) -> None:
    """Forgets key and team on this device only."""
    for name in filter(None, (member.code_name, member.key_name)):
        identity.forget(member.key_place, name, folder)
    identity.forget_files(folder)
    file.forget()
