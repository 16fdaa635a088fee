"""Values of options that several commands share, and what is said about wrong ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from toktui.metrics.question import Key

Format = Literal["json", "csv", "markdown", "table"]
KEYS = ("agent", "model", "project", "session", "branch", "tier")


def split_keys(ctx: click.Context, param: click.Parameter, value: str) -> tuple[Key, ...]:
    """The keys of `--by`, each once, in their order."""
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in KEYS:
            raise click.BadParameter(
                f"{name!r} is no key. Keys: {', '.join(KEYS)}.", ctx=ctx, param=param
            )
    return tuple(dict.fromkeys(names))  # type: ignore[arg-type]


def offer_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Keys for a shell to offer, each once."""
    del ctx, param
    before, comma, begun = incomplete.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{key}" for key in KEYS if key.startswith(begun) and key not in given]


def offer_agents(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Agents for a shell to offer."""
    from toktui.agents import agent_names

    del ctx, param
    return [name for name in agent_names() if name.startswith(incomplete)]


def known_agents(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """The agents of `--agent`, all known."""
    if not value:
        return ()
    from toktui.agents import agent_names

    known = agent_names()
    for name in value:
        if name not in known:
            raise click.BadParameter(
                f"{name!r} is no agent. Agents: {', '.join(known)}.", ctx=ctx, param=param
            )
    return tuple(dict.fromkeys(value))


def one_format(*, json: bool = False, csv: bool = False, markdown: bool = False) -> Format:
    """The one format that was asked for."""
    asked: list[Format] = []
    if json:
        asked.append("json")
    if csv:
        asked.append("csv")
    if markdown:
        asked.append("markdown")
    if len(asked) > 1:
        raise click.UsageError(f"Choose one of {', '.join(f'--{name}' for name in asked)}.")
    return asked[0] if asked else "table"


def folder_named(text: str) -> str:
    """A folder as the user means it: `.`, `..` and `~` are places, everything else is a pattern."""
    if text in (".", "..", "~") or text.startswith(("./", "../", "~/")):
        return os.path.abspath(os.path.expanduser(text))
    return text if text == "/" else text.rstrip("/")
