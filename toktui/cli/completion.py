"""`toktui completion`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  eval "$(toktui completion bash)"                                   in ~/.bashrc
  eval "$(toktui completion zsh)"                                    in ~/.zshrc
  toktui completion fish > ~/.config/fish/completions/toktui.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print the script that completes commands and options in a shell."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from toktui.cli.output import write

    kinds = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    program = ctx.find_root().command
    complete = kinds[shell](program, {}, "toktui", "_TOKTUI_COMPLETE")
    # Not source(): for bash it would start a shell to look at its version.
    write(complete.source_template % complete.source_vars())
