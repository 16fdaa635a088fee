"""The web page: made on the server, works without JavaScript, asks nobody else for anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import delete, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from toktui import rounding
from toktui.server.board import load_board
from toktui.server.codes import hashed, new_secret
from toktui.server.consumption import DAYS, load_consumption
from toktui.server.refusal import Refused
from toktui.server.requests import COOKIE, reader_of
from toktui.server.tables import session, team

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.requests import Request

    from toktui.server.people import Speaker
    from toktui.server.site import Site

HERE: Final = Path(__file__).parent
SESSION_MS: Final = 8 * 3_600_000

_templates: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip


def _dollars(nusd: int | None) -> str:
    return rounding.UNKNOWN if nusd is None else f"${nusd / 1e9:,.2f}"


_templates.filters["dollars"] = _dollars
_templates.filters["tokens"] = rounding.tokens
_templates.filters["percent"] = rounding.percent


def static_files() -> StaticFiles:
    """Style and nothing that comes from elsewhere."""
    return StaticFiles(directory=HERE / "static")


def problem_page(request: Request, refused: Refused) -> Response:
    """An error as people read it."""
    problem = refused.problem
    text = _templates.get_template("problem.html").render(problem=problem, page="")
    return HTMLResponse(text, problem.status)


async def _board(request: Request) -> Response:
    return await _page(request, "board", _board_page)


async def _consumption(request: Request) -> Response:
    return await _page(request, "consumption", _consumption_page)


def _board_page(db: Connection, who: Speaker, _request: Request, now_ms: int) -> dict[str, Any]:
    return {"board": load_board(db, who, now_ms)}


def _consumption_page(
    db: Connection, who: Speaker, request: Request, now_ms: int
) -> dict[str, Any]:
    span = request.query_params.get("span", "28 days")
    return {"found": load_consumption(db, who, span, now_ms), "span": span, "spans": list(DAYS)}


async def _page(
    request: Request, name: str,
    load: Callable[[Connection, Speaker, Request, int], dict[str, Any]],
) -> Response:  # fmt: skip
    site = cast("Site", request.app.state.site)
    cookie = request.cookies.get(_cookie_name(site), "")
    now_ms = site.settings.now_ms()

    def make() -> bytes:
        with site.database.read() as db:
            who = reader_of(db, cookie, now_ms) if cookie else None
            if who is None:
                raise Refused("signed_out", "`toktui team open` prints an address that signs in.")
            shown = db.execute(select(team.c.consumption).where(team.c.id == who.team)).scalar_one()
            values = load(db, who, request, now_ms)
        template = _templates.get_template(f"{name}.html")
        return template.render(page=name, has_consumption=shown, **values).encode()

    key = f"{hashed(cookie)} {request.url.path} {request.query_params.get('span', '')}"
    body = await run_in_threadpool(site.kept, key, make)
    return HTMLResponse(body, headers={"Cache-Control": "private, no-cache"})


async def _sign_in(request: Request) -> Response:
    """Changes the address that a client signed for a cookie; it is good once."""
    site = cast("Site", request.app.state.site)
    now_ms = site.settings.now_ms()
    site.per_address.take(request.client.host if request.client else "", now_ms)
    secret = str(request.path_params["secret"])
    cookie = new_secret()

    def work() -> None:
        with site.database.write() as db:
            found = db.execute(
                delete(session)
                .where(session.c.hash == hashed(secret), session.c.kind == "login",
                       session.c.expires_ms > now_ms)
                .returning(session.c.member, session.c.device)
            ).first()  # fmt: skip
            if found is None:
                raise Refused("signed_out", "The address is used up or older than a minute.")
            db.execute(session.insert().values(
                hash=hashed(cookie), kind="cookie", member=found.member, device=found.device,
                expires_ms=now_ms + SESSION_MS,
            ))  # fmt: skip

    await run_in_threadpool(work)
    response = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        _cookie_name(site), cookie, max_age=SESSION_MS // 1000, httponly=True, samesite="strict",
        secure=site.settings.is_secure,
    )
    return response


def _cookie_name(site: Site) -> str:
    return f"__Host-{COOKIE}" if site.settings.is_secure else COOKIE


ROUTES: Final = (
    Route("/", _board),
    Route("/consumption", _consumption),
    Route("/sign-in/{secret}", _sign_in),
)
