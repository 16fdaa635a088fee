"""Making a board and running it."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

from sqlalchemy import URL, update
from sqlalchemy.exc import SQLAlchemyError

from toktui.errors import StoreError
from toktui.server.database import Database
from toktui.server.people import make_code, make_team
from toktui.server.tables import team

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.server.settings import Settings


def open_database(url: str | None, folder: Path) -> Database:
    """The database at `url`, else the SQLite file in `folder`, with its schema up to date."""
    if url is None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "board.db"
        file.touch(mode=0o600)
        database = Database(URL.create("sqlite", database=str(file)))
    else:
        database = Database(url)
    try:
        database.migrate()
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"The database cannot be used: {type(cause).__name__}.",
            "Look whether it runs, and whether the address is right.",
        ) from error
    return database


def first_team(
    database: Database, *, name: str, zone: str, retention_days: int, now_ms: int
) -> tuple[str, str]:
    """A new team; gives the code of its owner and the first invite."""
    with database.write() as db:
        team_id, owner = make_team(
            db, name=name, zone=zone, retention_days=retention_days, now_ms=now_ms
        )
        return owner, make_code(db, team_id, uses=20, now_ms=now_ms)


def switch_consumption(database: Database, *, on: bool) -> None:
    """Shows the page of consumption to members, or does not."""
    with database.write() as db:
        db.execute(update(team).values(consumption=on))


def run(
    database: Database, settings: Settings, *, host: str, port: int, fd: int | None,
    proxy: str = "127.0.0.1",
) -> None:  # fmt: skip
    """Serves until it is told to stop; then finishes the requests at hand.

    `proxy` is who may say for whom a request is: without that, all members behind it would share
    one limit on how often an address may ask.
    """
    import uvicorn  # noqa: PLC0415

    from toktui.server.app import create_app  # noqa: PLC0415
    from toktui.server.connection import BoundedConnection  # noqa: PLC0415

    database.claim()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(database, settings), host=host, port=port, access_log=False,
        http=BoundedConnection, ws="none", lifespan="on", server_header=False,
        timeout_keep_alive=15, timeout_graceful_shutdown=10, log_config=None,
        h11_max_incomplete_event_size=32 * 1024, proxy_headers=settings.is_secure,
        forwarded_allow_ips=proxy,
    )  # fmt: skip
    # uvicorn takes an inherited socket for a Unix one, whose answers then wait for TCP's timers.
    uvicorn.Server(config).run(sockets=None if fd is None else [socket.socket(fileno=fd)])
