"""`toktui import`."""

from __future__ import annotations

import click

KINDS = ("cursor-csv",)


@click.command(
    "import",
    epilog="""\b
Examples:
  toktui import cursor-csv usage-events.csv   the export of cursor.com/dashboard, Usage

Rows that were imported before are known again: files may overlap.""",
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
def import_(*, kind: str, file: str) -> None:
    """Take in what an agent's vendor exports; it wins over what was counted or guessed here."""
    import os
    from pathlib import Path

    from toktui.cli.output import note, write
    from toktui.cli.progress import progress_bar
    from toktui.cli.start import open_context
    from toktui.export.figures import count_of
    from toktui.ingest import access
    from toktui.ingest.cursor_export import import_export
    from toktui.paths import prepare_data

    del kind
    context = open_context()
    prepare_data(context.paths)
    found = import_export(context.paths.spool, Path(os.path.expanduser(file)))
    for shape, count in found.shapes.most_common():
        note(f"{count_of(count, 'row')} not understood: {shape}")
    with progress_bar() as advance:
        access.catch_up(context, advance=advance, notice=note)
    parts = [
        f"{found.new} new",
        f"{found.known} known already" if found.known else "",
        f"{found.unmetered} not charged or without tokens" if found.unmetered else "",
        f"{found.not_understood} not understood" if found.not_understood else "",
    ]
    write(f"{count_of(found.rows, 'row')}: {', '.join(part for part in parts if part)}.")
