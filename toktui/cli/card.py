"""`toktui card`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click


@click.command(
    epilog="""\b
Examples:
  toktui card                            this week, as toktui-2026-W47.svg
  toktui card --month --png month.png    needs the extra: toktui[png]
  toktui card --year --theme light --svg year.svg
  toktui card --svg -                    on stdout"""
)
@click.option("--week", is_flag=True, help="This week (the default).")
@click.option("--month", is_flag=True, help="This month.")
@click.option("--year", is_flag=True, help="The last twelve months.")
@click.option("--svg", metavar="FILE", help="Where to write it as SVG; - is stdout.")
@click.option("--png", metavar="FILE", help="Where to write it as PNG, twice as large.")
@click.option("--theme", type=click.Choice(["dark", "light"]), default="dark")
@click.option("--projects", is_flag=True, help="With the names of projects, in place of agents.")
@click.option("--tz", metavar="ZONE", help="Time zone of the days, such as Europe/Paris.")
@click.option("--no-sync", is_flag=True, help="Do not read what is new in the logs first.")
def card(
    *, week: bool, month: bool, year: bool, svg: str | None, png: str | None,
    theme: Literal["dark", "light"], projects: bool, tz: str | None, no_sync: bool,
) -> None:  # fmt: skip
    """One picture to share: totals, calendar, cache, models. No project is named unless asked."""
    from toktui.cli.output import note
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.export.card import draw_card, title_of
    from toktui.metrics.card import load_card

    if week + month + year > 1:
        raise click.UsageError("Choose one of --week, --month, --year.")
    period = "year" if year else "month" if month else "week"
    if svg == png == "-":
        raise click.UsageError("Only one picture goes to stdout.")
    if png == "-" and sys.stdout.isatty():
        raise click.UsageError("A PNG is not for a terminal: name a file, or pipe it.")
    context = open_context()
    zone = zone_of(context, tz)
    now_ms = context.now_ms()
    with reading(context, catch_up=not no_sync) as db:
        found = load_card(db, period, now_ms=now_ms, zone=zone, projects=projects)
    if svg is None and png is None:
        label = "year" if period == "year" else found.span.label
        svg = f"toktui-{label}.svg"
    drawn, title = draw_card(found, theme), title_of(found)
    written: list[str] = []
    if png is not None:
        from toktui.export.card_png import png_of

        _write(png, png_of(drawn, title))
        written.append(png)
    if svg is not None:
        _write(svg, drawn.svg(title).encode())
        written.append(svg)
    for file in written:
        if file != "-":
            note(f"{file}: {title}")


def _write(file: str, data: bytes) -> None:
    """To a file, or to stdout for `-`."""
    from toktui.cli.output import write_bytes
    from toktui.errors import ToktuiError
    from toktui.text import clean

    if file == "-":
        write_bytes(data)
        return
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        what = f"cannot write {clean(file, 200)}: {error.strerror or 'it cannot be written'}"
        raise ToktuiError(what, "Name another file.") from error
