"""Calibrations from the user's own calls: those whose output is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Final

from toktui.clock import DAY_MS
from toktui.ingest.estimate import MODEL, MODEL_JOINS, own_calibrations
from toktui.ingest.quote import OpenLogs
from toktui.ingest.weigh import reported, weigh_call
from toktui.model import EXACTNESS
from toktui.pricing.calibrate import Calibration, Sample, learn, shipped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping

MOST_SAMPLES: Final = 400
"""Calls of a model that are looked at, the newest first."""
_TRIES: Final = 4
"""How many times as many are looked at, where logs are gone."""
_LEARNED_EVERY_MS: Final = 30 * DAY_MS
_TRIED_EVERY_MS: Final = DAY_MS
"""How soon it is tried again where the calls were too few: all of them have to be looked at."""
_EXACT: Final = EXACTNESS.index("exact")


def wanted(db: sqlite3.Connection, now_ms: int) -> set[str]:
    """Models with calls that wait, and of which nothing was learned, nor tried, lately."""
    waiting = {
        model
        for (model,) in db.execute(
            f"select distinct {MODEL} from (select distinct c.model, c.priced from waiting w"
            f" join call c on c.id = w.call) c{MODEL_JOINS}"
        )
    }
    own = own_calibrations(db)
    for model, learned_ms in db.execute(
        "select model, max(learned_ms) from calibration group by model"
    ):
        every_ms = _LEARNED_EVERY_MS if model in own else _TRIED_EVERY_MS
        if learned_ms > now_ms - every_ms:
            waiting.discard(model)
    return waiting


def learn_models(
    db: sqlite3.Connection,
    models: Collection[str],
    count: Callable[[str], int],
    *,
    most: int = MOST_SAMPLES,
    known: Mapping[str, Calibration] | None = None,
) -> list[Calibration]:
    """What the newest exact calls of each model say; nothing of a model with too few.

    `count` counts the tokens of a text; `known`, by default what is shipped, is taken for what the
    calls do not show.
    """
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    tries: Counter[str] = Counter()
    left = set(models)
    if not left:
        return []
    calls = db.execute(
        f"select c.id, c.output, {MODEL} from call c{MODEL_JOINS}"
        f" where c.exactness = {_EXACT} and c.output > 0 order by c.id desc"
    )
    with closing(OpenLogs()) as opened:
        for call, output, model in calls:
            if model not in left:
                continue
            lines = reported(db, call)
            weight = weigh_call(opened, lines, count) if lines else None
            if weight is not None:
                found[model].append(Sample(weight, output))
            tries[model] += 1
            if len(found[model]) >= most or tries[model] >= _TRIES * most:
                left.discard(model)
                if not left:
                    break
    before = shipped() if known is None else known
    learned = (learn(model, some, before.get(model)) for model, some in sorted(found.items()))
    return [one for one in learned if one is not None]
