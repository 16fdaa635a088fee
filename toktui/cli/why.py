"""`toktui why`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toktui.ingest.context import Context
    from toktui.ingest.looked_at import LookedAt


@click.command(
    epilog="""\b
Examples:
  toktui why 6b6f4218             a session, by the beginning of its id
  toktui why msg_01AbC --copies   a call, with every copy and the reason
  toktui why kilo:ses_1 --json    of one agent, where another one has that id, too
  toktui why 6b6f4218 --context   what fills the window of the session
  toktui why 6b6f4218 --json      the evidence as one JSON document"""
)
@click.argument("id", metavar="ID")
@click.option("--copies", is_flag=True, help="Also each copy, with the reason why it is one.")
@click.option("--context", "of_context", is_flag=True, help="What fills a session's window.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document, toktui.why/1 or toktui.context/1."
)
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def why(*, id: str, copies: bool, of_context: bool, as_json: bool, no_sync: bool) -> None:
    """The evidence for a session or call: log lines, rates and the multiplication."""
    from toktui.cli.output import width, write, write_json
    from toktui.cli.start import open_context, reading
    from toktui.export.why import as_document
    from toktui.export.why_text import as_lines
    from toktui.metrics.find import find
    from toktui.metrics.why import load_why

    context = open_context()
    if of_context:
        _context(context, id, as_json=as_json, no_sync=no_sync)
        return
    with reading(context, catch_up=not no_sync) as db:
        found = load_why(db, context.book(), find(db, id), copies=copies)
    if as_json:
        write_json(as_document(found))
    else:
        write(as_lines(found, cells=width()))


def _context(context: Context, id: str, *, as_json: bool, no_sync: bool) -> None:
    """Writes what fills the window of the session."""
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import reading
    from toktui.errors import ToktuiError
    from toktui.export.context import as_document, as_lines
    from toktui.ingest.access import keep_looked_at
    from toktui.metrics.composition import load_composition
    from toktui.metrics.find import find
    from toktui.pricing.tokenizer import count
    from toktui.text import clean

    counted: list[LookedAt] = []
    with reading(context, catch_up=not no_sync) as db:
        target = find(db, id)
        if target.kind != "session":
            raise ToktuiError(f"{clean(target.id)} is a call.", "--context is about a session.")
        found = load_composition(
            db, context.book(), target.number, count, context.now_ms(), keep=counted.append
        )
    for one in counted:
        keep_looked_at(context, one)
    if found is None:
        raise ToktuiError(
            "Nothing can be said of what was sent.",
            "The session's log is gone, or its agent keeps no text.",
        )
    if as_json:
        write_json(as_document(found, target))
    else:
        write(as_lines(found, target, cells=width(), colored=colored()))
