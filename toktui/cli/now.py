"""`toktui now`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toktui.ingest.context import Context

@click.command(
    epilog="""\b
Examples:
  toktui now             burn rates, today, limits, active sessions
  toktui now --json      the same as one JSON document, for a status line
  toktui now --no-sync   only what the store knows already"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.now/1.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
@click.option("--tz", metavar="ZONE", help="Time zone of today, such as Europe/Paris.")
def now(*, as_json: bool, no_sync: bool, tz: str | None) -> None:
    """One look: what is being burned right now."""
    from toktui import clock
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.export.now import as_document, as_text_now
    from toktui.metrics.live import load_live
    from toktui.metrics.question import Question
    from toktui.metrics.report import load_report

    context = open_context()
    zone = zone_of(context, tz)
    if not no_sync:
        _glance(context)
    with reading(context, catch_up=False) as db:
        now_ms = context.now_ms()
        live = load_live(db, now_ms, zone, context.book())
        today = load_report(db, Question(within=clock.today(now_ms, zone)), zone).totals
    if as_json:
        write_json(as_document(live, today))
    else:
        write(as_text_now(live, today, zone=zone, cells=width(), colored=colored()))


def _glance(context: Context) -> None:
    """Reads the newest lines, and says so if there are more."""
    from toktui.cli.output import note
    from toktui.cli.start import as_it_is
    from toktui.export.figures import count_of
    from toktui.ingest.unchanged import is_unchanged

    if is_unchanged(context):
        return
    from toktui.ingest.glance import glance

    left = 0
    with as_it_is(context):
        left = glance(context, notice=note)
    if left:
        note(f"{count_of(left, 'log')} have more to read; `toktui sync` reads it.")
