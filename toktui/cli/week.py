"""`toktui week`."""

from __future__ import annotations

import click

from toktui.cli.asking import one_format


@click.command(
    epilog="""\b
Examples:
  toktui week                     this week so far, beside the last one up to the same moment
  toktui week --last --markdown   the last whole week, to paste
  toktui week 2026-W47 --json     one document; or any day of the week: 2026-11-21

\b
Why it changed: each model and tier has calls, a share of them, tokens per call, a cache hit rate
and rates. The difference is split among them by the Shapley value: the mean of what each adds over
all orders in which they could have changed. The parts are whole nano-dollars that add up."""
)
@click.argument("week", required=False)
@click.option("--last", is_flag=True, help="The last whole week.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.week/1.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Markdown to paste.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def week(
    *, week: str | None, last: bool, as_json: bool, as_markdown: bool, tz: str | None, no_sync: bool
) -> None:
    """The review of a week: where the money went, why it changed, what was waste.

    WEEK is an ISO week (2026-W47) or a day in it; without one: this week so far.
    """
    form = one_format(json=as_json, markdown=as_markdown)
    if week is not None and last:
        raise click.UsageError("--last is a week already; leave out WEEK.")
    from toktui import clock
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.metrics.bought import load_bought
    from toktui.metrics.history import HistoryQuestion, load_review
    from toktui.metrics.scope import Scope
    from toktui.metrics.spans import span_of, week_named
    from toktui.metrics.waste import load_waste

    context = open_context()
    zone = zone_of(context, tz)
    span = None if week is None else week_named(week)
    with reading(context, catch_up=not no_sync) as db:
        now_ms = context.now_ms()
        if span is None:
            span = span_of("week", clock.local_date(now_ms, zone)).moved(-1 if last else 0)
        review = load_review(db, context.book(), HistoryQuestion(span), now_ms, zone)
        waste = load_waste(db, review.within)
        bought = load_bought(db, scope=Scope(within=review.within))
    if form == "json":
        from toktui.export.week import as_document

        write_json(as_document(review, waste, bought, zone=zone.key))
        return
    from toktui.export.week_text import as_page, as_terminal

    if form == "markdown":
        write(as_page(review, waste, bought, zone=zone))
    else:
        text = as_terminal(
            review, waste, bought, zone=zone, cells=width(), colored=colored()
        )
        write(text)
