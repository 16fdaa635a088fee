"""`toktui report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from toktui.cli.asking import (
    folder_named,
    known_agents,
    offer_agents,
    offer_keys,
    one_format,
    split_keys,
)

if TYPE_CHECKING:
    from toktui.metrics.question import Key


@click.command(
    epilog="""\b
Examples:
  toktui report                                 each day, in your time zone
  toktui report month --by agent,model
  toktui report week --since 30d --by project
  toktui report all --by session --model 'claude-opus-*' --json
  toktui report --since 2026-11-01 --until 2026-11-15 --tz Europe/Paris --csv"""
)
@click.argument("period", type=click.Choice(["day", "week", "month", "all"]), default="day")
@click.option("--by", callback=split_keys, metavar="KEYS", default="", shell_complete=offer_keys,
              help="Any of agent,model,project,session,branch,tier, with commas.")  # fmt: skip
@click.option("--since", metavar="DAY", help="First day: a date, today, yesterday, or 7d.")
@click.option("--until", metavar="DAY", help="Last day, included.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--agent", "agents", multiple=True, metavar="AGENT", callback=known_agents,
              shell_complete=offer_agents, help="Only this agent; may be given again.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="MODEL",
              help="Only this model, as logged or as priced; a name or a glob.")  # fmt: skip
@click.option("--project", "projects", multiple=True, metavar="PROJECT",
              help="Only this folder; a path, the name of a folder, or a glob.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.report/1.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a line of names.")
@click.option("--markdown", "as_markdown", is_flag=True, help="A Markdown table.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
@click.option("--strict", is_flag=True, help="Exit 3 if something is not understood or unpriced.")
@click.pass_context
def report(
    ctx: click.Context, *, period: str, by: tuple[Key, ...], since: str | None, until: str | None,
    tz: str | None, agents: tuple[str, ...], models: tuple[str, ...], projects: tuple[str, ...],
    as_json: bool, as_csv: bool, as_markdown: bool, no_sync: bool, strict: bool,
) -> None:  # fmt: skip
    """Totals by day, week, month or of all time."""
    form = one_format(json=as_json, csv=as_csv, markdown=as_markdown)
    from toktui import clock
    from toktui.cli.output import write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.metrics import probable
    from toktui.metrics.filters import Filters
    from toktui.metrics.question import Question
    from toktui.metrics.report import load_report

    context = open_context()
    zone = zone_of(context, tz)
    now_ms = context.now_ms()
    folders = tuple(folder_named(project) for project in projects)
    question = Question(
        period=cast("clock.Period", period),
        by=by,
        within=clock.day_range(since, until, now_ms=now_ms, zone=zone),
        filters=Filters(agents, models, folders),
    )
    with reading(context, catch_up=not no_sync) as db:
        found = load_report(db, question, zone)
        lacks = bool(found.totals.exactness["placeholder"])
        can_estimate = lacks and form == "table" and probable.can_estimate(db)
    if form == "json":
        from toktui.export.report import as_document

        write_json(as_document(found, question, now_ms=now_ms, zone=zone.key))
    else:
        from toktui.cli.output import colored, width, write
        from toktui.export.report_table import as_form

        text = as_form(
            found, question, form, cells=width(), colored=colored(), can_estimate=can_estimate
        )
        write(text)
    if strict and (found.totals.unpriced_calls or found.coverage.not_understood):
        ctx.exit(3)
