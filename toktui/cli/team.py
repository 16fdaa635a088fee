"""`toktui team`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator

    from toktui.ingest.context import Context
    from toktui.team.http import Server
    from toktui.team.membership import Membership, TeamFile
    from toktui.team.preview import OutcomesOf


@click.group(
    epilog="""\b
Examples:
  toktui team join https://board.example.com ABCDE-...
  toktui team preview                  the exact bytes of today, and their hash
  toktui team submit                   from cron, say
  toktui team open                     an address that signs your browser in
  toktui team leave                    deletes everything on the server"""
)
def team() -> None:
    """A board that your team hosts: what is sent is what you were shown."""


@contextmanager
def _joined(context: Context) -> Generator[tuple[TeamFile, Membership, Server]]:
    from toktui.errors import UsageError
    from toktui.team.client import server_of
    from toktui.team.membership import open_team_file

    with open_team_file(context.paths.data) as file:
        member = file.membership()
        if member is None:
            raise UsageError("This device is in no team.", "`toktui team join URL CODE` joins one.")
        yield file, member, server_of(member, context.paths.data / "team", context.now_ms)


@team.command()
@click.argument("url")
@click.argument("code")
@click.option("--as", "appearance", type=click.Choice(["name", "pseudonym", "hidden"]),
              help="How you appear on the board.")  # fmt: skip
@click.option("--name", default="", help="The name or pseudonym to show.")
@click.option("--share", "shares", multiple=True, type=click.Choice(["outcomes", "sketches"]),
              help="An optional part to send, too; may be given again.")  # fmt: skip
@click.option("--allow-http", is_flag=True, help="Plain http on this machine or private network.")
@click.option("--yes", is_flag=True, help="Agree without being asked.")
def join(
    *, url: str, code: str, appearance: str | None, name: str, shares: tuple[str, ...],
    allow_http: bool, yes: bool,
) -> None:  # fmt: skip
    """Join a team. Shows first what is sent and who sees it."""
    from typing import cast

    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import UsageError
    from toktui.team import client
    from toktui.team.http import checked_url
    from toktui.team.membership import open_team_file
    from toktui.team.wire.messages import Appearance
    from toktui.text import clean

    context = open_context()
    address = checked_url(url, allow_http=allow_http)
    with open_team_file(context.paths.data) as file:
        if file.membership() is not None:
            raise UsageError("This device is in a team already.", "`toktui team leave` leaves it.")
        found = client.look(address, code, context.now_ms)
        write(_terms(address, clean(found.name), found.zone, found.retention_days))
        if found.kind == "link":
            appearance = appearance or "hidden"
        if not appearance and not yes and sys.stdin.isatty():
            choice = click.Choice(["name", "pseudonym", "hidden"])
            appearance = click.prompt("Appear by", type=choice, default="hidden", err=True)
        appearance = appearance or "hidden"
        if appearance != "hidden" and not name:
            name = click.prompt("The name to show", err=True) if sys.stdin.isatty() else ""
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError("Nothing is sent before you agree.", "Say so with --yes.")
            if click.prompt("Type `agree` to join", default="", err=True) != "agree":
                raise click.exceptions.Exit(1)
        made = client.join(
            file, context.paths.data / "team", url=address, code=code,
            appearance=cast("Appearance", appearance), name=name, shares=shares,
            allow_http=allow_http, now_ms=context.now_ms,
        )  # fmt: skip
    write(f"Joined {clean(made.team_name)} as {made.role}; the key is in the {made.key_place}.")
    write("`toktui team preview` shows what would be sent, `toktui team submit` sends it.")


def _terms(url: str, name: str, zone: str, retention_days: int) -> str:
    """What the user agrees to."""
    from toktui.team.wire.document import FIELDS, OPTIONAL

    fields = "\n".join(f"  {field:<22} {words}" for field, words in FIELDS)
    optional = "\n".join(f"  {field:<22} {words}" for field, words in OPTIONAL.items())
    return (
        f"Team    {name}\nServer  {url}\nDays    of {zone}, kept for {retention_days} days\n\n"
        f"Sent for each day:\n{fields}\n\nSent only with --share:\n{optional}\n\n"
        "Never sent: prompts, answers, paths, projects, branches, hosts, hours.\n"
        "Members see who chose a name or a pseudonym; hidden members are only in sums of five\n"
        "or more. Whoever runs the server can read its database."
    )


@team.command()
@click.option("--day", metavar="DAY", help="A day of the team's zone, such as 2026-11-21.")
def preview(*, day: str | None) -> None:
    """The exact bytes that would be sent, on stdout; their SHA-256 on stderr."""
    from zoneinfo import ZoneInfo

    from toktui.cli.output import note
    from toktui.cli.start import open_context, reading
    from toktui.clock import day_label
    from toktui.errors import UsageError
    from toktui.team.preview import preview as make
    from toktui.team.wire.document import WrongDocumentError, day_of

    context = open_context()
    with _joined(context) as (file, member, _), reading(context, catch_up=True) as db:
        landed = _landed(context, member, db)
        asked = day or day_label(context.now_ms(), ZoneInfo(member.zone))
        try:
            day_of(asked)
        except WrongDocumentError as error:
            raise UsageError("--day is no day.", "Such as 2026-11-21.") from error
        known = file.sent().get(asked)
        now_ms = context.now_ms()
        rev = known.rev if known else 0
        made = make(db, member, asked, rev=rev + 1, now_ms=now_ms, outcomes=landed)
        if known is not None and known.content == made.content:
            made = make(db, member, asked, rev=rev, now_ms=now_ms, outcomes=landed)
    sys.stdout.write(made.body.decode())
    note(f"\nsha256 {made.sha256}")


def _landed(
    context: Context, member: Membership, db: sqlite3.Connection
) -> OutcomesOf | None:
    """What landed, after a look at the repositories; None for those who do not share it."""
    if "outcomes" not in member.shares:
        return None
    from zoneinfo import ZoneInfo

    from toktui.cli.output import note
    from toktui.cli.start import as_it_is
    from toktui.errors import StoreError, WriteError
    from toktui.ingest.outcomes import bring_up_to_date
    from toktui.team.landed import outcomes_of

    try:
        with as_it_is(context):
            bring_up_to_date(context, db)
    except WriteError:
        raise
    except StoreError as error:
        note(f"{error.what} What is sent is what was known before.")
    return outcomes_of(db, ZoneInfo(member.zone))


@team.command()
@click.pass_context
def submit(ctx: click.Context) -> None:
    """Send every day that has changed. Exit 1 if one could not be sent."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context, reading
    from toktui.team import client

    context = open_context()
    with _joined(context) as (file, member, server):
        if member.paused:
            write("Paused; `toktui team pause --off` goes on.")
            return
        with reading(context, catch_up=True) as db:
            landed = _landed(context, member, db)
            done = client.submit(
                db, file, member, server, now_ms=context.now_ms(), hurry=True, outcomes=landed
            )
    for one in done:
        write(f"{one.day}  {one.result}  {one.sha256[:12] or one.code}  {one.what}".rstrip())
    if not done:
        write("Nothing has changed since the last time.")
    if any(one.result == "waits" for one in done):
        ctx.exit(1)


@team.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.team/1.")
def status(*, as_json: bool) -> None:
    """The team, and what was sent when."""
    import msgspec

    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.text import clean

    context = open_context()
    with _joined(context) as (file, member, _):
        sent, waiting = file.sent(), file.waiting()
    if as_json:
        document = {
            "schema": "toktui.team/1", "url": member.url, "team": member.team_name,
            "zone": member.zone, "appearance": member.appearance, "name": member.name,
            "shares": member.shares, "paused": member.paused, "sent": list(sent.values()),
            "waiting": list(waiting.values()),
        }  # fmt: skip
        write(msgspec.json.encode(document).decode())
        return
    write(f"{clean(member.team_name)} on {member.url}, {member.appearance}, {member.role}")
    write(f"{len(sent)} days sent, {len(waiting)} waiting{', paused' if member.paused else ''}")
    for one in list(sent.values())[-7:]:
        write(f"{one.day}  rev {one.rev}  {one.result}  {one.sha256[:12]}")


@team.command()
@click.option("--off", is_flag=True, help="Go on.")
def pause(*, off: bool) -> None:
    """Send nothing until further notice."""
    import msgspec

    from toktui.cli.output import write
    from toktui.cli.start import open_context

    with _joined(open_context()) as (file, member, _):
        file.remember(msgspec.structs.replace(member, paused=not off))
    write("Goes on." if off else "Paused.")


@team.command()
def agree() -> None:
    """Agree to what is sent as it is now, after an update changed it."""
    import msgspec

    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.team.wire.document import schema_hash

    context = open_context()
    with _joined(context) as (file, member, _):
        changed = msgspec.structs.replace(
            member, schema=schema_hash(), consented_ms=context.now_ms()
        )
        file.remember(changed)
    write("Agreed.")


def _link(target: str) -> str:
    from toktui.cli.start import open_context
    from toktui.team.wire.messages import Link

    with _joined(open_context()) as (_, _, server):
        return server.ask("POST", target).as_(Link).value


@team.command()
def link() -> None:
    """A code with which a second device of yours joins; good once, for 8 minutes."""
    from toktui.cli.output import write
    from toktui.text import clean

    write(clean(_link("/v1/links")))


@team.command()
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, 1000))
@click.option("--hours", default=72, show_default=True, type=click.IntRange(1, 2160))
def invite(*, uses: int, hours: int) -> None:
    """A code for new members; for owners and admins."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.team.wire.messages import Link, NewInvite
    from toktui.text import clean

    with _joined(open_context()) as (_, member, server):
        asked = NewInvite(uses=uses, hours=hours)
        made = server.ask("POST", "/v1/invites", asked).as_(Link)
    write(f"toktui team join {member.url} {clean(made.value)}")


@team.command(name="open")
def open_() -> None:
    """An address that signs your browser in; good once, for a minute."""
    from toktui.cli.output import write
    from toktui.text import clean

    write(clean(_link("/v1/logins"), 400))


@team.command()
def board() -> None:
    """The main board as JSON."""
    from toktui.cli.start import open_context

    with _joined(open_context()) as (_, _, server):
        sys.stdout.write(server.ask("GET", "/v1/boards/main").body.decode() + "\n")


@team.command()
def export() -> None:
    """Everything that the server has of you, one JSON object a line."""
    from toktui.cli.start import open_context

    with _joined(open_context()) as (_, _, server):
        sys.stdout.write(server.ask("GET", "/v1/me/export").body.decode())


@team.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def leave(*, yes: bool) -> None:
    """Delete everything of you on the server, and verify that it is gone."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import ToktuiError, UsageError
    from toktui.team import client

    context = open_context()
    with _joined(context) as (file, member, server):
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError("Leave, and delete everything on the server?", "Say --yes.")
            if not click.confirm("Leave, and delete everything on the server?", err=True):
                raise click.exceptions.Exit(1)
        gone = client.leave(file, context.paths.data / "team", member, server)
    if not gone:
        raise ToktuiError("The server still answers for this device.", "Ask who runs it.")
    write("Left. The server has nothing of you any more; backups end within 30 days.")
