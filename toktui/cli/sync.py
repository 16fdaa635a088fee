"""`toktui sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toktui.ingest.context import Context

_NOTHING = "no call that lacks its output has a text by which to estimate it"
LACKING = 3
"""Exit code: done, but something was not understood or has no price."""


@click.command(
    epilog="""\b
Examples:
  toktui sync            read what is new, then say what was found
  toktui sync --json     the same as one JSON document
  toktui sync --strict   exit 3 if a line was not understood or a call has no price
  toktui sync --estimates
                         then estimate output that logs never got, as the screens do"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.sync/1.")
@click.option("--strict", is_flag=True, help="Exit 3 if something is not understood or unpriced.")
@click.option("--estimates", is_flag=True, help="Then estimate output that logs never got.")
@click.pass_context
def sync(ctx: click.Context, *, as_json: bool, strict: bool, estimates: bool) -> None:
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
    if estimates:
        _estimate(context, is_ours=result.writer == "self")
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


def _estimate(context: Context, *, is_ours: bool) -> None:
    """Estimates what waits; says how much that was."""
    from toktui.cli.output import note
    from toktui.export.figures import count_of
    from toktui.ingest import access

    if not is_ours:
        note("estimates are made by the toktui that is running")
        return
    with access.writing(context, "toktui sync") as settler, access.explained(context):
        from toktui.ingest.estimate import estimate_all, is_any_waiting

        if not is_any_waiting(settler.db):
            return
        from toktui.pricing.tokenizer import count

        made = estimate_all(settler, count, context.now_ms())
    note(f"estimated the output of {count_of(made, 'call')}" if made else _NOTHING)
