"""Brings what is known of repositories up to date: looked at beside the writer, written by it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from toktui.clock import MINUTE_MS
from toktui.ingest import access
from toktui.outcomes.found import Findings
from toktui.outcomes.keeping import keep
from toktui.outcomes.survey import survey
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from toktui.ingest.context import Context
    from toktui.ingest.settle import Settler

_FIRST_AFTER_MS: Final = 5_000
_AFTER_CALLS_MS: Final = 10 * MINUTE_MS
_AT_REST_MS: Final = 60 * MINUTE_MS

_log = logging.getLogger("toktui.ingest")


def bring_up_to_date(context: Context, db: sqlite3.Connection) -> None:
    """Looks at all repositories and writes what was found. StoreError where another process keeps
    writing."""
    findings = survey(db, context.env, context.config.outcomes.emails, root=context.root)
    with access.writing(context, "toktui outcomes") as settler:
        write(settler, findings)


def write(settler: Settler, findings: Findings) -> None:
    """Keeps what was found, in one transaction."""
    with settler.writer.transaction():
        keep(settler.db, findings)


class Surveying:
    """Surveys in a thread of its own, a while after calls came; the ingest thread writes."""

    def __init__(self, context: Context, now_ms: int) -> None:
        self._context = context
        self._due_ms = now_ms + _FIRST_AFTER_MS
        self._found: Findings | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def heard(self, now_ms: int) -> None:
        """Calls came."""
        self._due_ms = min(self._due_ms, now_ms + _AFTER_CALLS_MS)

    def turn(self, settler: Settler, now_ms: int) -> bool:
        """Begins a survey that is due, or writes one that is done: True."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            found, self._found = self._found, None
            if found is None:
                return False
            write(settler, found)
            return True
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + _AT_REST_MS
            self._thread = threading.Thread(target=self._survey, name="survey", daemon=True)
            self._thread.start()
        return False

    def close(self) -> None:
        """Ends after the command that git is at."""
        self._stopping.set()

    def _survey(self) -> None:
        try:
            db = connect_reader(self._context.paths.store)
            try:
                emails = self._context.config.outcomes.emails
                found = survey(
                    db, self._context.env, emails, root=self._context.root,
                    stopped=self._stopping.is_set,
                )  # fmt: skip
            finally:
                db.close()
            self._found = None if self._stopping.is_set() else found
        except Exception:
            _log.exception("the repositories could not be looked at")
