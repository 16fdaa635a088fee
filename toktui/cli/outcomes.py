"""`toktui outcomes`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  toktui outcomes                        what landed, and what it cost
  toktui outcomes --since 28d --project shop
  toktui outcomes --json --no-sync"""
)
@click.option("--since", metavar="DAY", help="First day: a date, today, yesterday, or 7d.")
@click.option("--until", metavar="DAY", help="Last day, included.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--project", "projects", multiple=True, metavar="PROJECT",
              help="Only this folder; a path, the name of a folder, or a glob.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.outcomes/1.")
@click.option("--no-sync", is_flag=True,
              help="Look at neither logs nor repositories; say what is known.")  # fmt: skip
@click.option("--whole", is_flag=True,
              help="Look at all of each repository again, not only at what is new.")  # fmt: skip
def outcomes(
    *, since: str | None, until: str | None, tz: str | None, projects: tuple[str, ...],
    as_json: bool, no_sync: bool, whole: bool,
) -> None:  # fmt: skip
    """What the tokens bought: changes that landed in your repositories, and their cost."""
    if whole and no_sync:
        raise click.UsageError("--whole looks at repositories; leave out --no-sync.")
    from toktui import clock
    from toktui.cli.asking import folder_named
    from toktui.cli.output import colored, note, width, write, write_json
    from toktui.cli.start import as_it_is, open_context, reading, zone_of
    from toktui.errors import StoreError, WriteError
    from toktui.export.outcomes import as_document
    from toktui.export.outcomes_text import as_text
    from toktui.ingest.outcomes import bring_up_to_date
    from toktui.metrics.filters import Filters
    from toktui.metrics.outcome_lists import load_whole
    from toktui.metrics.scope import Scope

    context = open_context()
    zone = zone_of(context, tz)
    now_ms = context.now_ms()
    within = clock.day_range(since, until, now_ms=now_ms, zone=zone)
    scope = Scope(Filters(projects=tuple(map(folder_named, projects))), within)
    with reading(context, catch_up=not no_sync) as db:
        if not no_sync:
            try:
                with as_it_is(context):
                    bring_up_to_date(context, db, whole=whole)
            except WriteError:
                raise
            except StoreError as error:
                note(f"{error.what} What follows is what was known before.")
        found = load_whole(db, zone=zone, scope=scope)
    if as_json:
        write_json(as_document(found, now_ms=now_ms, zone=zone.key))
    else:
        write(as_text(found, zone=zone, cells=width(), colored=colored()))
