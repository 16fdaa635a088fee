"""`toktui data`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from toktui.ingest.context import Context
    from toktui.ingest.forgetting import Rule

YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(
    epilog="""\b
Examples:
  toktui data path                       where the store is
  toktui data backup                     make a backup now
  toktui data restore latest             put the newest backup in place
  toktui data forget --before 2026-01-01
  toktui data forget --project secret    by folder; a path, a name or a glob
  toktui data purge                      delete everything that toktui stored"""
)
def data() -> None:
    """Your data: where it is, backup, restore, forget."""


@data.command()
def path() -> None:
    """Print the path of the store, whether it exists or not."""
    import os

    from toktui.cli.output import write
    from toktui.paths import user_paths

    write(str(user_paths(os.environ).store))


@data.command()
def backup() -> None:
    """Write a backup; the oldest beyond `[store] backups` goes."""
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import StoreError
    from toktui.export.figures import size
    from toktui.ingest import access
    from toktui.store.backup import back_up
    from toktui.text import clean

    context = open_context()
    keep = max(1, context.config.store.backups)
    with access.writing(context, "toktui data backup") as settler:
        made = back_up(settler.db, context.paths, now_ms=context.now_ms(), keep=keep)
    if isinstance(made, str):
        raise StoreError(made, "Make room, or set TOKTUI_DATA_DIR to another disk.")
    write(f"{clean(str(made.path), 400)} ({size(made.size)})")


@data.command()
@click.argument("file", metavar="FILE")
@YES
def restore(*, file: str, yes: bool) -> None:
    """Put a backup in the place of the store; FILE may be `latest`.

    The file is verified first. The store before it is kept beside it, under another name.
    """
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.export.figures import count_of
    from toktui.paths import prepare_data
    from toktui.store.backup import put_in_place, verify
    from toktui.store.lock import StoreLock
    from toktui.text import clean

    context = open_context()
    source = _backup_named(context, file)
    calls = verify(source)
    held = count_of(calls, "call")
    _ask(f"Put {clean(str(source), 400)} with {held} in place of the store?", yes=yes)
    prepare_data(context.paths)
    lock = StoreLock(context.paths.lock)
    lock.insist("toktui data restore")
    try:
        aside = put_in_place(context.paths, source, context.now_ms())
    finally:
        lock.release()
    write(f"The store holds the {held} of the backup; the next sync adds what is new.")
    if aside is not None:
        write(f"The store before it is {clean(str(aside), 400)}.")


def _backup_named(context: Context, file: str) -> Path:
    import os
    from pathlib import Path

    from toktui.errors import UsageError
    from toktui.store.backup import backups
    from toktui.text import clean

    known = backups(context.paths.backups)
    if file == "latest":
        if not known:
            raise UsageError("There is no backup yet.", "`toktui data backup` makes one.")
        return known[0].path
    given = Path(os.path.expanduser(file))
    if given.is_file():
        return given
    listed = "\n".join(f"  {clean(str(one.path), 400)}" for one in known)
    hint = f"Backups:\n{listed}" if known else "There is no backup yet."
    raise UsageError(f"{clean(file, 400)} is not a file.", hint)


@data.command()
@click.option("--before", metavar="DAY", help="Calls before this day: a date, or 30d.")
@click.option("--project", metavar="PROJECT", help="Calls in this folder; path, name or glob.")
@click.option("--tz", metavar="ZONE", help="Time zone of the day, such as Europe/Paris.")
@YES
def forget(*, before: str | None, project: str | None, tz: str | None, yes: bool) -> None:
    """Delete calls for good; a later sync does not bring them back.

    Backups still hold them and are deleted too.
    """
    from toktui import clock
    from toktui.cli.output import write
    from toktui.cli.start import open_context, reading, zone_of
    from toktui.errors import UsageError
    from toktui.export.figures import count_of
    from toktui.ingest import access
    from toktui.ingest.forget import forget as forget_calls
    from toktui.ingest.forgetting import Rule
    from toktui.text import clean

    if before is None and project is None:
        raise click.UsageError("Say what to forget: --before DAY, --project PROJECT, or both.")
    context = open_context()
    now_ms = context.now_ms()
    before_ms = None
    if before is not None:
        try:
            zone = zone_of(context, tz)
            before_ms = clock.day_range(before, None, now_ms=now_ms, zone=zone).start_ms
        except UsageError as error:
            raise UsageError(error.what.replace("--since", "--before"), error.hint) from error
        if before_ms > now_ms:
            raise UsageError(
                f"--before {clean(before, 40)} lies ahead: what is to come would go, too.",
                "`--before today` forgets all of the days before this one.",
            )
    with reading(context, catch_up=False) as db:
        rules = [Rule(before_ms, name) for name in _projects(db, project)]
        calls = _calls(db, rules)
    _ask(f"Forget {count_of(calls, 'call')}, and delete all backups, for good?", yes=yes)
    with access.writing(context, "toktui data forget") as settler:
        gone = [forget_calls(settler, rule, now_ms, context.paths.backups) for rule in rules]
    write(
        f"{count_of(sum(one.calls for one in gone), 'call')} forgotten;"
        f" {count_of(sum(one.backups for one in gone), 'backup')} deleted."
    )


def _projects(db: sqlite3.Connection, pattern: str | None) -> list[str | None]:
    """The projects that are meant; None is all of them."""
    if pattern is None:
        return [None]
    from toktui.cli.asking import folder_named
    from toktui.errors import UsageError
    from toktui.metrics.filters import matches_folder
    from toktui.text import clean

    known = [
        str(name)
        for (name,) in db.execute(
            "select text from name where id in (select distinct project from call) and id <> 0"
        )
    ]
    wanted = folder_named(pattern)
    found = [name for name in known if matches_folder(name, (wanted,))]
    if found:
        return list(found)
    import difflib

    close = difflib.get_close_matches(wanted, known, n=5, cutoff=0.3) or known[:5]
    raise UsageError(
        f"No calls are in a project {clean(pattern, 200)!r}.",
        f"Projects: {', '.join(clean(name, 200) for name in close)}." if close else "",
    )


def _calls(db: sqlite3.Connection, rules: list[Rule]) -> int:
    found = 0
    for rule in rules:
        row = db.execute(
            "select count(*) from call c join name p on p.id = c.project"
            " where (?1 is null or c.at_ms < ?1) and (?2 is null or p.text = ?2)",
            (rule.before_ms, rule.project),
        ).fetchone()
        found += int(row[0])
    return found


@data.command()
@click.option("--everything", is_flag=True,
              help="Also that it was purged: the next sync reads all logs anew.")  # fmt: skip
@YES
def purge(*, everything: bool, yes: bool) -> None:
    """Delete the store, its backups, toktui's log and saved prices.

    An empty store stays behind, which knows only that calls from before now are not wanted; with
    --everything not even that. config.toml is yours and stays; and so does this device's key in a
    team, for without it nothing there could be deleted: `toktui team leave` does that first.
    """
    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.cli.team_start import still_in_a_team
    from toktui.export.figures import count_of
    from toktui.ingest.purge import own_files
    from toktui.ingest.purge import purge as delete
    from toktui.text import clean

    context = open_context()
    files = own_files(context.paths)
    where = clean(str(context.paths.data), 400)
    _ask(f"Delete {count_of(len(files), 'file')} of toktui in {where} for good?", yes=yes)
    gone = delete(context, remember=not everything)
    write(f"Deleted {count_of(gone, 'file')}.")
    still_in_a_team(context)


def _ask(question: str, *, yes: bool) -> None:
    """Goes on only after a yes; without a terminal to ask on, the user says it with --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Say so with --yes.")
    if not click.confirm(question, err=True):
        raise click.exceptions.Exit(1)
