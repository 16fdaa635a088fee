"""Settling that no log can stop: what is wrong with one costs that one, until it is right."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from toktui.errors import ToktuiError
from toktui.ingest.gather import PARSER_ERROR
from toktui.ingest.seen import Outcome
from toktui.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toktui.ingest.backlog import Job
    from toktui.ingest.reading import Batch
    from toktui.ingest.settle import Settler

_OF_A_ROW: Final = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError)


def settle_apart(settler: Settler, batches: Sequence[Batch], now_ms: int) -> Outcome:
    """Settles the batches in one transaction; where that fails at what they say, log by log.

    Raises what is wrong with the store itself.
    """
    try:
        return settler.settle(batches, now_ms)
    except Exception as error:
        if _is_of_the_store(error):
            raise
        failure = error
    by_path: dict[str, list[Batch]] = {}
    for batch in batches:
        by_path.setdefault(batch.path, []).append(batch)
    if len(by_path) == 1:
        why = f"{PARSER_ERROR}{type(failure).__name__}"
        _journal(batches[0], why, failure)
        note_problem(settler, batches[0], why)
        return Outcome(failed={batches[0].path: why})
    total = Outcome()
    for own in by_path.values():
        total.add(settle_apart(settler, own, now_ms))
    return total


def note_problem(settler: Settler, log: Job | Batch, why: str) -> None:
    """Keeps why a log cannot be read, so that it is shown until it can."""
    with settler.writer.transaction():
        agent = settler.writer.name(log.agent)
        settler.db.execute(
            "insert into log (agent, path, root, problem) values (?, ?, ?, ?)"
            " on conflict (path) do update set problem = excluded.problem",
            (agent, log.path, log.root, why),
        )


def _is_of_the_store(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, _OF_A_ROW)
    return isinstance(error, OSError | MemoryError | ToktuiError)


def _journal(batch: Batch, why: str, error: Exception) -> None:
    """Says where it can be seen again, without a word of the log."""
    import logging  # noqa: PLC0415  a bug's own cost
    import traceback  # noqa: PLC0415

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
    path = clean(batch.path, 400)
    logging.getLogger("toktui.ingest").error("%s, %s: %s at %s", batch.agent, path, why, where)
