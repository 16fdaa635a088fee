"""`toktui statusline`. Without options `toktui.__main__` answers before this is even loaded."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  toktui statusline --install   show the change to Claude Code's settings, and make it on a yes
  toktui statusline --remove    take it back; a status line that was there before returns
  toktui statusline             what Claude Code runs: its JSON on stdin, one line on stdout

\b
What the line shows is set in config.toml:
  [statusline]
  parts = ["model", "session", "today", "burn", "context", "cache", "limits"]"""
)
@click.option("--install", is_flag=True, help="Have Claude Code show it.")
@click.option("--remove", is_flag=True, help="Have Claude Code no longer show it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--replace", is_flag=True, help="With --install: in place of another status line.")
@click.pass_context
def statusline(
    ctx: click.Context, *, install: bool, remove: bool, yes: bool, replace: bool
) -> None:
    """One line for Claude Code: costs, burn, context, cache, limits.

    What Claude Code says to it is kept, without paths and prompts: official limits come from there.
    """
    if install and remove:
        raise click.UsageError("Choose one of --install, --remove.")
    if (yes and not (install or remove)) or (replace and not install):
        raise click.UsageError("--yes goes with --install or --remove, --replace with --install.")
    if install or remove:
        import os

        from toktui.cli.status_setting import install_line, remove_line

        if install:
            install_line(os.environ, yes=yes, replace=replace)
        else:
            remove_line(os.environ, yes=yes)
        return
    from toktui.statusline.answer import main

    ctx.exit(main())
