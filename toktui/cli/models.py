"""`toktui models`."""

from __future__ import annotations

import click

from toktui.cli.asking import known_agents, offer_agents


@click.command(
    epilog="""\b
Examples:
  toktui models                               what each model costs, at which rates
  toktui models --since 30d --project shop
  toktui models --what-if claude-opus-5-5     its calls on other models, as batch, without cache
  toktui models --what-if claude-opus-5-5 --on gpt-5.5 --json"""
)
@click.option("--since", metavar="DAY", help="First day: a date, today, yesterday, or 7d.")
@click.option("--until", metavar="DAY", help="Last day, included.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--agent", "agents", multiple=True, metavar="AGENT", callback=known_agents,
              shell_complete=offer_agents, help="Only this agent; may be given again.")  # fmt: skip
@click.option("--project", "projects", multiple=True, metavar="PROJECT",
              help="Only this folder; a path, the name of a folder, or a glob.")  # fmt: skip
@click.option("--what-if", "otherwise", metavar="MODEL",
              help="What the calls of this model would have cost otherwise.")  # fmt: skip
@click.option("--on", "others", multiple=True, metavar="MODEL",
              help="With --what-if: on this model; may be given again.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.models/1.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def models(
    *, since: str | None, until: str | None, tz: str | None, agents: tuple[str, ...],
    projects: tuple[str, ...], otherwise: str | None, others: tuple[str, ...], as_json: bool,
    no_sync: bool,
) -> None:  # fmt: skip
    """What each model costs in each tier, its rates with their source, and what if."""
    if others and otherwise is None:
        raise click.UsageError("--on needs --what-if MODEL.")
    from toktui import clock
    from toktui.cli.asking import folder_named
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.export.models import as_document, as_table, as_what_if
    from toktui.metrics.filters import Filters
    from toktui.metrics.models import load_models
    from toktui.metrics.what_if import load_what_ifs

    context = open_context()
    zone, now_ms, book = zone_of(context, tz), context.now_ms(), context.book()
    within = clock.day_range(since, until, now_ms=now_ms, zone=zone)
    filters = Filters(agents=agents, projects=tuple(map(folder_named, projects)))
    with reading(context, catch_up=not no_sync) as db:
        found = load_models(
            db, book, filters=filters, within=within, now_ms=now_ms, zone=zone
        )
        what_ifs = None
        if otherwise is not None:
            what_ifs = load_what_ifs(db, book, found, otherwise, filters=filters, others=others)
    if as_json:
        write_json(as_document(found, what_ifs, zone=zone.key))
    elif what_ifs is not None:
        write("\n\n".join(as_what_if(one, cells=width(), colored=colored()) for one in what_ifs))
    else:
        write(as_table(found, cells=width(), colored=colored()))
