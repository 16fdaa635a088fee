"""`toktui hook`."""

from __future__ import annotations

import click

AGENTS = ("cursor",)


@click.command(
    epilog="""\b
Examples:
  toktui hook cursor --install   show the change to ~/.cursor/hooks.json, and make it on a yes
  toktui hook cursor --remove    take it back; what was told so far is kept
  toktui hook cursor             what Cursor runs at the end of a turn, with its JSON on stdin"""
)
@click.argument("agent", type=click.Choice(AGENTS))
@click.option("--install", is_flag=True, help="Have the agent tell toktui what each turn used.")
@click.option("--remove", is_flag=True, help="Have it no longer do so.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def hook(*, agent: str, install: bool, remove: bool, yes: bool) -> None:
    """Exact counts of Cursor, told by itself at the end of each turn.

    Counts, model, ids and the folder are kept; no prompts, answers or addresses.
    """
    import os
    import sys

    del agent
    if install and remove:
        raise click.UsageError("Choose one of --install, --remove.")
    if yes and not (install or remove):
        raise click.UsageError("--yes goes with --install or --remove.")
    if install or remove:
        from toktui.cli.hook_setting import install_hook, remove_hook

        (install_hook if install else remove_hook)(os.environ, yes=yes)
        return
    from toktui.clock import now_ms
    from toktui.ingest.cursor_hook import LONGEST, keep_stop
    from toktui.paths import user_paths

    keep_stop(user_paths(os.environ).spool, sys.stdin.buffer.read(LONGEST + 1), now_ms())
    click.echo("{}")
