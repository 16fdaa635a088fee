"""`toktui config`."""

from __future__ import annotations

import click


@click.group(
    epilog="""\b
Examples:
  toktui config path     where config.toml is looked for
  toktui config check    whether it can be used, and what it sets"""
)
def config() -> None:
    """Where the configuration is, and whether it is right."""


@config.command()
def path() -> None:
    """Print the path of config.toml, whether it exists or not."""
    import os

    from toktui.cli.output import write
    from toktui.paths import user_paths

    write(str(user_paths(os.environ).config_file))


@config.command()
def check() -> None:
    """Check config.toml; exit 2 names key, valid values and file."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context, zone_of
    from toktui.errors import ConfigError
    from toktui.text import clean
    from toktui.tui.theme import known_themes

    context = open_context()
    zone = zone_of(context, None)
    context.book()
    file = context.paths.config_file
    settings, themes = context.config, known_themes()
    if settings.ui.theme is not None and settings.ui.theme not in themes:
        raise ConfigError(
            f"{clean(str(file), 400)}: [ui] theme is no theme", f"Valid: {', '.join(themes)}."
        )
    found = "is right" if file.exists() else "does not exist; nothing is set"
    write(f"{clean(str(file), 400)} {found}.")
    for name, agent in settings.agents.items():
        state = "read" if agent.enabled else "not read"
        roots = ", ".join(clean(root, 200) for root in agent.roots) or "the usual folders"
        write(f"  agents.{clean(name)}: {state}, from {roots}")
    for model in settings.prices:
        write(f"  prices: own rates for {clean(model)}")
    if settings.ui.theme is not None:
        write(f"  theme: {clean(settings.ui.theme)}")
    write(f"  time zone: {zone.key}")
    write(f"  backups kept: {settings.store.backups}")
