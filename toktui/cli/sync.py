"""`toktui sync`."""

from __future__ import annotations

import click

LACKING = 3
"""Exit code: done, but something was not understood or has no price."""


@click.command(
    epilog="""\b
Examples:
  toktui sync            read what is new, then say what was found
  toktui sync --json     the same as one JSON document
  toktui sync --strict   exit 3 if a line was not understood or a call has no price"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.sync/1.")
@click.option("--strict", is_flag=True, help="Exit 3 if something is not understood or unpriced.")
@click.pass_context
def sync(ctx: click.Context, *, as_json: bool, strict: bool) -> None:
    """Bring the store up to date, once."""
    from toktui.cli.output import note, write, write_json
    from toktui.cli.progress import progress_bar
    from toktui.cli.start import open_context, reading
    from toktui.export.sync import as_document, as_text
    from toktui.ingest import access
    from toktui.metrics.coverage import unpriced_models
    from toktui.text import clean

    context = open_context()
    with progress_bar() as advance:
        result = access.sync(context, advance=advance, notice=note)
    for place, why in result.problems:
        note(f"cannot read {clean(place, 400)}: {clean(why)}")
    with reading(context, catch_up=False) as db:
        unpriced = unpriced_models(db)
    if as_json:
        write_json(as_document(result))
    else:
        write(as_text(result, unpriced))
    if strict and (unpriced or result.store.not_understood):
        ctx.exit(LACKING)
