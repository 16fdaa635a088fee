"""Estimates of the output of calls whose log never got its final count.

What needs time (reading lines back, counting tokens) only reads the store; what writes to it is
short, and belongs to who holds the writing connection.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from toktui.clock import QUARTER_MS
from toktui.ingest.quote import OpenLogs
from toktui.ingest.weigh import reported, weigh_call
from toktui.model import FLAG_SUM, TIERS, Tokens
from toktui.pricing.calibrate import Calibration, Weight, calibration_for, estimate
from toktui.pricing.price import price
from toktui.store.estimates import CELL, EXTRAS, PLACEHOLDER
from toktui.store.writer import CALL_COLUMNS, CallRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from toktui.ingest.settle import Settler
    from toktui.pricing.rates import RateBook

MODEL: Final = "coalesce(nullif(r.text, ''), m.text)"
"""The name by which a call's model is calibrated: the rate book's, else the log's."""
MODEL_JOINS: Final = " join name m on m.id = c.model join name r on r.id = c.priced"

_COLUMNS: Final = ", ".join(f"c.{name}" for name in CALL_COLUMNS)
_NEW: Final = ("call", "calibration", *CELL, "unpriced", *EXTRAS)
_INSERT: Final = f"insert into estimate ({', '.join(_NEW)}) values ({', '.join('?' * len(_NEW))})"
_MOST_NUSD: Final = 10**12
"""A thousand dollars. No output that fits into a log costs more: such a rate is damage."""

encode_weight: Final = msgspec.msgpack.Encoder().encode
decode_weight: Final = msgspec.msgpack.Decoder(Weight).decode


class Measured(msgspec.Struct, frozen=True, array_like=True):
    """A call that waited, with the weight of its lines.

    No `weight`: they are those that were weighed before, or none can be read any more.
    """

    call: int
    turn: int
    """Of its waiting: what changes while it is measured waits again."""
    digest: bytes = b""
    weight: Weight | None = None


def is_any_waiting(db: sqlite3.Connection) -> bool:
    """Whether a call lacks its estimate."""
    return db.execute("select 1 from waiting limit 1").fetchone() is not None


def measure(
    db: sqlite3.Connection, count: Callable[[str], int], *, at_once: int = 64
) -> Iterator[list[Measured]]:
    """Weighs every call that waits, some at a time; `count` counts the tokens of a text.

    Newest logs come first after a first index, since they were read first. The reader may be
    another connection than the writer's; between two lists nothing of it stays open.
    """
    after = 0
    with closing(OpenLogs()) as opened:
        while waiting := db.execute(
            "select call, turn from waiting where call > ? order by call limit ?", (after, at_once)
        ).fetchall():
            yield [_measure(db, opened, call, turn, count) for call, turn in waiting]
            after = waiting[-1][0]


def _measure(
    db: sqlite3.Connection, opened: OpenLogs, call: int, turn: int, count: Callable[[str], int]
) -> Measured:
    found = reported(db, call)
    if found is None:
        return Measured(call, turn)
    digest = found.digest
    known = db.execute("select digest from weight where call = ?", (call,)).fetchone()
    if known is not None and known[0] == digest:
        return Measured(call, turn)
    try:
        return Measured(call, turn, digest, weigh_call(opened, found, count))
    except ValueError:  # The tokenizer gave up; what is stored stays.
        return Measured(call, turn)


def store(settler: Settler, measured: Sequence[Measured], now_ms: int) -> int:
    """Keeps weights and makes estimates of them, in one transaction; gives how many it made."""
    made = 0
    with settler.writer.transaction():
        own = own_calibrations(settler.db)
        numbers: dict[str, int] = {}
        for one in measured:
            made += _store(settler, one, own, numbers, now_ms)
    return made


def _store(
    settler: Settler,
    one: Measured,
    own: dict[str, Calibration],
    numbers: dict[str, int],
    now_ms: int,
) -> bool:
    db = settler.db
    db.execute("delete from waiting where call = ? and turn = ?", (one.call, one.turn))
    found = db.execute(
        f"select {_COLUMNS}, {MODEL}, m.text from call c{MODEL_JOINS} where c.id = ?", (one.call,)
    ).fetchone()
    row = CallRow(*found[:-2]) if found else None
    if row is None or row.exactness != PLACEHOLDER:
        db.execute("delete from weight where call = ?", (one.call,))
        return False
    if one.weight is not None:
        db.execute(
            "insert or replace into weight (call, digest, body) values (?, ?, ?)",
            (one.call, one.digest, encode_weight(one.weight)),
        )
    kept = db.execute("select body from weight where call = ?", (one.call,)).fetchone()
    db.execute("delete from estimate where call = ?", (one.call,))
    if kept is None:
        return False
    by = calibration_for(found[-2], own)
    if by.model not in numbers:
        numbers[by.model] = keep_calibration(db, by, now_ms)
    extras = _extras(settler.book, row, found[-1], by, decode_weight(kept[0]))
    db.execute(_INSERT, (row.id, numbers[by.model], *_cell(row), *extras))
    return True


def _cell(row: CallRow) -> tuple[int, ...]:
    """In the order of CELL."""
    return (
        row.at_ms // QUARTER_MS, row.session, row.agent, row.model, row.priced, row.tier,
        row.project, row.branch,
    )  # fmt: skip


def _extras(
    book: RateBook, row: CallRow, model: str, by: Calibration, weight: Weight
) -> tuple[int, ...]:
    """Whether the call is unpriced, then EXTRAS: never less than what is logged."""
    likely = estimate(by, weight)
    more = [max(0, tokens - row.output) for tokens in (likely.mid, likely.low, likely.high)]
    costs = [_more_nusd(book, row, model, extra) for extra in more]
    return (int(None in costs), *more, *(cost or 0 for cost in costs))


def _more_nusd(book: RateBook, row: CallRow, model: str, output: int) -> int | None:
    """What so many more tokens of output cost at the rates of the call's time; None: unknown."""
    if row.cost_nusd is None:
        return None
    t = row.tokens
    both = [
        price(
            book, model=model, at_ms=row.at_ms, tier=TIERS[row.tier], geo=row.geo,
            tokens=Tokens(t.input, t.cache_read, t.cache_write_5m, t.cache_write_1h, total),
            summed=bool(row.flags & FLAG_SUM),
        )
        for total in (t.output, t.output + output)
    ]  # fmt: skip
    if both[0] is None or both[1] is None:
        return None
    return min(both[1].total_nusd - both[0].total_nusd, _MOST_NUSD)


def estimate_all(settler: Settler, count: Callable[[str], int], now_ms: int) -> int:
    """Estimates every call that waits, here and now; gives how many estimates it made."""
    from toktui.ingest.learn import learn_models, wanted  # noqa: PLC0415  which needs this module

    models = wanted(settler.db, now_ms)
    keep_learned(settler, learn_models(settler.db, models, count), models, now_ms)
    return sum(store(settler, some, now_ms) for some in measure(settler.db, count))


def own_calibrations(db: sqlite3.Connection) -> dict[str, Calibration]:
    """What was learned from the user's own calls last, by model."""
    rows = db.execute("select body from calibration order by learned_ms, id")
    known = (decode_calibration(body) for (body,) in rows)
    return {one.model: one for one in known if one.source == "own"}


def keep_calibration(db: sqlite3.Connection, by: Calibration, now_ms: int) -> int:
    """The number of a calibration, so that an estimate can name the one that it was made by."""
    body = msgspec.json.encode(by).decode()
    known = db.execute(
        "select id from calibration where model = ? and body = ?", (by.model, body)
    ).fetchone()
    if known is None:
        known = db.execute(
            "insert into calibration (model, learned_ms, body) values (?, ?, ?) returning id",
            (by.model, now_ms, body),
        ).fetchone()
    return int(known[0])


def keep_learned(
    settler: Settler, learned: Sequence[Calibration], tried: Iterable[str], now_ms: int
) -> None:
    """Keeps new calibrations; calls that older ones of the same model estimated wait again.

    Of models that were tried in vain it is noted when that was.
    """
    with settler.writer.transaction():
        own = own_calibrations(settler.db)
        for model in set(tried) - {one.model for one in learned}:
            number = keep_calibration(settler.db, calibration_for(model, own), now_ms)
            settler.db.execute(
                "update calibration set learned_ms = ? where id = ?", (now_ms, number)
            )
        for one in learned:
            number = keep_calibration(settler.db, one, now_ms)
            settler.db.execute(
                "replace into waiting (call, turn) select e.call, random() from estimate e"
                " join calibration c on c.id = e.calibration where c.model = ? and c.id <> ?",
                (one.model, number),
            )


decode_calibration: Final = msgspec.json.Decoder(Calibration).decode
