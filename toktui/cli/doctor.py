"""`toktui doctor`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  toktui doctor            what was found where, and what needs a look
  toktui doctor --json     the same as one JSON document
  toktui doctor --bundle   shapes and counts only, for a bug report"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.doctor/1.")
@click.option("--bundle", is_flag=True,
              help="One JSON document without paths, projects, ids and models.")  # fmt: skip
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool, bundle: bool) -> None:
    """What was found where, and the health of store and logs; changes nothing."""
    if as_json and bundle:
        raise click.UsageError("Choose one of --json, --bundle.")
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context
    from toktui.export.doctor import as_bundle, as_document
    from toktui.export.doctor_text import as_lines
    from toktui.metrics.doctor import diagnose

    found = diagnose(open_context())
    if bundle:
        write_json(as_bundle(found))
    elif as_json:
        write_json(as_document(found))
    else:
        write(as_lines(found, cells=width(), colored=colored()))
    if found.store.integrity not in ("", "ok") or not found.store.sums_match:
        ctx.exit(1)
