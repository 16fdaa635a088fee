"""What each screen asks of a large store."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from toktui.dev.bench.table import Result, median
from toktui.model import TIERS
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from toktui.dev.bench.settings import Settings

_MOST_S: Final = 0.050


def measure(settings: Settings) -> list[Result]:
    """One row per screen, with what it shows when it is opened."""
    from toktui.tui.refresher import Reading
    from toktui.tui.views import view_types

    db = connect_reader(settings.folder / "large" / "toktui.db")
    reading = Reading(db, settings.now_ms, ZoneInfo("Europe/Paris"), load_book())
    results: list[Result] = []
    for view in view_types():
        if view.KEY == "context":
            continue  # Another process reads a whole log for it; this store has none.
        about = _about(view, db)
        took = _timed(lambda view=view, about=about: view.load(reading, about), settings.runs)
        results.append(
            Result(
                f"screen {view.LABEL}, {settings.calls:,} calls", f"{took * 1000:.0f} ms to load",
                f"<= {_MOST_S * 1000:.0f} ms", took <= _MOST_S,
            )
        )
    db.close()
    return results


def _about(view: Any, db: sqlite3.Connection) -> object:
    """What the screen looks at: the largest of its kind, a call of a log that is there, or all."""
    if view.KEY == "why":
        return db.execute(
            "select max(s.call) from log l join source o on o.log = l.id"
            " join sighting s on s.source = o.id where l.gone_ms is null"
        ).fetchone()[0]
    if view.KEY == "session":
        from toktui.metrics.session_detail import DetailQuestion

        (largest,) = db.execute(
            "select session from session_total group by session order by sum(calls) desc limit 1"
        ).fetchone()
        return DetailQuestion(largest)
    if view.KEY == "model":
        name, tier = db.execute(
            "select n.text, t.tier from session_total t join name n on n.id = t.priced"
            " where t.priced <> 0 group by t.priced, t.tier order by sum(t.calls) desc limit 1"
        ).fetchone()
        return str(name), TIERS[int(tier)]
    if view.KEY == "project":
        (project,) = db.execute(
            "select n.text from session s join name n on n.id = s.project"
            " group by s.project order by sum(s.calls) desc limit 1"
        ).fetchone()
        return project, (project,)
    return view(zone=ZoneInfo("Europe/Paris")).about


def _timed(load: Callable[[], object], runs: int) -> float:
    load()
    took: list[float] = []
    for _ in range(runs):
        started = time.perf_counter()
        load()
        took.append(time.perf_counter() - started)
    return median(took)
