"""The thread that reads the store for the screen that is visible.

A question is asked, not queued: a hundred that come during a slow read become one.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from toktui.metrics.scope import EVERYTHING, Scope
from toktui.store.connect import connect_reader, guard_marked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from toktui.pricing.rates import RateBook


@dataclass(frozen=True, slots=True)
class Reading:
    """What a view needs to load its data: an open store, a time, a zone, the prices."""

    db: sqlite3.Connection
    now_ms: int
    zone: ZoneInfo
    book: RateBook
    scope: Scope = EVERYTHING
    """What all screens are about: every view keeps to it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a view wants to know; `about` is its own frozen value."""

    view: str
    load: Callable[[Reading, Any], object]
    about: object = None
    scope: Scope = EVERYTHING


class Answer(Message):
    """The data of a view, read from one state of the store."""

    def __init__(self, question: Question, data: object) -> None:
        super().__init__()
        self.question = question
        self.data = data

    def can_replace(self, message: Message) -> bool:
        """A newer answer to the same view makes an older one pointless."""
        return isinstance(message, Answer) and message.question.view == self.question.view


class NoStore(Message):
    """There is no store yet."""


class ReadFailed(Message):
    """The store could not be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Refresher(threading.Thread):
    """Reads when asked, and posts what it read."""

    def __init__(
        self,
        *,
        store: Path,
        zone: ZoneInfo,
        now_ms: Callable[[], int],
        book: Callable[[], RateBook],
        post: Callable[[Message], object],
    ) -> None:
        super().__init__(name="refresher", daemon=True)
        self._store = store
        self._zone = zone
        self._now_ms = now_ms
        self._book = book
        self._post = post
        self._question: Question | None = None
        self._aside: Question | None = None
        self._asked = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._stopped = False
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def ask(self, question: Question) -> None:
        """Asks for this; whatever was asked before and is not being read yet is forgotten."""
        self._question = question
        self._idle.clear()
        self._asked.set()

    def ask_aside(self, question: Question) -> None:
        """Asks for something beside what the view shows; the last such question counts."""
        self._aside = question
        self._idle.clear()
        self._asked.set()

    def stop(self) -> None:
        """Ends the thread after what it is reading."""
        self._stopped = True
        self._asked.set()
        if self.is_alive():
            self.join(timeout=5)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Whether everything that was asked has been answered within the time."""
        return self._idle.wait(timeout_s)

    def run(self) -> None:
        """Answers until stopped."""
        try:
            while self._asked.wait() and not self._stopped:
                self._asked.clear()
                question, self._question = self._question, None
                if question is not None:
                    self._answer(question)
                aside, self._aside = self._aside, None
                if aside is not None:
                    self._answer(aside)
                if not self._asked.is_set():
                    self._idle.set()
        finally:
            self._close()

    def _answer(self, question: Question) -> None:
        try:
            db = self._connection()
            if db is None:
                self._post(NoStore())
                return
            reading = Reading(
                db, self._now_ms(), self._zone, self._book(), question.scope
            )
            self._post(Answer(question, question.load(reading, question.about)))
        except Exception as error:  # The screen says so; the next question tries again.
            self._close()
            self._post(ReadFailed(error))

    def _connection(self) -> sqlite3.Connection | None:
        """The open store, opened anew where the file was replaced; None if there is none yet."""
        try:
            status = os.stat(self._store)
        except FileNotFoundError:
            self._close()
            return None
        if self._db is None or self._file != (status.st_dev, status.st_ino):
            self._close()
            db = connect_reader(self._store)
            if not db.execute("pragma user_version").fetchone()[0]:
                db.close()
                return None
            self._db, self._file = db, (status.st_dev, status.st_ino)
        else:
            guard_marked(self._db)
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = self._file = None
