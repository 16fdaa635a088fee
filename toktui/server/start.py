"""Making a board and running it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import URL, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from toktui.errors import StoreError, UsageError
from toktui.server.database import Database
from toktui.server.people import make_code, make_team, note
from toktui.server.tables import member, team
from toktui.text import clean

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from toktui.server.settings import Settings


def open_database(url: str | None, folder: Path) -> Database:
    """The database at `url`, else the SQLite file in `folder`, with its schema up to date."""
    if url is None:
        file = folder / "board.db"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
        except OSError as error:
            raise StoreError(
                f"{clean(str(folder), 400)} cannot be used: {error.strerror}.",
                "Make it writable, or set TOKTUI_DATA_DIR to another folder.",
            ) from error
        database = Database(URL.create("sqlite", database=str(file)))
    else:
        database = Database(url)
    try:
        database.migrate()
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        if url is None:
            raise StoreError(
                f"{clean(str(folder / 'board.db'), 400)} cannot be used: {clean(str(cause), 200)}.",
                "Make room or make it writable; docs/serve.md says how to restore a backup.",
            ) from error
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


class TeamName(NamedTuple):
    """A team of the board."""

    id: str
    name: str
    zone: str
    members: int


def load_teams(database: Database) -> list[TeamName]:
    """The teams, the oldest first."""
    with database.read() as db:
        found = db.execute(
            select(team.c.id, team.c.name, team.c.zone, func.count(member.c.id).label("members"))
            .select_from(team.outerjoin(member, member.c.team == team.c.id))
            .group_by(team.c.id, team.c.name, team.c.zone, team.c.made_ms)
            .order_by(team.c.made_ms, team.c.id)
        ).all()
    return [TeamName(row.id, row.name, row.zone, row.members) for row in found]


def team_called(database: Database, called: str | None) -> str:
    """The id of a team by its id or name; of the only one, if none is named. UsageError if unsure.
    """
    teams = load_teams(database)
    fitting = [one for one in teams if called is None or called in (one.id, one.name)]
    if len(fitting) == 1:
        return fitting[0].id
    known = ", ".join(f"{one.name} ({one.id})" for one in teams)
    raise UsageError(
        "There is no such team." if called else "There is no team, or more than one.",
        f"Known are: {known or 'none; `toktui serve init` makes one'}.",
    )


def switch_consumption(database: Database, team_id: str, *, on: bool, now_ms: int) -> None:
    """Shows the page of consumption to members of a team, or does not."""
    with database.write() as db:
        db.execute(update(team).where(team.c.id == team_id).values(consumption=on))
        note(db, team_id, "consumption_changed", now_ms, detail="on" if on else "off")


def export_team(database: Database, team_id: str, now_ms: int) -> bytes:
    """A team as those who lead it may take it away."""
    from toktui.server.export import team_export_of  # noqa: PLC0415

    with database.read() as db:
        return team_export_of(db, team_id, now_ms)


def run(
    database: Database, settings: Settings, listening: socket.socket, *,
    proxies: str = "127.0.0.1",
) -> None:  # fmt: skip
    """Serves until it is told to stop; then finishes the requests at hand.

    `proxies` may say for whom a request is: without that, all members behind one would share one
    limit on how often an address may ask.
    """
    import uvicorn  # noqa: PLC0415

    from toktui.server.app import create_app  # noqa: PLC0415
    from toktui.server.connection import BoundedConnection  # noqa: PLC0415

    database.claim()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(database, settings), access_log=False,
        http=BoundedConnection, ws="none", lifespan="on", server_header=False,
        timeout_keep_alive=15, timeout_graceful_shutdown=10, log_config=None,
        h11_max_incomplete_event_size=32 * 1024, proxy_headers=settings.is_secure,
        forwarded_allow_ips=proxies,
    )  # fmt: skip
    # Not by its descriptor: uvicorn would take it for a Unix one, whose answers then wait for TCP's
    # timers.
    uvicorn.Server(config).run(sockets=[listening])
