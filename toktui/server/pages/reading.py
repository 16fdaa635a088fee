"""A page for somebody who is signed in: who that is, what the page holds, and what is kept of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from toktui.server.codes import hashed
from toktui.server.pages.rendering import FRESH, render, theme_of
from toktui.server.refusal import Refused
from toktui.server.requests import COOKIE, address_of, reader_of
from toktui.server.tables import member, team

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.people import Speaker
    from toktui.server.site import Site

    Load = Callable[[Connection, Speaker, Request, int], dict[str, Any]]

ONCE_COOKIE: Final = "toktui_once"
"""Holds for one page what is not stored, such as the code of a new invite."""
LONGEST_KEPT: Final = 16
"""Of a parameter; no page tells longer ones apart."""
_KEPT: Final = {"Cache-Control": "private, no-cache", "Vary": "Cookie"}
"""A browser may keep the page, and asks each time whether it is still the same."""


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads, and what every page tells of the team."""

    name: str
    """Empty for a hidden member."""
    team: str
    consumption: bool
    """Whether the team has that page."""


def site_of(request: Request) -> Site:
    """What the process shares."""
    return cast("Site", request.app.state.site)


def cookie_name(site: Site) -> str:
    """Over TLS a name that no other host can set."""
    return f"__Host-{COOKIE}" if site.settings.is_secure else COOKIE


def signed_in(request: Request) -> str:
    """The cookie of a browser that may be signed in; refuses one that has none, and one from where
    too many were not."""
    site = site_of(request)
    cookie = request.cookies.get(cookie_name(site), "")
    if not cookie:
        raise Refused("signed_out")
    site.strangers.meet(address_of(request), hashed(cookie), site.settings.now_ms())
    return cookie


def speaker(
    request: Request, db: Connection, cookie: str, now_ms: int, *, alone: bool = False
) -> Speaker:
    """Who is signed in; refuses a cookie that is not good any more. `alone`: acts in the team."""
    found, strangers = reader_of(db, cookie, now_ms, alone=alone), site_of(request).strangers
    if found is None:
        strangers.was_wrong(address_of(request), now_ms, ended=hashed(cookie))
        raise Refused("signed_out")
    strangers.was_right(hashed(cookie))
    return found


def form_token(cookie: str) -> str:
    """What a form of our own pages carries, and no other page can know."""
    return hashed(f"form {cookie}")


def page(path: str, name: str, load: Load, *, keep: tuple[str, ...] | None = None) -> Route:
    """A route that shows a template with what `load` finds.

    With `keep`, the page is kept for a while: for each reader, theme and value of these parameters.
    """

    async def endpoint(request: Request) -> Response:
        site, cookie = site_of(request), signed_in(request)

        def make() -> bytes:
            return _made(site, request, name, cookie, load)

        if keep is None:
            response = HTMLResponse(await run_in_threadpool(make), headers=FRESH)
            if ONCE_COOKIE in request.cookies:
                response.delete_cookie(ONCE_COOKIE, path=path)
            return response
        asked = "&".join(request.query_params.get(one, "")[:LONGEST_KEPT] for one in keep)
        key = f"{hashed(cookie)} {path} {theme_of(request)} {asked}"
        found = site.known(key) or await run_in_threadpool(site.kept, key, make)
        headers = {**_KEPT, "ETag": found.etag}
        if found.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(found.body, headers=headers)

    return Route(path, endpoint)


def download(
    path: str, filename: str, make: Callable[[Connection, Speaker, int], bytes]
) -> Route:
    """A route that gives a file of JSON lines to who is signed in."""

    async def endpoint(request: Request) -> Response:
        site, cookie = site_of(request), signed_in(request)
        now_ms = site.settings.now_ms()

        def work() -> bytes:
            with site.database.read() as db:
                who = speaker(request, db, cookie, now_ms)
                site.per_device.take(who.device, now_ms)
                return make(db, who, now_ms)

        return Response(
            await run_in_threadpool(work), media_type="application/x-ndjson",
            headers={**FRESH, "Content-Disposition": f'attachment; filename="{filename}"'},
        )

    return Route(path, endpoint)


def _made(site: Site, request: Request, name: str, cookie: str, load: Load) -> bytes:
    now_ms = site.settings.now_ms()
    with site.database.read() as db:
        who = speaker(request, db, cookie, now_ms)
        site.per_device.take(f"{who.device} reads", now_ms)
        reader = _reader(db, who)
        values = load(db, who, request, now_ms)
    query = request.url.query
    back = request.url.path + (f"?{query}" if query else "")
    return render(
        name, request, reader=reader, token=form_token(cookie), back=back,
        said=request.query_params.get("said", ""), **values,
    )


def _reader(db: Connection, who: Speaker) -> Reader:
    found = db.execute(
        select(team.c.name, team.c.consumption, member.c.name.label("own"))
        .select_from(member.join(team, team.c.id == member.c.team))
        .where(member.c.id == who.member)
    ).one()
    return Reader(name=found.own, team=found.name, consumption=found.consumption)
