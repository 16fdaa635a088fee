"""Reading a request: its body within limits, and who signed it."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Select, select
from starlette.requests import ClientDisconnect

from toktui.server.codes import hashed
from toktui.server.limits import asker
from toktui.server.people import Speaker, alone_in
from toktui.server.refusal import Refused
from toktui.server.tables import device, member, session, team, used_signature
from toktui.server.upsert import insert_new
from toktui.team.wire.signing import DEVICE, SIGNATURE, TIME, WINDOW_S, is_signed, signed_string

if TYPE_CHECKING:
    from starlette.requests import Request

    from toktui.server.database import Database
    from toktui.server.settings import Settings

BODY_S: Final = 20
"""Seconds in which a body must have arrived."""
COOKIE: Final = "toktui"
MOST_KEYS: Final = 20_000

T = TypeVar("T")


def address_of(request: Request) -> str:
    """From where a request comes, as limits tell askers apart."""
    return asker(request.client.host if request.client else "")


async def body_of(request: Request, most: int) -> bytes:
    """The body, counted while it comes; nothing compressed is taken apart."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused("encoding")
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit():
        raise Refused("bad_request")
    if len(announced) > 18 or int(announced) > most:
        raise Refused("too_large")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise Refused("too_large")
                parts.append(part)
    except TimeoutError as error:
        raise Refused("slow") from error
    except ClientDisconnect as error:
        raise Refused("bad_request") from error
    return b"".join(parts)


def decoded(body: bytes, kind: type[T]) -> T:
    """A message of the wire; fields that it does not have are refused."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused("wrong_value", str(error)[:200]) from error


class Signed:
    """The signature of one request, apart from the request, so that a thread can check it.

    It is made of the head, so that who signs nothing is refused before his body is read.
    """

    def __init__(self, request: Request, settings: Settings) -> None:
        self.device = request.headers.get(DEVICE, "")
        self._signature = request.headers.get(SIGNATURE, "")
        time = request.headers.get(TIME, "")
        if not self.device or not self._signature or not (time.isascii() and time.isdigit()):
            raise Refused("not_signed")
        if max(len(self.device), len(self._signature), len(time)) > 128:
            raise Refused("not_signed")
        self.unix_time = int(time)
        self._method, self._host = request.method, settings.host
        self._asked_host = request.headers.get("host", "")
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        self._target = f"{path}?{query}" if query else path
        self._message = b""

    def cover(self, body: bytes) -> None:
        """Says which body the signature must be over, too."""
        self._message = signed_string(
            method=self._method, host=self._host, target=self._target, body=body,
            device=self.device, unix_time=self.unix_time,
        )  # fmt: skip

    def check(self, public_key: str) -> None:
        """Refuses a signature that is not of this key over this request."""
        if not is_signed(public_key, self._message, self._signature):
            other = "" if self._asked_host == self._host else f"It must be for {self._host}."
            raise Refused("wrong_signature", other)

    def check_time(self, now_ms: int) -> None:
        """Refuses a request that was signed long ago, or far ahead."""
        if abs(self.unix_time - now_ms // 1000) > WINDOW_S:
            raise Refused("clock")

    def use_up(self, db: Connection, now_ms: int) -> None:
        """Refuses a request that was made before, and remembers this one until it is too old.

        What was signed is remembered, not its signature, of which there may be several.
        """
        row = {
            "hash": hashlib.sha256(self._message).hexdigest(),
            "expires_ms": now_ms + 3 * WINDOW_S * 1000,
        }
        if not insert_new(db, used_signature, row):
            raise Refused("replayed")


class KnownKeys:
    """Public keys of devices; a device never changes its key, so a process looks it up once.

    A key says nothing of whether its device may still speak: `speaker_of` does.
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._lock = threading.Lock()

    def check(self, database: Database, signed: Signed) -> None:
        """Refuses what the named device did not sign, before anything is locked for it."""
        with self._lock:
            key = self._keys.get(signed.device)
        if key is None:
            with database.read() as db:
                key = db.execute(
                    select(device.c.public_key).where(device.c.id == signed.device)
                ).scalar()
            if key is None:
                raise Refused("not_signed")
        signed.check(key)
        with self._lock:
            if len(self._keys) >= MOST_KEYS:
                self._keys.clear()
            self._keys[signed.device] = key


def speaker_of(db: Connection, device_id: str, *, alone: bool = False) -> Speaker:
    """The device whose signature was checked, if it may still speak; `alone` in its team."""
    if alone:
        _wait_for(db, select(device.c.team).where(device.c.id == device_id))
    found = db.execute(
        select(device.c.revoked_ms, *_WHO).select_from(_JOINED).where(device.c.id == device_id)
    ).first()
    if found is None or found.revoked_ms is not None:
        raise Refused("not_signed")
    return _speaker(found)


def reader_of(
    db: Connection, cookie: str, now_ms: int, *, alone: bool = False
) -> Speaker | None:
    """Who is signed in with a cookie; `alone` in the team."""
    if alone:
        _wait_for(db, select(device.c.team).select_from(
            session.join(device, device.c.id == session.c.device)
        ).where(session.c.hash == hashed(cookie)))  # fmt: skip
    found = db.execute(
        select(*_WHO).select_from(_JOINED.join(session, session.c.device == device.c.id))
        .where(session.c.hash == hashed(cookie), session.c.kind == "cookie",
               session.c.expires_ms > now_ms, device.c.revoked_ms.is_(None))
    ).first()  # fmt: skip
    return None if found is None else _speaker(found, browser=hashed(cookie))


def _wait_for(db: Connection, teams: Select[Any]) -> None:
    team_id: str | None = db.execute(teams).scalar()
    if team_id is not None:
        alone_in(db, team_id)


_WHO: Final = (device.c.id, device.c.member, device.c.team, member.c.role, team.c.zone)
_JOINED: Final = device.join(member, member.c.id == device.c.member).join(
    team, team.c.id == device.c.team
)


def _speaker(found: Any, browser: str = "") -> Speaker:
    return Speaker(found.team, found.member, found.id, found.role, found.zone, browser)
