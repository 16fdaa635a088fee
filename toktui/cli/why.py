"""`toktui why`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  toktui why 6b6f4218             a session, by the beginning of its id
  toktui why msg_01AbC --copies   a call, with every copy and the reason
  toktui why 6b6f4218 --json      the same as one JSON document"""
)
@click.argument("id", metavar="ID")
@click.option("--copies", is_flag=True, help="Also each copy, with the reason why it is one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.why/1.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def why(*, id: str, copies: bool, as_json: bool, no_sync: bool) -> None:
    """The evidence for a session or call: log lines, rates and the multiplication."""
    from toktui.cli.output import width, write, write_json
    from toktui.cli.start import open_context, reading
    from toktui.export.why import as_document
    from toktui.export.why_text import as_lines
    from toktui.metrics.find import find
    from toktui.metrics.why import load_why

    context = open_context()
    with reading(context, catch_up=not no_sync) as db:
        found = load_why(db, context.book(), find(db, id), copies=copies)
    if as_json:
        write_json(as_document(found))
    else:
        write(as_lines(found, cells=width()))
