"""What every command begins with: the context of the run, the store, the zone."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from toktui import zones
from toktui.agents import agent_names
from toktui.config import load_config
from toktui.errors import ReadOnlyError, StoreError, UsageError, WriteError
from toktui.ingest.context import Context
from toktui.paths import prepare_data, user_home, user_paths
from toktui.text import clean

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator
    from zoneinfo import ZoneInfo


_SAID: Final = "toktui.read_only"
"""What this run has said already of a store that cannot be written."""


def open_context() -> Context:
    """Folders, configuration and environment of this process. ConfigError for a wrong file."""
    paths = user_paths(os.environ)
    config = load_config(paths.config_file, agents=agent_names())
    return Context(paths, config, user_home(os.environ), os.environ)


def zone_of(context: Context, name: str | None) -> ZoneInfo:
    """`--tz`, else the configuration's, else `TZ`, else the system's."""
    return zones.zone(name, context.env, config=context.config.ui.timezone)


@contextmanager
def reading(
    context: Context, *, catch_up: bool
) -> Generator[sqlite3.Connection, None, None]:
    """A read-only connection to the store, brought up to date first if asked for.

    A store that cannot be written is read as it is, and stderr says so. StoreError where it cannot
    be read.
    """
    import sqlite3

    from toktui.store.connect import connect_reader

    if catch_up:
        from toktui.ingest.unchanged import is_unchanged

        if not is_unchanged(context):
            with as_it_is(context):
                _catch_up(context)
    try:
        db = connect_reader(context.paths.store)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        if not isinstance(error, sqlite3.OperationalError):
            from toktui.store.recovery import suspect

            suspect(context.paths)
        raise StoreError(
            f"The store cannot be read: {clean(str(error))}",
            "`toktui sync` mends a damaged store; `toktui doctor` says more.",
        ) from error


def _catch_up(context: Context) -> None:
    from toktui.cli.output import note
    from toktui.cli.progress import progress_bar
    from toktui.ingest import access

    with progress_bar() as advance:
        access.catch_up(context, advance=advance, notice=note)


@contextmanager
def as_it_is(context: Context) -> Generator[None, None, None]:
    """Goes on without what is new where there is a store that can be read but not written.

    A WriteError names the way to look at it all the same.
    """
    from toktui.cli.output import note

    try:
        yield
    except ReadOnlyError as error:
        if not context.paths.store.exists():
            raise
        said = f"{error.what}\n{error.hint}\nWhat follows is what the store holds already."
        known = click.get_current_context().meta
        if known.get(_SAID) != said:
            known[_SAID] = said
            note(said)
    except WriteError as error:
        if not _holds_anything(context):
            raise
        hint = f"{error.hint}\n`--no-sync` shows what the store holds already."
        raise WriteError(error.what, hint) from error


def _holds_anything(context: Context) -> bool:
    """Whether there is a store that a question can be put to."""
    import sqlite3

    from toktui.store.connect import connect_reader, version_of

    try:
        db = connect_reader(context.paths.store)
        try:
            return version_of(db) > 0
        finally:
            db.close()
    except (StoreError, sqlite3.Error):
        return False


def start_screens(*, demo: bool) -> int:
    """Runs the screens until the user leaves; gives the exit code."""
    if os.environ.get("TERM") in ("dumb", "unknown"):
        raise UsageError(
            "The screens need a terminal that can move its cursor; this one says it is dumb.",
            "`toktui now` and `toktui report` print plain text.",
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screens need a terminal.", "For scripts there is `toktui now` or `toktui report`."
        )
    # Until something is seen nothing is thrown away; looking for it costs a twentieth of the time.
    gc.disable()
    from toktui.journal import open_journal
    from toktui.tui.program import run

    context = open_context()
    if demo:
        return _show_demo(context)
    prepare_data(context.paths)
    open_journal(context.paths.log)
    return run(context, show_demo=lambda: _show_demo(context))


def _show_demo(context: Context) -> int:
    """Runs the screens on imitated agents in a temporary folder; gives the exit code."""
    from toktui.dev.demo import demo_context
    from toktui.dev.demo.team import ImaginedOutbox
    from toktui.journal import open_journal
    from toktui.tui.program import run

    with demo_context(context) as imitated:
        open_journal(imitated.paths.log)
        data, now_ms = imitated.paths.data, imitated.now_ms
        return run(imitated, demo=True, outbox=lambda tell: ImaginedOutbox(data, tell, now_ms))
