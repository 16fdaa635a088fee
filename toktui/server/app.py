"""The application that uvicorn runs: routes, headers, errors, upkeep."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
import traceback
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from anyio import to_thread
from sqlalchemy import delete, select
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from toktui.clock import day_label
from toktui.server import api, pages
from toktui.server.audit_log import forget_lines
from toktui.server.days import expire
from toktui.server.refusal import Refused
from toktui.server.repricing import public_book
from toktui.server.site import Site
from toktui.server.tables import code, session, team, used_signature
from toktui.server.windows import load_weeks
from toktui.server.zones import days_before, zone_named
from toktui.team.wire.signing import is_signed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from toktui.server.database import Database
    from toktui.server.settings import Settings

UPKEEP_MIN: Final = 60
THREADS: Final = 16
"""As many as there are connections to the database; more would only wait for one."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
log: Final = logging.getLogger("toktui.server")

HEADERS: Final = {
    # Our pages have no script at all, so none may run.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Others learn nothing. Not `no-referrer`: browsers then send forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex",
}


def create_app(database: Database, settings: Settings) -> Starlette:
    """The board on a database that has its schema."""
    site = Site(database, settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        # What the first submit would otherwise wait for, and all that come after it.
        public_book()
        is_signed("", b"", "")
        task = asyncio.create_task(_keep_up(site))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        database.close()

    app = Starlette(
        routes=[
            Route("/healthz", _healthy), Route("/readyz", _ready), *api.ROUTES, *pages.ROUTES,
        ],
        exception_handlers={
            Refused: _refused, HTTPException: _http, DataError: _no_value,
            SQLAlchemyError: _database_failed,
        },
        lifespan=lifespan,
    )  # fmt: skip
    # It would redirect to whatever host the request names.
    app.router.redirect_slashes = False
    app.state.site = site
    app.add_middleware(_Around, settings=settings)
    return app


def problem_response(refused: Refused) -> Response:
    """An error as `application/problem+json`."""
    problem = refused.problem
    headers = {"Retry-After": "30"} if problem.status in (429, 503) else {}
    return Response(
        msgspec.json.encode(problem), problem.status, headers,
        media_type="application/problem+json",
    )


def _answer(request: Request, refused: Refused) -> Response:
    if request.url.path.startswith("/v1/"):
        return problem_response(refused)
    return pages.problem_page(request, refused)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(request, error)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    code = {404: "not_found", 405: "method"}.get(status, "bad_request")
    return _answer(request, Refused(code))


def _no_value(request: Request, _error: Exception) -> Response:
    """A value that the database has no place for, such as text with a zero byte."""
    return _answer(request, Refused("wrong_value"))


def _database_failed(request: Request, error: Exception) -> Response:
    """A database that is away or busy; the client comes again."""
    log.error("database failed: %s", described(error))
    return _answer(request, Refused("not_ready"))


def described(error: BaseException) -> str:
    """What failed, and where in our code, without the text of the error: that may hold data."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(f.filename).name}:{f.lineno}" for f in frames if "toktui" in f.filename]
    return f"{type(error).__name__} at {' '.join(places[-6:])}"


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _ready(request: Request) -> Response:
    site: Site = request.app.state.site
    ready = await run_in_threadpool(site.is_ready)
    return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


async def _keep_up(site: Site) -> None:
    """Each minute what boards are made of is added up, if it changed or a day has ended, so that no
    reader waits for that; each hour what is over is deleted."""
    minute = 0
    while True:
        try:
            if minute % UPKEEP_MIN == 0:
                await run_in_threadpool(_expire, site)
            await run_in_threadpool(_add_up, site)
        except SQLAlchemyError as error:
            log.error("upkeep failed: %s", described(error))
        await asyncio.sleep(60)
        minute += 1


def _add_up(site: Site) -> None:
    now_ms = site.settings.now_ms()
    with site.database.read() as db:
        for one in db.execute(select(team.c.id, team.c.zone)).all():
            until = days_before(day_label(now_ms, zone_named(one.zone)), 1)
            for weeks in load_weeks(db, one.id, until).values():
                # Worked out when first asked for.
                _ = weeks.window, weeks.best


def _expire(site: Site) -> None:
    """Deletes what is over: days, codes, sessions, old lines of the audit log, and signatures that
    are too old to come again."""
    now_ms = site.settings.now_ms()
    expired = 0
    with site.database.write() as db:
        for one in db.execute(select(team.c.id, team.c.zone, team.c.retention_days)).all():
            today = day_label(now_ms, zone_named(one.zone))
            expired += expire(db, one.id, days_before(today, one.retention_days))
            forget_lines(db, one.id, one.retention_days, now_ms)
        for table in (code, session, used_signature):
            db.execute(delete(table).where(table.c.expires_ms < now_ms))
    site.changed()
    site.database.forget_copies(now_ms)
    # SQLite's log may hold what was deleted while somebody read.
    if expired or site.database.is_sqlite:
        site.database.erase_traces()


class _Around:
    """Adds the headers that every response has, and writes one line a request without names."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._headers = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
        if settings.is_secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        try:
            if _CONTROL.search(scope["path"]):
                # No address of ours has one, and no database wants one.
                await _answer(Request(scope), Refused("bad_request"))(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except Exception as error:
            log.error("failed: %s", described(error))
            if status:
                raise Broken from None
            await _answer(Request(scope), Refused("broken"))(scope, receive, sending)
        finally:
            route: Any = scope.get("route")
            method = scope["method"]
            log.info(
                '{"method":"%s","route":"%s","status":%d,"ms":%.1f}',
                method if method in METHODS else "-", getattr(route, "path", "-"), status,
                (time.perf_counter() - begin) * 1000,
            )  # fmt: skip


class Broken(Exception):
    """An answer that had begun cannot be ended; the connection is closed."""
