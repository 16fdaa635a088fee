"""`toktui reprice`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  toktui reprice --dry-run   what the present rate book would change, by month and model
  toktui reprice             price all calls by it, and say what changed"""
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.reprice/1.")
@click.option("--tz", metavar="ZONE", help="Time zone of the months, such as Europe/Paris.")
def reprice(*, dry_run: bool, as_json: bool, tz: str | None) -> None:
    """Price old calls again, by the present rate book."""
    from toktui import clock
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.export.reprice import as_document, as_table
    from toktui.ingest import access
    from toktui.ingest import reprice as prices

    context = open_context()
    zone = zone_of(context, tz)
    book = context.book()
    with reading(context, catch_up=False) as db:
        changes = prices.changes(db, book, lambda at_ms: clock.month_label(at_ms, zone))
    if changes and not dry_run:
        with access.writing(context, "toktui reprice") as settler:
            prices.reprice(settler, context.now_ms())
    if as_json:
        write_json(as_document(changes, book=book.version, timezone=zone.key, dry_run=dry_run))
    else:
        write(as_table(changes, dry_run=dry_run, cells=width(), colored=colored()))
