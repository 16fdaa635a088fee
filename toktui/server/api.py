"""The requests of clients: `/v1/...`, JSON in and out, signed by a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from sqlalchemy import Connection, delete, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from toktui.server import enrolling, people
from toktui.server.administration import revoke_device
from toktui.server.board import load_board
from toktui.server.consumption import load_consumption
from toktui.server.days import Received, forget_day, held, read, take
from toktui.server.export import export_of, team_export_of
from toktui.server.refusal import Refused
from toktui.server.requests import Signed, address_of, body_of, decoded, speaker_of
from toktui.server.tables import code, device
from toktui.team.wire import messages
from toktui.team.wire.document import (
    MOST_BODY,
    MOST_DOCUMENTS,
    Day,
    WrongDocumentError,
    day_of,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from toktui.server.people import Speaker
    from toktui.server.site import Site

SMALL: Final = 4096

Answer = Callable[["Site", Connection, "Speaker", "Call"], object]


class Call(msgspec.Struct, frozen=True):
    """A request as the code that answers it sees it."""

    path: dict[str, str]
    query: dict[str, str]
    body: bytes
    now_ms: int


def answer_json(value: object, status: int = 200) -> Response:
    """A JSON response that nobody keeps."""
    return Response(
        msgspec.json.encode(value), status, media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _signed(
    path: str, method: str, answer: Answer, *, most: int = 0, writes: bool = True,
    windowed: bool = True, erases: bool = False, told: bool = False,
) -> Route:  # fmt: skip
    """A route for devices. `windowed`: the time must be right, and if it writes, once is all.
    `told`: the audit log tells of it, each time.

    Days need neither: their revisions make a replay harmless.
    """

    async def endpoint(request: Request) -> Response:
        site = cast("Site", request.app.state.site)
        signed = Signed(request, site.settings)
        address, met_ms = address_of(request), site.settings.now_ms()
        site.strangers.meet(address, signed.device, met_ms)
        body = await body_of(request, most)
        now_ms = site.settings.now_ms()
        call = Call(dict(request.path_params), dict(request.query_params), body, now_ms)

        def work() -> object:
            signed.cover(body)
            if windowed:
                signed.check_time(now_ms)
            try:
                site.keys.check(site.database, signed)
            except Refused:
                site.strangers.was_wrong(address, now_ms)
                raise
            site.strangers.was_right(signed.device)
            site.per_device.take(signed.device, now_ms)
            if told:
                site.acts.take(signed.device, now_ms)
            with site.database.write() if writes else site.database.read() as db:
                who = speaker_of(db, signed.device, alone=windowed and writes)
                if windowed and writes:
                    signed.use_up(db, now_ms)
                return answer(site, db, who, call)

        found = await run_in_threadpool(work)
        if writes:
            site.changed()
        if erases:
            await run_in_threadpool(site.database.erase_traces)
        return found if isinstance(found, Response) else answer_json(found)

    return Route(path, endpoint, methods=[method])


def _open(
    path: str, answer: Callable[[Site, Connection, Call, Request], object], *, writes: bool = True
) -> Route:
    """A route for those who have a code and no device yet."""

    async def endpoint(request: Request) -> Response:
        site = cast("Site", request.app.state.site)
        now_ms = site.settings.now_ms()
        site.per_address.take(address_of(request), now_ms)
        body = await body_of(request, SMALL)
        call = Call({}, {}, body, now_ms)

        def work() -> object:
            with site.database.write() if writes else site.database.read() as db:
                return answer(site, db, call, request)

        found = await run_in_threadpool(work)
        if writes:
            site.changed()
        return answer_json(found)

    return Route(path, endpoint, methods=["POST"])


def _look(_site: Site, db: Connection, call: Call, _request: Request) -> object:
    return enrolling.look(db, decoded(call.body, messages.Look), call.now_ms)


def _enrol(site: Site, db: Connection, call: Call, request: Request) -> object:
    asked = decoded(call.body, messages.Enrol)
    signed = Signed(request, site.settings)
    signed.cover(call.body)
    signed.check(asked.public_key)
    signed.check_time(call.now_ms)
    enrolled = enrolling.enrol(db, asked, call.now_ms)
    site.strangers.was_right(enrolled.device)
    return enrolled


def _team(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    return people.team_info(db, who.team, call.now_ms)


def _put_day(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    return take(db, who, read(call.body), day=call.path["day"], now_ms=call.now_ms)


def _put_days(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    """Each document in its own savepoint, by day, so that two batches never wait in a ring."""
    bodies = [bytes(raw) for raw in decoded(call.body, messages.Batch).documents]
    items: dict[int, messages.ItemResult] = {}
    found: list[tuple[str, int, Received]] = []
    for number, body in enumerate(bodies):
        try:
            one = read(body)
            found.append((one.document.day, number, one))
        except Refused as refused:
            items[number] = _refusal(refused)
    for _, number, one in sorted(found, key=lambda each: each[:2]):
        try:
            with db.begin_nested():
                receipt = take(db, who, one, day=None, now_ms=call.now_ms)
            items[number] = messages.ItemResult(status=200, receipt=receipt)
        except Refused as refused:
            items[number] = _refusal(refused)
    return messages.BatchResult(items=tuple(items[number] for number in range(len(bodies))))


def _refusal(refused: Refused) -> messages.ItemResult:
    return messages.ItemResult(status=refused.problem.status, problem=refused.problem)


def _days(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    since = call.query.get("since")
    return messages.Days(days=held(db, who.device, "" if since is None else _day(since)))


def _delete_day(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    forget_day(db, who, _day(call.path["day"]), call.now_ms)
    return {}


def _day(text: str) -> str:
    """A day of an address."""
    try:
        return day_of(msgspec.convert(text, Day)).isoformat()
    except (msgspec.ValidationError, WrongDocumentError) as error:
        raise Refused("wrong_value", "A day is such as 2026-11-21.") from error


def _export(_site: Site, db: Connection, who: Speaker, _call: Call) -> object:
    return Response(
        export_of(db, who), media_type="application/x-ndjson", headers={"Cache-Control": "no-store"}
    )


def _team_export(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    if not who.leads:
        raise Refused("forbidden")
    return Response(
        team_export_of(db, who.team, call.now_ms), media_type="application/x-ndjson",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


def _leave(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    people.leave(db, who.team, who.member, call.now_ms)
    return {}


def _appear(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    asked = decoded(call.body, messages.Appear)
    people.appear(db, who, asked.appearance, asked.name, call.now_ms)
    return {}


def _link(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    """A code with which a second device becomes this member's."""
    made = people.make_code(
        db, who.team, kind="link", made_by=who.member, lasts_ms=people.LINK_MS, now_ms=call.now_ms
    )
    return messages.Link(value=made, expires_ms=call.now_ms + people.LINK_MS)


def _login(site: Site, db: Connection, who: Speaker, call: Call) -> object:
    """An address that signs a browser in, once, within a minute."""
    address = people.sign_in_address(db, who, site.settings.url, call.now_ms)
    return messages.Link(value=address, expires_ms=call.now_ms + people.LOGIN_MS)


def _revoke(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    """Revokes a device of the same member; its days stay."""
    revoke_device(db, who, call.path["device"], call.now_ms)
    return {}


def _invite(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    if not who.leads:
        raise Refused("forbidden")
    asked = decoded(call.body, messages.NewInvite)
    made = people.make_code(
        db, who.team, uses=asked.uses, hours=asked.hours, made_by=who.member, now_ms=call.now_ms
    )
    return messages.Link(value=made, expires_ms=call.now_ms + asked.hours * people.HOUR_MS)


def _withdraw(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    """Takes back every invite of the team that is not used up."""
    if not who.leads:
        raise Refused("forbidden")
    gone = db.execute(delete(code).where(code.c.team == who.team, code.c.kind == "invite"))
    if gone.rowcount:
        people.note(db, who.team, "invites_withdrawn", call.now_ms, who.member)
    return {"withdrawn": gone.rowcount}


def _board(_site: Site, db: Connection, who: Speaker, call: Call) -> object:
    if call.path["name"] == "main":
        return load_board(db, who, call.now_ms)
    if call.path["name"] == "consumption":
        return load_consumption(db, who, call.query.get("span", "28 days"), call.now_ms)
    raise Refused("not_found")


def _devices(_site: Site, db: Connection, who: Speaker, _call: Call) -> object:
    found = db.execute(
        select(device.c.id, device.c.made_ms, device.c.revoked_ms)
        .where(device.c.member == who.member).order_by(device.c.made_ms)
    ).mappings()  # fmt: skip
    return {"devices": [dict(cast(Any, row)) for row in found]}


ROUTES: Final = (
    _open("/v1/team", _look, writes=False),
    _open("/v1/enrol", _enrol),
    _signed("/v1/team", "GET", _team, writes=False),
    _signed("/v1/team/export", "GET", _team_export, writes=False),
    _signed("/v1/days/{day}", "PUT", _put_day, most=MOST_BODY, windowed=False),
    _signed("/v1/days:batch", "POST", _put_days, most=MOST_BODY * MOST_DOCUMENTS // 8,
            windowed=False),
    _signed("/v1/days", "GET", _days, writes=False),
    _signed("/v1/days/{day}", "DELETE", _delete_day),
    _signed("/v1/devices", "GET", _devices, writes=False),
    _signed("/v1/devices/{device}", "DELETE", _revoke),
    _signed("/v1/me/export", "GET", _export, writes=False),
    _signed("/v1/me", "DELETE", _leave, erases=True),
    _signed("/v1/me", "PUT", _appear, most=SMALL, told=True),
    _signed("/v1/links", "POST", _link, told=True),
    _signed("/v1/logins", "POST", _login, told=True),
    _signed("/v1/invites", "POST", _invite, most=SMALL, told=True),
    _signed("/v1/invites", "DELETE", _withdraw, told=True),
    _signed("/v1/boards/{name}", "GET", _board, writes=False),
)  # fmt: skip
