"""Brings what is known of repositories up to date: looked at beside the writer, written by it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from toktui.clock import MINUTE_MS
from toktui.ingest import access
from toktui.ingest.survey_process import Asked, SurveyProcess
from toktui.outcomes.git import KEPT
from toktui.outcomes.keeping import keep
from toktui.outcomes.survey import survey

if TYPE_CHECKING:
    import sqlite3

    from toktui.ingest.context import Context
    from toktui.ingest.settle import Settler
    from toktui.outcomes.found import Findings

_FIRST_AFTER_MS: Final = 5_000
_AFTER_CALLS_MS: Final = 10 * MINUTE_MS
_AT_REST_MS: Final = 60 * MINUTE_MS
_LONGEST_MS: Final = 20 * MINUTE_MS
"""After which a process that looks is given up: it waits for a mount that does not answer."""

_log = logging.getLogger("toktui.ingest")


def bring_up_to_date(context: Context, db: sqlite3.Connection, *, whole: bool = False) -> None:
    """Looks at all repositories, or at the `whole` of each, and writes what was found. StoreError
    where another process keeps writing."""
    found = survey(
        db, context.env, context.config.outcomes.emails, now_ms=context.now_ms(),
        root=context.root, whole=whole,
    )  # fmt: skip
    parts = list(found)
    with access.writing(context, "toktui outcomes") as settler:
        for part in parts:
            write(settler, part)


def write(settler: Settler, findings: Findings) -> bool:
    """Keeps what was found, in one transaction; whether anything of it was new."""
    with settler.writer.transaction():
        before = settler.db.total_changes
        keep(settler.db, findings)
        return settler.db.total_changes > before


class Surveying:
    """Surveys in a process of its own, a while after calls came; the ingest thread writes."""

    def __init__(self, context: Context, now_ms: int) -> None:
        self._context = context
        self._due_ms = now_ms + _FIRST_AFTER_MS
        self._begun_ms = 0
        self._process: SurveyProcess | None = None

    def heard(self, now_ms: int) -> None:
        """Calls came."""
        self._due_ms = min(self._due_ms, now_ms + _AFTER_CALLS_MS)

    def turn(self, settler: Settler, now_ms: int) -> bool:
        """Begins a survey that is due, or writes a part of one: True if something was written."""
        if self._process is not None:
            part = self._process.part()
            if self._process.is_over or now_ms - self._begun_ms > _LONGEST_MS:
                self.close()
            return part is not None and write(settler, part)
        if now_ms >= self._due_ms:
            self._due_ms, self._begun_ms = now_ms + _AT_REST_MS, now_ms
            context = self._context
            asked = Asked(
                os.fspath(context.paths.store),
                {name: context.env[name] for name in KEPT if name in context.env},
                context.config.outcomes.emails, context.root, now_ms,
            )  # fmt: skip
            try:
                self._process = SurveyProcess(asked)
            except OSError as error:
                _log.warning("the repositories cannot be looked at: %s", error.strerror)
        return False

    def close(self) -> None:
        """Ends the process, with the git that it asks."""
        process, self._process = self._process, None
        if process is not None:
            process.close()
