"""`toktui sessions`."""

from __future__ import annotations

import click

from toktui.cli.asking import known_agents, offer_agents
from toktui.cli.numbers import Whole

LISTED = 30
"""How many a table shows unless told otherwise."""


@click.command(
    epilog="""\b
Examples:
  toktui sessions                          the latest sessions
  toktui sessions --since 7d --project toktui
  toktui sessions --model 'gpt-*' --json   all that used such a model"""
)
@click.option("--since", metavar="DAY", help="Sessions that went on until this day or later.")
@click.option("--until", metavar="DAY", help="Sessions that began on this day or earlier.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--agent", "agents", multiple=True, metavar="AGENT", callback=known_agents,
              shell_complete=offer_agents, help="Only this agent; may be given again.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="MODEL",
              help="Only sessions that used this model; a name or a glob.")  # fmt: skip
@click.option("--project", "projects", multiple=True, metavar="PROJECT",
              help="Only this folder; a path, the name of a folder, or a glob.")  # fmt: skip
@click.option("--limit", type=Whole(1), help="List at most so many, the latest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.sessions/1.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def sessions(
    *, since: str | None, until: str | None, tz: str | None, agents: tuple[str, ...],
    models: tuple[str, ...], projects: tuple[str, ...], limit: int | None, as_json: bool,
    no_sync: bool,
) -> None:  # fmt: skip
    """Sessions with their tokens and cost, the latest first; totals are of the whole session."""
    from toktui import clock
    from toktui.cli.asking import folder_named
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.export.sessions import as_document, as_table
    from toktui.metrics.filters import Filters
    from toktui.metrics.sessions import load_sessions

    context = open_context()
    zone = zone_of(context, tz)
    now_ms = context.now_ms()
    within = clock.day_range(since, until, now_ms=now_ms, zone=zone)
    filters = Filters(agents, models, tuple(map(folder_named, projects)))
    most = limit if as_json else limit or LISTED
    with reading(context, catch_up=not no_sync) as db:
        found = load_sessions(db, within=within, filters=filters, most=most)
    if as_json:
        write_json(as_document(found, now_ms=now_ms, zone=zone.key))
    else:
        write(as_table(found, zone=zone, cells=width(), colored=colored()))
