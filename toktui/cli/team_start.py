"""What the commands of `toktui team` begin with: the team that this device is in."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

LONGEST_NAME: Final = 40
"""Of a member, in terminal cells."""

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


def check_name(name: str) -> None:
    """Refuses a name of which a board shows nothing, or not all of it."""
    from toktui.errors import UsageError
    from toktui.text import clean

    if not clean(name, LONGEST_NAME).strip():
        raise UsageError("Of this --name nothing can be shown.", "Such as --name Ada.")
    if len(name) > LONGEST_NAME or clean(name, LONGEST_NAME) != clean(name, 2 * LONGEST_NAME):
        raise UsageError(f"--name is too long: a board shows {LONGEST_NAME} cells of a name.")


def write_json_text(text: str) -> None:
    """JSON from a server, on stdout: what a terminal would obey is escaped, as JSON may be."""
    import json

    # Between values JSON may hold tabs; within them it does not, nor carriage returns anywhere.
    safe = (c if c.isprintable() or c in "\n\t" else json.dumps(c)[1:-1] for c in text)
    sys.stdout.write("".join(safe).rstrip("\n") + "\n")
