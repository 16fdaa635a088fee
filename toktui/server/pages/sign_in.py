"""Signing in with an address that a client signed for, and out again.

Opening the address changes nothing, since mail scanners and previews open addresses, too: only the
button on it uses it up. The button also says as whom, so that nobody is signed in as another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse
from starlette.routing import Route

from toktui.server import sessions
from toktui.server.codes import hashed
from toktui.server.pages.forms import Done, form_of, go, post
from toktui.server.pages.reading import cookie_name, site_of
from toktui.server.pages.rendering import FRESH, render
from toktui.server.requests import address_of

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from toktui.server.pages.forms import Form
    from toktui.server.people import Speaker


async def _ask(request: Request) -> Response:
    site = site_of(request)
    now_ms = site.settings.now_ms()
    site.per_address.take(address_of(request), now_ms)
    secret = str(request.path_params["secret"])

    def work() -> bytes:
        with site.database.read() as db:
            return render("sign-in", request, guest=sessions.guest_of(db, secret, now_ms))

    return HTMLResponse(await run_in_threadpool(work), headers=FRESH)


async def _sign_in(request: Request) -> Response:
    site = site_of(request)
    now_ms = site.settings.now_ms()
    site.per_address.take(address_of(request), now_ms)
    await form_of(request)
    secret = str(request.path_params["secret"])

    def work() -> str:
        with site.database.write() as db:
            return sessions.sign_in(db, secret, now_ms)

    cookie = await run_in_threadpool(work)
    site.strangers.was_right(hashed(cookie))
    site.changed()
    response = go("/")
    response.set_cookie(
        cookie_name(site), cookie, max_age=sessions.LASTS_MS // 1000, httponly=True,
        samesite="strict", secure=site.settings.is_secure,
    )
    return response


def _sign_out(db: Connection, who: Speaker, form: Form, _now_ms: int) -> Done:
    sessions.sign_out(db, who, everywhere=form.get("everywhere") == "yes")
    return Done("/signed-out", signs_out=True)


async def _signed_out(request: Request) -> Response:
    return HTMLResponse(render("signed-out", request), headers=FRESH)


ROUTES: Final = (
    Route("/sign-in/{secret}", _ask, methods=["GET"]),
    Route("/sign-in/{secret}", _sign_in, methods=["POST"]),
    post("/sign-out", _sign_out),
    Route("/signed-out", _signed_out),
)
