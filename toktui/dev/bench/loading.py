"""What each screen asks of a large store."""

from __future__ import annotations

import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from toktui.clock import local_date
from toktui.dev.bench.table import Result, median
from toktui.model import TIERS
from toktui.pricing.rates import load_book
from toktui.store.connect import connect_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toktui.dev.bench.settings import Settings
    from toktui.tui.refresher import Reading

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
    for name, load in _others(reading):
        took = _timed(load, settings.runs)
        results.append(
            Result(
                f"{name}, {settings.calls:,} calls", f"{took * 1000:.0f} ms to load",
                f"<= {_MOST_S * 1000:.0f} ms", took <= _MOST_S,
            )
        )
    db.close()
    return results


def _others(reading: Reading) -> Iterator[tuple[str, Callable[[], object]]]:
    """Looks at a year, and under filters, which no screen opens with."""
    from toktui.metrics.card import load_card
    from toktui.metrics.history_look import HistoryAbout, load_history
    from toktui.metrics.known import known_names
    from toktui.metrics.outcome_lists import OutcomesQuestion
    from toktui.metrics.outcome_lists import load_page as load_outcomes_page
    from toktui.metrics.scope import EVERYTHING, read_scope
    from toktui.metrics.session_list import ListQuestion, load_page
    from toktui.metrics.spans import Kind, span_of

    db, book, now_ms, zone = reading.db, reading.book, reading.now_ms, reading.zone
    today = local_date(now_ms, zone)
    scopes = [
        read_scope(text, now_ms=now_ms, zone=zone).scope or EVERYTHING
        for text in ("", "agent:claude", "branch:feat", "project:project-7")
    ]
    for scope in scopes:
        under = f" under {scope.text}" if scope.text else ""
        kinds: tuple[tuple[Kind, str], ...] = (("weeks", "13 weeks"), ("months", "12 months"))
        for kind, words in kinds:
            about = HistoryAbout(span=span_of(kind, today), calendar=True)
            yield (
                f"History, {words} and calendar{under}",
                partial(load_history, db, book, about, now_ms, zone, scope),
            )
        yield f"Sessions{under or ', all'}", partial(
            load_page, db, ListQuestion(), now_ms, scope
        )
    for sort in ("cost", "project"):
        question = ListQuestion(sort=sort)
        yield f"Sessions by {sort}", partial(load_page, db, question, now_ms)
    nothing = OutcomesQuestion(shown="nothing")
    yield "Outcomes, sessions that landed nothing", partial(
        load_outcomes_page, db, nothing, zone=zone, scope=EVERYTHING
    )
    yield "words for the filter", partial(known_names, db)
    yield "card of a year", partial(load_card, db, "year", now_ms=now_ms, zone=zone)


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
