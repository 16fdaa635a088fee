"""`toktui serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from toktui.cli.numbers import Number, Whole

if TYPE_CHECKING:
    from pathlib import Path

    from toktui.server.database import Database
    from toktui.server.listening import Listening
    from toktui.server.settings import Settings

DATABASE = click.option(
    "--database", envvar="TOKTUI_SERVE_DATABASE", metavar="URL",
    help="postgresql://user@host/name; without it a SQLite file in the data folder.",
)  # fmt: skip
URL = click.option(
    "--url", envvar="TOKTUI_SERVE_URL", default="http://127.0.0.1:8765", show_default=True,
    help="The address at which members reach the server.",
)  # fmt: skip


class _Serve(click.Group):
    """Commands that need packages which nothing else does."""

    def invoke(self, ctx: click.Context) -> Any:
        """Raises ToktuiError where one of the packages is not installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            from toktui.errors import ToktuiError

            raise ToktuiError(
                f"The server needs {error.name}, which is not installed.",
                "pip install 'toktui[server]'",
            ) from error


@click.group(
    cls=_Serve,
    invoke_without_command=True,
    epilog="""\b
Examples:
  toktui serve init --name Shop --zone Europe/Paris
  toktui serve                              on 127.0.0.1:8765
  toktui serve --url https://board.example.com    behind a proxy with TLS
  toktui serve --demo                       a made-up team, forgotten when it stops
  toktui serve backup /var/backups/board.db""",
)
@DATABASE
@URL
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=Whole(0, 65_535),
              help="Port to listen on; 0: any.")  # fmt: skip
@click.option("--demo", is_flag=True, help="A made-up team of twelve, in a temporary folder.")
@click.option("--proxy", default="127.0.0.1", show_default=True,
              help="Address of the proxy, which says for whom a request is.")
@click.option("--rate", default=1.0, show_default=True, type=Number(0.01, 1e6),
              help="How often one may ask, against the usual.")
@click.option("--fd", type=Whole(0, 2**31 - 1), hidden=True, help="Listen on this open socket.")
@click.pass_context
def serve(
    ctx: click.Context, *, database: str | None, url: str, host: str, port: int, fd: int | None,
    demo: bool, proxy: str, rate: float,
) -> None:  # fmt: skip
    """The team board: `init` once, then run it."""
    is_default = ctx.get_parameter_source("url") is click.core.ParameterSource.DEFAULT
    if is_default and port:
        url = f"http://127.0.0.1:{port}"
    from toktui.cli.output import note
    from toktui.errors import UsageError
    from toktui.server.settings import Settings, checked_url

    url = checked_url(url)
    ctx.obj = (database, url)
    if ctx.invoked_subcommand is not None:
        return
    from toktui.server.listening import checked_proxies, listen, taken_over
    from toktui.server.start import run

    settings, proxies = Settings(url, rate), checked_proxies(proxy)
    if host not in ("127.0.0.1", "::1", "localhost") and not settings.is_secure:
        raise UsageError(
            "Others could read and change what is sent.",
            "Put a proxy with TLS before it and name its address with --url https://...",
        )
    with listen(host, port) if fd is None else taken_over(fd) as listening:
        if is_default and not port:
            settings = Settings(f"http://127.0.0.1:{listening.getsockname()[1]}", rate)
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        note(f"Listening on {shown}; members reach it at {settings.url}.")
        if demo:
            _run_demo(settings, listening)
        else:
            opened = _opened(database)
            _tell_if_empty(opened)
            run(opened, settings, listening, proxies=proxies)


def _tell_if_empty(database: Database) -> None:
    """Says so where nobody can join."""
    from toktui.cli.output import note
    from toktui.server.start import load_teams

    if not load_teams(database):
        note("There is no team yet: `toktui serve init` makes one.")


def _run_demo(settings: Settings, listening: Listening) -> None:
    """Serves a made-up team until it is stopped."""
    import signal
    import sys
    import tempfile
    from pathlib import Path

    from toktui.cli.output import note, write
    from toktui.server.imagined import imagine
    from toktui.server.people import sign_in_address
    from toktui.server.start import open_database, run

    # Killed by a signal it would leave the folder behind. Of the two uvicorn knows only the first,
    # ends its requests, and raises it again.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="toktui-board-") as folder:
        note("Making up a team of twelve and its eight weeks ...")
        database = open_database(None, Path(folder))
        who = imagine(database, settings.now_ms())
        with database.write() as db:
            address = sign_in_address(db, who, settings.url, settings.now_ms(), lasts_ms=3_600_000)
        write(f"Open once, within an hour:\n  {address}")
        run(database, settings, listening)


@serve.command()
@click.option("--name", default="Team", show_default=True, help="The team's name.")
@click.option("--zone", default="UTC", show_default=True, help="Whose days the team has, for ever.")
@click.option("--retention", default=400, show_default=True, type=Whole(35, 3660),
              help="Days that are kept.")  # fmt: skip
@click.pass_context
def init(ctx: click.Context, *, name: str, zone: str, retention: int) -> None:
    """Make a team; prints the owner's code and the first invite."""
    from toktui import clock, zones
    from toktui.cli.output import write
    from toktui.errors import UsageError
    from toktui.server.start import first_team
    from toktui.text import clean

    if not clean(name, 60).strip():
        raise UsageError("The team needs a name.", "Such as --name Shop.")
    try:
        known = zones.zone(zone, {}).key
    except UsageError as error:
        raise UsageError(error.what.replace("--tz", "--zone", 1), error.hint) from error
    _, url = ctx.obj
    more = "" if url.startswith("https://") else " --allow-http"
    owner, invite = first_team(
        _opened(ctx.obj[0]), name=name, zone=known, retention_days=retention,
        now_ms=clock.now_ms(),
    )
    write(f"Owner, once, within 24 hours:\n  toktui team join {url} {owner}{more}\n")
    write(f"Members, 20 times, within 72 hours:\n  toktui team join {url} {invite}{more}\n")
    write("Now run `toktui serve`.")


TEAM = click.option("--team", "called", help="Name or id, where there are several.")


@serve.command()
@click.pass_context
def teams(ctx: click.Context) -> None:
    """List the teams of this board: id, members, zone, name."""
    from toktui.cli.output import write
    from toktui.server.start import load_teams

    database = _opened(ctx.obj[0])
    _tell_if_empty(database)
    for one in load_teams(database):
        write(f"{one.id}  {one.members:>5}  {one.zone}  {one.name}")


@serve.command()
@click.argument("switch", type=click.Choice(["on", "off"]))
@TEAM
@click.pass_context
def consumption(ctx: click.Context, *, switch: str, called: str | None) -> None:
    """Switch a team's page of consumption on or off; it is off at first."""
    from toktui import clock
    from toktui.cli.output import write
    from toktui.server.start import switch_consumption, team_called

    database = _opened(ctx.obj[0])
    team = team_called(database, called)
    switch_consumption(database, team, on=switch == "on", now_ms=clock.now_ms())
    write(f"The page of consumption is {switch}.")


@serve.command()
@TEAM
@click.pass_context
def export(ctx: click.Context, *, called: str | None) -> None:
    """Write a team as JSON lines: settings, members, audit, board; no member's documents."""
    from toktui import clock
    from toktui.cli.output import write
    from toktui.server.start import export_team, team_called

    database = _opened(ctx.obj[0])
    found = export_team(database, team_called(database, called), clock.now_ms())
    write(found.decode().rstrip())


@serve.command()
@click.argument("target", type=click.Path())
@click.pass_context
def backup(ctx: click.Context, *, target: str) -> None:
    """Write a whole copy of the SQLite database while the server runs."""
    from pathlib import Path

    from toktui.cli.output import write
    from toktui.text import clean

    _opened(ctx.obj[0]).back_up(Path(target))
    write(clean(target, 400))


def _opened(database: str | None) -> Database:
    from toktui.server.start import open_database

    return open_database(database, _folder())


def _folder() -> Path:
    import os

    from toktui.paths import user_paths

    return user_paths(os.environ).data / "board"
