"""Calls whose log never got their output have an estimate, and never another one's."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.properties.lab import NOW_MS, WRITTEN_NS, Lab, append, write
from tests.properties.worlds import claude_row, claude_world, lines, stamp
from toktui.clock import DAY_MS, QUARTER_MS
from toktui.ingest.estimate import (
    is_any_waiting,
    keep_learned,
    measure,
    own_calibrations,
    store,
)
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.learn import learn_models, wanted
from toktui.ingest.reprice import reprice
from toktui.model import EXACTNESS
from toktui.pricing.calibrate import Calibration, calibration_for
from toktui.store.estimates import CELL, PROBABLE

if TYPE_CHECKING:
    import sqlite3

MODEL = "claude-opus-4-6"
TEXT = "one two three four five six seven eight nine ten"


def words(text: str) -> int:
    """Stands in for the tokenizer."""
    return len(text.split())


def reply(
    number: int, *, text: str = TEXT, output: int = 1, stop: str | None = None, session: str = "s1"
) -> dict[str, object]:
    return claude_row(
        f"msg_01{number:022d}", session, stamp(number), output=output, stop=stop, model=MODEL,
        content=[{"type": "text", "text": text}],
    )  # fmt: skip


@pytest.fixture
def log(home: Path) -> Path:
    path = home / ".claude/projects/-w/s1.jsonl"
    write(path, lines([reply(1), reply(2, text=TEXT * 40), reply(3, output=50, stop="end_turn")]))
    return path


@pytest.fixture
def lab(home: Path, log: Path) -> Lab:
    lab = Lab(home)
    lab.sync()
    return lab


def estimate_all(lab: Lab) -> int:
    return sum(store(lab.settler, some, NOW_MS) for some in measure(lab.db, words, at_once=2))


def outputs(lab: Lab) -> dict[str, tuple[int, int, int]]:
    """Low, most likely, high, of all calls with an estimate."""
    rows = lab.db.execute(
        "select c.key, e.low, e.output, e.high from estimate e join call c on c.id = e.call"
    )
    return {key: (low, mid, high) for key, low, mid, high in rows}


def wrong_probable(db: sqlite3.Connection) -> str:
    """What does not hold of the estimates; empty if all does."""
    placeholder = EXACTNESS.index("placeholder")
    strays = (
        "select count(*) from estimate e left join call c on c.id = e.call"
        f" where c.id is null or c.exactness <> {placeholder}"
        f" or e.quarter <> c.at_ms / {QUARTER_MS} or e.unpriced <> (c.cost_nusd is null) or "
        + " or ".join(f"e.{name} <> c.{name}" for name in CELL[1:])
    )
    if db.execute(strays).fetchone()[0]:
        return "an estimate is not where its call is"
    kept = (
        "select count(*) from weight w left join call c on c.id = w.call where c.id is null",
        "select count(*) from waiting w left join call c on c.id = w.call where c.id is null",
        f"select count(*) from call c where c.exactness = {placeholder}"
        " and c.id not in (select call from waiting) and c.id not in (select call from estimate)"
        " and c.id in (select call from weight)",
    )
    if any(db.execute(statement).fetchone()[0] for statement in kept):
        return "something was kept of a call that is gone, or a call is forgotten"
    sums = ", ".join(("count(*)", *(f"sum({name})" for name in PROBABLE[1:])))
    cell = ", ".join(CELL)
    added = db.execute(f"select {cell}, {sums} from estimate group by {cell}").fetchall()
    rolled = db.execute(f"select {cell}, {', '.join(PROBABLE)} from probable").fetchall()
    return "" if sorted(added) == sorted(rolled) else "the sums are not those of the estimates"


def test_only_calls_without_their_final_output_are_estimated(lab: Lab):
    assert estimate_all(lab) == 2
    assert sorted(outputs(lab)) == [f"msg_01{n:022d}" for n in (1, 2)]
    assert not is_any_waiting(lab.db)
    assert wrong_probable(lab.db) == ""


def test_an_estimate_says_what_is_to_be_added_to_the_logged_output(lab: Lab):
    estimate_all(lab)
    by = calibration_for(MODEL, {})
    likely = round(by.ratio * words(TEXT * 40))
    low, mid, high = outputs(lab)[f"msg_01{2:022d}"]
    assert mid == likely - 1
    assert 0 < low < mid < high


def test_what_is_estimated_smaller_than_the_log_says_adds_nothing(home: Path, log: Path):
    write(log, lines([reply(1, text="short", output=500)]))
    lab = Lab(home)
    lab.sync()
    estimate_all(lab)
    assert outputs(lab) == {f"msg_01{1:022d}": (0, 0, 0)}


def test_the_money_is_that_of_more_output_at_the_rates_of_the_call(lab: Lab):
    estimate_all(lab)
    cost, extra = lab.db.execute("select sum(cost_nusd), sum(output) from probable").fetchone()
    assert cost == extra * 25_000  # 25 dollars for a million tokens of output
    (logged,) = lab.db.execute("select sum(cost_nusd) from call").fetchone()
    assert lab.db.execute("select sum(cost_nusd) from session_total").fetchone() == (logged,)


def test_a_call_without_a_price_has_tokens_and_no_money(home: Path, log: Path):
    row = reply(1)
    row["message"]["model"] = "nobody-sells-this"  # type: ignore[index]
    write(log, lines([row]))
    lab = Lab(home)
    lab.sync()
    estimate_all(lab)
    found = lab.db.execute("select calls, unpriced, output > 0, cost_nusd from probable").fetchall()
    assert found == [(1, 1, 1, 0)]


def test_a_response_that_goes_on_is_estimated_again(lab: Lab, log: Path):
    """The second row says the same numbers, so that the call itself does not change."""
    estimate_all(lab)
    before = outputs(lab)[f"msg_01{1:022d}"]
    append(log, lines([reply(1, text="and " * 400)]), written_ns=WRITTEN_NS + 1)
    lab.sync()
    assert is_any_waiting(lab.db)
    assert estimate_all(lab) == 1
    assert outputs(lab)[f"msg_01{1:022d}"][1] > before[1] + 400


def test_a_call_whose_output_turns_up_has_no_estimate_any_more(lab: Lab, log: Path):
    estimate_all(lab)
    append(log, lines([reply(1, output=70, stop="end_turn")]), written_ns=WRITTEN_NS + 1)
    lab.sync()
    estimate_all(lab)
    assert sorted(outputs(lab)) == [f"msg_01{2:022d}"]
    assert wrong_probable(lab.db) == ""
    assert not is_any_waiting(lab.db)


def test_estimates_stay_when_the_log_is_gone(lab: Lab, log: Path):
    estimate_all(lab)
    before = outputs(lab)
    log.unlink()
    lab.sync()
    lab.db.execute("replace into waiting select id, 1 from call where exactness = 1")
    estimate_all(lab)
    assert outputs(lab) == before


def test_a_call_whose_log_went_too_early_has_no_estimate_and_no_zero(lab: Lab, log: Path):
    log.unlink()
    assert estimate_all(lab) == 0
    assert outputs(lab) == {}
    assert not is_any_waiting(lab.db)


def test_lines_are_read_once(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    estimate_all(lab)
    before = outputs(lab)
    lab.db.execute("replace into waiting select id, 1 from call where exactness = 1")

    def fails(text: str) -> int:
        raise AssertionError(text)

    for some in measure(lab.db, fails):
        store(lab.settler, some, NOW_MS)
    assert outputs(lab) == before


def test_what_changes_while_it_is_measured_waits_again(lab: Lab, log: Path):
    measured = [one for some in measure(lab.db, words) for one in some]
    append(log, lines([reply(1, text="and " * 400)]), written_ns=WRITTEN_NS + 1)
    lab.sync()
    store(lab.settler, measured, NOW_MS)
    assert lab.db.execute("select count(*) from waiting").fetchone() == (1,)
    estimate_all(lab)
    assert outputs(lab)[f"msg_01{1:022d}"][1] > 400


def test_forgotten_calls_take_their_estimates_along(lab: Lab, tmp_path: Path):
    estimate_all(lab)
    forget(lab.settler, Rule(NOW_MS, None), NOW_MS, tmp_path)
    for table in ("estimate", "probable", "weight", "waiting"):
        assert lab.db.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_calls_that_are_priced_anew_are_estimated_anew_without_their_log(lab: Lab, log: Path):
    estimate_all(lab)
    before = outputs(lab)
    log.unlink()
    lab.db.execute("update call set cost_nusd = null, rate = 0, priced = 0")
    assert reprice(lab.settler, NOW_MS) == 3
    assert is_any_waiting(lab.db)
    estimate_all(lab)
    assert outputs(lab) == before
    assert wrong_probable(lab.db) == ""


def test_a_model_is_learned_from_its_own_exact_calls(home: Path, log: Path):
    rows: list[object] = [
        reply(n, text="word " * (20 + n), output=3 * (20 + n), stop="end_turn")
        for n in range(10, 50)
    ]
    write(log, lines([reply(1), *rows]))
    lab = Lab(home)
    lab.sync()
    assert wanted(lab.db, NOW_MS) == {MODEL}
    (learned,) = learn_models(lab.db, {MODEL}, words)
    assert (learned.ratio, learned.source) == (3.0, "own")
    keep_learned(lab.settler, [learned], [MODEL], NOW_MS)
    assert wanted(lab.db, NOW_MS) == set()
    estimate_all(lab)
    assert outputs(lab)[f"msg_01{1:022d}"][1] == 3 * words(TEXT) - 1


def test_a_model_with_too_few_calls_is_tried_again_after_a_day_only(lab: Lab):
    assert wanted(lab.db, NOW_MS) == {MODEL}
    keep_learned(lab.settler, [], [MODEL], NOW_MS)
    assert wanted(lab.db, NOW_MS + DAY_MS - 1) == set()
    assert wanted(lab.db, NOW_MS + DAY_MS) == {MODEL}
    assert own_calibrations(lab.db) == {}


def test_a_new_calibration_estimates_again_what_an_older_one_did(lab: Lab, log: Path):
    estimate_all(lab)
    (_, before, _) = outputs(lab)[f"msg_01{1:022d}"]
    old = calibration_for(MODEL, {})
    new = Calibration(
        model=MODEL, source="own", ratio=2 * old.ratio, sealed=old.sealed, low=old.low,
        high=old.high, low_thinking=old.low_thinking, high_thinking=old.high_thinking, calls=99,
    )  # fmt: skip
    log.unlink()
    keep_learned(lab.settler, [new], [MODEL], NOW_MS)
    assert own_calibrations(lab.db) == {MODEL: new}
    assert estimate_all(lab) == 2
    assert outputs(lab)[f"msg_01{1:022d}"][1] == pytest.approx(2 * before, abs=2)


@pytest.mark.parametrize("seed", range(12))
def test_sums_of_estimates_hold_whatever_happens_to_the_calls(seed: int, home: Path):
    draw = Random(seed)
    files = claude_world(seed)
    lab = Lab(home)
    for path, data in draw.sample(sorted(files.items()), len(files)):
        rows = data.splitlines(keepends=True)
        cut = draw.randint(0, len(rows))
        for part in (rows[:cut], rows):
            write(home / path, b"".join(part))
            lab.sync()
            assert wrong_probable(lab.db) == ""
            if draw.random() < 0.5:
                estimate_all(lab)
                assert wrong_probable(lab.db) == ""
    estimate_all(lab)
    assert wrong_probable(lab.db) == ""
    assert not is_any_waiting(lab.db)
    (placeholders,) = lab.db.execute(
        "select count(*) from calls where exactness = 'placeholder'"
    ).fetchone()
    assert len(outputs(lab)) == placeholders
