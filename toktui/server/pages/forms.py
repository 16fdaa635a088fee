"""What a form of our pages does: only from our own pages, by somebody signed in, and then a page.

A form counts only if the browser says that it came from this address, and if it carries the token
that is in our pages alone. After it the browser is sent to a page, so that reloading repeats
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from toktui.server.pages.reading import (
    ONCE_COOKIE,
    cookie_name,
    form_token,
    signed_in,
    site_of,
    speaker,
)
from toktui.server.refusal import Refused
from toktui.server.requests import body_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from toktui.server.people import Speaker
    from toktui.server.site import Site

    Form = Mapping[str, str]
    Act = Callable[[Connection, Speaker, Form, int], "Done"]

MOST: Final = 8 * 1024
"""Bytes of a form."""
MOST_FIELDS: Final = 32
ONCE_S: Final = 120


class Done(NamedTuple):
    """Where the browser goes, and what only that one page shows: a new code, never stored."""

    to: str
    once: str = ""
    signs_out: bool = False


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that came from one of our pages."""
    _check_origin(request, site_of(request))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused("encoding")
    body = await body_of(request, MOST)
    try:
        return dict(
            parse_qsl(
                body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS,
                errors="strict",
            )
        )  # fmt: skip
    except ValueError as error:
        raise Refused("bad_request") from error


def _check_origin(request: Request, site: Site) -> None:
    origin = request.headers.get("origin")
    if origin is None and request.headers.get("sec-fetch-site") == "same-origin":
        return
    if origin != site.settings.origin:
        raise Refused("wrong_origin", f"The address of this board is {site.settings.origin}.")


def post(path: str, act: Act, *, erases: bool = False, told: bool = False) -> Route:
    """A route that does what a form asks for, in one transaction, for who is signed in. `told`: the
    audit log tells of it, each time."""

    async def endpoint(request: Request) -> Response:
        site = site_of(request)
        form = await form_of(request)
        cookie = signed_in(request)
        if not compare_digest(form.get("token", "").encode(), form_token(cookie).encode()):
            raise Refused("wrong_origin", "The form is not from this sign-in; load it again.")
        now_ms = site.settings.now_ms()

        def work() -> Done:
            with site.database.write() as db:
                who = speaker(request, db, cookie, now_ms, alone=True)
                site.per_device.take(who.device, now_ms)
                if told:
                    site.acts.take(who.device, now_ms)
                return act(db, who, form, now_ms)

        done = await run_in_threadpool(work)
        site.changed()
        if erases:
            await run_in_threadpool(site.database.erase_traces)
        return _go(site, done)

    return Route(path, endpoint, methods=["POST"])


def go(to: str) -> RedirectResponse:
    """Sends the browser to a page, whatever it did before."""
    return RedirectResponse(to, 303, headers={"Cache-Control": "no-store"})


def _go(site: Site, done: Done) -> Response:
    response = go(done.to)
    secure = site.settings.is_secure
    if done.once:
        response.set_cookie(
            ONCE_COOKIE, done.once, max_age=ONCE_S, path=done.to.partition("?")[0], httponly=True,
            samesite="strict", secure=secure,
        )  # fmt: skip
    if done.signs_out:
        response.delete_cookie(cookie_name(site), httponly=True, samesite="strict", secure=secure)
    return response
