"""`toktui team`: its commands are in the modules `team_...` beside this one."""

from __future__ import annotations

import click

from toktui.cli.team_board import appear, board, devices, export, invite, link, open_
from toktui.cli.team_join import agree, join, leave
from toktui.cli.team_send import pause, preview, resume, status, submit


@click.group(
    epilog="""\b
Examples:
  toktui team join https://board.example.com ABCDE-...
  toktui team preview                  the exact bytes of today, and their hash
  toktui team submit                   from cron, say; the open screens do it by themselves
  toktui team status                   what was sent, what waits, and why
  toktui team link                     a code with which your second device joins
  toktui team open                     an address that signs your browser in
  toktui team leave                    deletes everything on the server

\b
Exit codes: 0 fine, 1 something could not be sent or done, 2 not in a team or wrong usage."""
)
def team() -> None:
    """A board that your team hosts: what is sent is what you were shown."""


for _command in (
    join, agree, preview, submit, status, pause, resume, link, devices, appear, invite, open_,
    board, export, leave,
):  # fmt: skip
    team.add_command(_command)
