"""What the commands of `toktui team` begin with: the team that this device is in."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from toktui.ingest.context import Context
    from toktui.team.http import Server
    from toktui.team.membership import Membership
    from toktui.team.team_file import TeamFile


@contextmanager
def joined(context: Context) -> Generator[tuple[TeamFile, Membership]]:
    """The team's file and who this device is there. UsageError where it is in no team.

    Neither the key nor the network is touched.
    """
    from toktui.team.team_file import open_team_file

    try:
        with open_team_file(context.paths.data) as file:
            member = file.membership()
            if member is None:
                raise _not_joined()
            yield file, member
    except FileNotFoundError:
        raise _not_joined() from None


def _not_joined() -> Exception:
    from toktui.errors import UsageError

    return UsageError("This device is in no team.", "`toktui team join URL CODE` joins one.")


def keys_of(context: Context) -> Path:
    """The folder of the device's key."""
    from toktui.team.joining import KEYS

    return context.paths.data / KEYS


@contextmanager
def connected(context: Context) -> Generator[tuple[TeamFile, Membership, Server]]:
    """The same, and the server, spoken to with the device's key."""
    from toktui.team.joining import server_of

    with joined(context) as (file, member):
        yield file, member, server_of(member, keys_of(context), context.now_ms)


def told_yes(question: str, word: str = "") -> bool:
    """What the user answers; with a `word` he has to type it. UsageError without a terminal."""
    from toktui.errors import UsageError

    if not sys.stdin.isatty():
        what = "Nothing changes before you agree." if word else question
        raise UsageError(what, "Say so with --yes.")
    if word:
        return click.prompt(question, default="", show_default=False, err=True).strip() == word
    return click.confirm(question, err=True)


def still_in_a_team(context: Context) -> None:
    """Says what becomes of a team's server when the store is purged; nothing without a team."""
    from toktui.cli.output import note
    from toktui.team.state import load_state

    state = load_state(context.paths.data)
    if state is not None:
        note(
            f"This device is still in the team {state.membership.team_name}: the next submit tells"
            " the server\nthat the days are gone, and `toktui team leave` deletes everything there."
        )


def write_json_text(text: str) -> None:
    """JSON from a server, on stdout: what a terminal would obey is escaped, as JSON may be."""
    safe = (c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)
    sys.stdout.write("".join(safe).rstrip("\n") + "\n")
