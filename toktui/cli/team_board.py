"""`toktui team link`, `devices`, `appear`, `invite`, `open`, `board` and `export`: what is asked of
the server."""

from __future__ import annotations

import re
import sys

import click

from toktui.cli.numbers import Whole
from toktui.cli.team_start import check_name, connected, write_json_text


def _link(target: str) -> str:
    from toktui.cli.start import open_context
    from toktui.team.link import code_of
    from toktui.team.wire.messages import Link

    with connected(open_context()) as (_, _, server):
        return code_of(server.ask("POST", target).as_(Link))


@click.command(epilog="\b\nExample:\n  toktui team link      then join with it on the other device")
def link() -> None:
    """A code for a second device of yours.

    It is good once, for 8 minutes: `toktui team join URL CODE` there. Two devices add up; if both
    hold the same history, share `sketches` on both, and it counts once.
    """
    from toktui.cli.output import write

    write(_link("/v1/links"))


@click.command(
    epilog="""\b
Examples:
  toktui team devices
  toktui team devices --revoke d_abcdefghij234567     a lost laptop; its days stay"""
)
@click.option("--revoke", metavar="DEVICE", help="This device can send nothing any more.")
def devices(*, revoke: str | None) -> None:
    """Your devices in the team; revoke one that is lost."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context, zone_of
    from toktui.clock import local_minute
    from toktui.errors import UsageError
    from toktui.team import devices as own

    context = open_context()
    zone = zone_of(context, None)
    with connected(context) as (_, member, server):
        if revoke is not None:
            if not re.fullmatch(r"d_[a-z2-7]{16}", revoke):
                raise UsageError("DEVICE is not one.", "`toktui team devices` lists yours.")
            if revoke == member.device:
                raise UsageError("That is this device.", "`toktui team leave` leaves the team.")
            own.revoke(server, revoke)
            write(f"{revoke} can send nothing any more; its days stay.")
            return
        for one in own.own_devices(server):
            here = "  this one" if one.id == member.device else ""
            gone = one.revoked_ms and f"  revoked {local_minute(one.revoked_ms, zone)}"
            write(f"{one.id}  joined {local_minute(one.made_ms, zone)}{gone or ''}{here}")


@click.command(
    epilog="""\b
Examples:
  toktui team appear hidden
  toktui team appear pseudonym --name "night owl" """
)
@click.argument("how", type=click.Choice(["name", "pseudonym", "hidden"]))
@click.option("--name", default="", help="The name or pseudonym to show.")
def appear(*, how: str, name: str) -> None:
    """Change how you appear on the board, at once and for all days.

    A pseudonym does not hide you from who leads the team: they see when it joined, and the audit
    log tells that somebody changed how he appears.
    """
    from typing import cast

    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import UsageError
    from toktui.team.wire.messages import Appear, Appearance
    from toktui.text import clean

    if (how == "hidden") == bool(name):
        raise UsageError("A name goes with `name` and `pseudonym`, and only with them.")
    if name:
        check_name(name)
    asked = Appear(appearance=cast("Appearance", how), name=name)
    with connected(open_context()) as (file, _, server):
        server.ask("PUT", "/v1/me", asked)
        file.change(appearance=asked.appearance, name=clean(name, 40))
    write("You are hidden now." if how == "hidden" else f"You appear as {clean(name, 40)} now.")


@click.command(epilog="\b\nExample:\n  toktui team invite --uses 5 --hours 168")
@click.option("--uses", default=1, show_default=True, type=Whole(1, 1000))
@click.option("--hours", default=72, show_default=True, type=Whole(1, 2160))
def invite(*, uses: int, hours: int) -> None:
    """A code for new members; for owners and admins."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.team.link import code_of
    from toktui.team.wire.messages import Link, NewInvite

    with connected(open_context()) as (_, member, server):
        asked = NewInvite(uses=uses, hours=hours)
        made = code_of(server.ask("POST", "/v1/invites", asked).as_(Link))
    more = " --allow-http" if member.allow_http else ""
    write(f"toktui team join {member.url} {made}{more}")


@click.command(name="open", epilog="\b\nExample:\n  toktui team open")
@click.option("--print", "only_print", is_flag=True, help="Print the address, and open nothing.")
def open_(*, only_print: bool) -> None:
    """Sign your browser in to the board: your page, the team, invites.

    Prints an address that is good once, for a minute, and opens it where there is a screen.
    """
    import os

    from toktui.cli.output import note, write
    from toktui.cli.start import open_context
    from toktui.team.link import open_browser, sign_in_address

    with connected(open_context()) as (_, member, server):
        address = sign_in_address(server, member.url)
    write(address)
    if not only_print and sys.stdout.isatty() and open_browser(address, os.environ):
        note("Opened in your browser; press `Sign in` there.")


@click.command(epilog="\b\nExample:\n  toktui team board | jq .standings")
def board() -> None:
    """The main board as JSON."""
    from toktui.cli.start import open_context
    from toktui.team.board import MOST_BOARD, read_board
    from toktui.team.http import nonsense

    context = open_context()
    with connected(context) as (file, _, server):
        body = server.ask("GET", "/v1/boards/main", most=MOST_BOARD).body
        if read_board(body) is None:
            raise nonsense("The board that the server gave cannot be read.")
        file.put_board(body, context.now_ms())
    write_json_text(body.decode())


@click.command(epilog="\b\nExample:\n  toktui team export > mine.ndjson")
def export() -> None:
    """Everything that the server has of you, one JSON object a line."""
    import msgspec

    from toktui.cli.start import open_context
    from toktui.team.http import MOST_EXPORT, nonsense

    with connected(open_context()) as (_, _, server):
        body = server.ask("GET", "/v1/me/export", most=MOST_EXPORT).body
    try:
        text = body.decode()
        for line in body.splitlines():
            msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise nonsense("The export that the server gave cannot be read.") from error
    if text:
        write_json_text(text)
        sys.stdout.flush()
