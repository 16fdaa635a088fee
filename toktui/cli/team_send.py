"""`toktui team preview`, `submit`, `status`, `pause` and `resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toktui.cli.team_start import joined

if TYPE_CHECKING:
    import sqlite3

    from toktui.ingest.context import Context
    from toktui.team.membership import Membership
    from toktui.team.preview import OutcomesOf
    from toktui.team.state import TeamState


@click.command(
    epilog="""\b
Examples:
  toktui team preview                       today's, as they would be sent now
  toktui team preview --day 2026-11-21
  toktui team preview | sha256sum           the hash that stderr says, and the receipt"""
)
@click.option("--day", metavar="DAY", help="A day of the team's zone, such as 2026-11-21.")
def preview(*, day: str | None) -> None:
    """The exact bytes that would be sent.

    On stdout, and their SHA-256 on stderr. Of a day that says nothing new, the bytes that were
    sent.
    """
    from zoneinfo import ZoneInfo

    from toktui.cli.output import note, write_bytes
    from toktui.cli.start import open_context, reading
    from toktui.clock import day_label
    from toktui.team.drafts import draft_of
    from toktui.team.preview import first_taken
    from toktui.team.wire.document import digest

    context = open_context()
    if day is not None:
        _check_day(day)
    with joined(context) as (file, member), reading(context, catch_up=True) as db:
        today = day_label(context.now_ms(), ZoneInfo(member.zone))
        asked = today if day is None else day
        landed = _landed(context, member, db)
        draft = draft_of(db, file, member, asked, context.now_ms(), outcomes=landed)
        sent = file.body(asked) if draft.known is not None and not draft.is_news else None
    body = draft.made.body if sent is None else sent
    write_bytes(body)
    first = first_taken(member, context.now_ms())
    if sent is not None:
        said = "as they were sent"
    elif asked < first:
        said = f"never sent: the team takes days from {first} on"
    else:
        said = "not begun yet" if asked > today else "not sent yet"
    note(f"\n{asked}: {len(body)} bytes, {said}\nsha256 {digest(body)}")


def _check_day(text: str) -> None:
    """Refuses what no document has as its day."""
    import msgspec

    from toktui.errors import UsageError
    from toktui.team.wire.document import Day, WrongDocumentError, day_of

    try:
        day_of(msgspec.convert(text, Day))
    except (msgspec.ValidationError, WrongDocumentError) as error:
        raise UsageError("--day is no day.", "Such as 2026-11-21.") from error


def _landed(
    context: Context, member: Membership, db: sqlite3.Connection
) -> OutcomesOf | None:
    """What landed, after a look at the repositories; None for those who do not share it."""
    if "outcomes" not in member.shares:
        return None
    from zoneinfo import ZoneInfo

    from toktui.cli.output import note
    from toktui.cli.start import as_it_is
    from toktui.errors import StoreError, WriteError
    from toktui.ingest.outcomes import bring_up_to_date
    from toktui.team.landed import outcomes_of

    try:
        with as_it_is(context):
            bring_up_to_date(context, db)
    except WriteError:
        raise
    except StoreError as error:
        note(f"{error.what} What is sent is what was known before.")
    return outcomes_of(db, ZoneInfo(member.zone))


@click.command(
    epilog="""\b
Examples:
  toktui team submit
  */30 * * * * toktui team submit --quiet     in a crontab
  toktui team submit --now                    also what would wait for a later time
  toktui team submit --correct 2026-11-21     this day holds less than before, and that is right"""
)
@click.option("--now", "hurry", is_flag=True, help="Try at once what failed and waits.")
@click.option("--correct", "corrected", multiple=True, metavar="DAY",
              help="Send a day although it holds less than before.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print only what went wrong.")
@click.pass_context
def submit(ctx: click.Context, *, hurry: bool, corrected: tuple[str, ...], quiet: bool) -> None:
    """Send every day that has changed.

    Closed days, and today's with a rising revision. After a failure it waits longer each time, and
    says until when; exit 1 while anything waits.
    """
    from toktui.cli.output import note, write
    from toktui.cli.start import open_context, reading
    from toktui.errors import UsageError
    from toktui.team.rounds import alone, hindrance, run_round
    from toktui.team.state import load_state
    from toktui.text import clean

    context = open_context()
    with joined(context) as (file, member):
        why_not = hindrance(member)
        if why_not == "paused":
            if not quiet:
                write("Paused; `toktui team resume` goes on.")
            return
        for day in corrected:
            if day not in file.sent():
                raise UsageError(f"Nothing was sent of {clean(day, 20)}.", "Days are in `status`.")
        with (
            reading(context, catch_up=not why_not) as db,
            alone(context.paths.data, "toktui team submit"),
        ):
            landed = None if why_not else _landed(context, member, db)
            done = run_round(
                db, file, context.paths.data, now_ms=context.now_ms, hurry=hurry or bool(corrected),
                outcomes=landed, corrected=corrected,
            ).outcomes  # fmt: skip
    for one in done:
        if one.result != "waits":
            if not quiet:
                write(f"{one.day}  {one.result}  {one.sha256[:12]}")
        else:
            note(f"{one.day}  {one.result}  {one.code}  {one.what}".rstrip())
    state = load_state(context.paths.data)
    if state is not None and _tell(state, context) | any(one.result == "waits" for one in done):
        ctx.exit(1)
    if not done and not quiet:
        write("Nothing has changed since the last time.")


def _tell(state: TeamState, context: Context) -> bool:
    """Says on stderr what it waits for; whether that keeps anything from being sent."""
    from toktui.cli.output import note
    from toktui.team.state import waits_of

    stops = False
    for wait in waits_of(state):
        stops = stops or wait.stops
        note(_sentence(wait.what, wait.hint, wait.next_ms, context))
    return stops


def _sentence(what: str, hint: str, next_ms: int | None, context: Context) -> str:
    from toktui.cli.start import zone_of
    from toktui.clock import local_minute

    zone = zone_of(context, None)
    later = "" if next_ms is None else f" Tried again {local_minute(next_ms, zone)}."
    return f"{what}{later}{f' {hint}' if hint else ''}"


@click.command(
    epilog="""\b
Examples:
  toktui team status
  toktui team status --json | jq .waits"""
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.team/1.")
def status(*, as_json: bool) -> None:
    """The team, what was sent when, what waits and why. Asks no server."""
    from toktui.cli.output import write, write_bytes
    from toktui.cli.start import open_context
    from toktui.cli.team_text import status_document, status_lines
    from toktui.team.state import load_state

    context = open_context()
    with joined(context):
        state = load_state(context.paths.data)
    assert state is not None
    if as_json:
        write_bytes(status_document(state).encode() + b"\n")
        return
    from toktui.cli.start import zone_of

    for line in status_lines(state, context.now_ms(), zone_of(context, None)):
        write(line)


@click.command(epilog="\b\nExample:\n  toktui team pause")
@click.option("--off", is_flag=True, help="Go on, as `toktui team resume` does.")
def pause(*, off: bool) -> None:
    """Send nothing until further notice; what is already there stays."""
    _set_paused(on=not off)


@click.command(epilog="\b\nExample:\n  toktui team resume")
def resume() -> None:
    """Send again what has changed meanwhile.

    Also where leaving was begun, and the server did not answer: this stays.
    """
    _set_paused(on=False)


def _set_paused(*, on: bool) -> None:
    from toktui.cli.output import write
    from toktui.cli.start import open_context

    with joined(open_context()) as (file, _):
        file.pause(on=on)
    write("Paused: nothing is sent." if on else "Goes on: what has changed is sent next time.")
