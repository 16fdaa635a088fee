"""Making a board and running it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import update

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
        url = f"sqlite:///{file}"
    database = Database(url)
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    try:
        database.migrate()
    except DBAPIError as error:
        raise StoreError(
            f"The database cannot be used: {type(error.orig).__name__}.",
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


def run(database: Database, settings: Settings, *, host: str, port: int, fd: int | None) -> None:
    """Serves until it is told to stop; then finishes the requests at hand."""
    import uvicorn  # noqa: PLC0415

    from toktui.server.app import create_app  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(database, settings), host=host, port=port, fd=fd, access_log=False,
        server_header=False, timeout_keep_alive=15, timeout_graceful_shutdown=10,
        limit_concurrency=512, h11_max_incomplete_event_size=32 * 1024, log_config=None,
        proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run()
