"""Cold turns are kept as the calls change: in any order, and when calls go or are priced anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.cold_turns import cold_turns, stored_cold_turns
from tests.properties.lab import Lab, append, shipped_book, write, wrong_sums
from tests.properties.worlds import claude_row, lines, stamp
from toktui.clock import Range
from toktui.ingest.forget import forget
from toktui.ingest.forgetting import Rule
from toktui.ingest.reprice import reprice
from toktui.metrics.waste import Waste, load_waste
from toktui.store.writer import Conversation

EVER = Range(0, 1 << 45)


class Turn(NamedTuple):
    """A call of one of two sessions, by the conversation itself or by a sub-agent."""

    session: int
    agent: int
    minutes: int
    model: str
    read: int
    short: int
    long: int
    fresh: int


TURNS = st.builds(
    Turn,
    session=st.integers(0, 1),
    agent=st.integers(0, 2),
    minutes=st.sampled_from([0, 1, 2, 3, 4, 9, 30, 61, 70, 200]),
    model=st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", "nobody-knows-1"]),
    read=st.sampled_from([0, 0, 4_000, 9_000, 50_000]),
    short=st.sampled_from([0, 0, 4_096, 50_000]),
    long=st.sampled_from([0, 0, 9_000, 50_000]),
    fresh=st.sampled_from([1, 3_000, 60_000]),
)


def row_of(number: int, turn: Turn) -> dict[str, object]:
    """A row of a log; sub-agents write into logs of their own."""
    row = claude_row(
        f"msg_01{number:022d}", f"s{turn.session}", stamp(turn.minutes), model=turn.model,
        **({"agentId": f"a{turn.agent}", "isSidechain": True} if turn.agent else {}),
    )  # fmt: skip
    row["message"]["usage"] = {  # type: ignore[index]
        "input_tokens": turn.fresh,
        "cache_read_input_tokens": turn.read,
        "cache_creation_input_tokens": turn.short + turn.long,
        "cache_creation": {
            "ephemeral_5m_input_tokens": turn.short,
            "ephemeral_1h_input_tokens": turn.long,
        },
        "output_tokens": 5,
    }
    return row


def log_of(turn: Turn) -> Path:
    """The log of a turn below the home."""
    sub = f"s{turn.session}/subagents/agent-a{turn.agent}" if turn.agent else f"s{turn.session}"
    return Path(f".claude/projects/-w-shop/{sub}.jsonl")


@settings(max_examples=250)
@given(
    turns=st.lists(TURNS, min_size=1, max_size=12),
    data=st.data(),
    forgotten=st.sampled_from([None, 2, 30, 100]),
)
def test_cold_turns_are_those_of_the_calls_whatever_comes_first(
    turns: list[Turn], data: st.DataObject, forgotten: int | None
):
    with tempfile.TemporaryDirectory(prefix="toktui-cold-") as name:
        known = Lab(Path(name) / "clean/home")
        grown = Lab(Path(name) / "grown/home")
        rows = [(log_of(turn), lines([row_of(n, turn)])) for n, turn in enumerate(turns)]
        for path, row in rows:
            append(known.home / path, row)
        known.sync()
        assert wrong_sums(known.db) == ""
        for path, row in data.draw(st.permutations(rows)):
            append(grown.home / path, row)
            if data.draw(st.booleans()):
                grown.look([grown.home / path])
                assert wrong_sums(grown.db) == ""
        grown.sync()
        assert stored_cold_turns(known.db) == stored_cold_turns(grown.db)
        if forgotten is not None:
            rule = Rule(known.now_ms - (200 - forgotten) * 60_000, None)
            forget(known.settler, rule, known.now_ms, Path(name) / "backups")
            assert wrong_sums(known.db) == ""
        known.close()
        grown.close()


COLD = (
    Turn(0, 0, 0, "claude-opus-5-5", 0, 0, 50_000, 1),
    Turn(0, 0, 4, "claude-opus-5-5", 0, 0, 50_000, 1),
    Turn(0, 0, 9, "claude-haiku-5-5", 0, 0, 50_000, 1),
    Turn(1, 0, 0, "claude-opus-5-5", 0, 50_000, 0, 1),
    Turn(1, 0, 9, "claude-opus-5-5", 0, 50_000, 0, 1),
    Turn(1, 0, 30, "claude-opus-5-5", 50_000, 0, 0, 1),
)
"""Three cold turns: nothing tells why, another model, an expired cache; and a warm one."""


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    """A store of `COLD`."""
    lab = Lab(home)
    for number, turn in enumerate(COLD):
        append(home / log_of(turn), lines([row_of(number, turn)]))
    lab.settler.cold_turns.find_all()
    lab.sync()
    yield lab
    lab.close()


def waste(lab: Lab) -> Waste:
    found = load_waste(lab.db, EVER)
    assert found is not None
    return found


def test_each_is_told_with_its_reason(lab: Lab):
    found = waste(lab)
    assert (found.turns, found.lost, found.model, found.expired) == (3, 1, 1, 1)
    assert found.tokens == 3 * 50_000
    assert found.nusd == found.lost_nusd + found.model_nusd + found.expired_nusd
    assert found.worst is not None
    assert found.worst.id == "s0"
    ((expired_ms,),) = lab.db.execute("select expired_ms from cold_turn where why = 0")
    assert expired_ms == 4 * 60_000


def test_a_call_that_comes_late_warms_the_one_behind_it(lab: Lab):
    between = Turn(0, 0, 2, "claude-opus-5-5", 0, 1, 0, 1)
    append(lab.home / log_of(between), lines([row_of(9, between)]))
    lab.sync()
    assert waste(lab).lost == 0


def test_at_other_prices_it_costs_what_these_say(lab: Lab):
    before = waste(lab)
    writer = lab.settler.writer
    lab.db.execute("update call set cost_nusd = cost_nusd + 1")
    with writer.transaction():
        lab.db.execute("delete from cold_turn")
        lab.db.execute("delete from cold_day")
        lab.db.execute("delete from setting where name = 'cold'")
    assert load_waste(lab.db, EVER) is None
    assert reprice(lab.settler, lab.now_ms) == len(COLD)
    lab.settler.cold_turns.find_all()
    assert waste(lab) == before


def test_the_rate_that_priced_a_call_prices_its_waste(lab: Lab):
    """Also where the book has another one today, by which nothing was priced anew."""
    before = waste(lab)
    for number, body in lab.db.execute("select id, body from rate").fetchall():
        row = json.loads(body)
        for band in row["rate"]["bands"]:
            band["per_token"] = [2 * each for each in band["per_token"]]
        lab.db.execute("update rate set body = ? where id = ?", (json.dumps(row), number))
    lab.restart()
    lab.db.execute("delete from setting where name = 'cold'")
    lab.settler.cold_turns.find_all()
    assert waste(lab).tokens == before.tokens
    assert waste(lab).nusd == 2 * before.nusd


def test_a_rate_that_nobody_understands_leaves_the_waste_without_a_price(lab: Lab):
    lab.db.execute("update rate set body = '{}'")
    lab.restart()
    lab.db.execute("delete from setting where name = 'cold'")
    lab.settler.cold_turns.find_all()
    found = waste(lab)
    assert (found.turns, found.unpriced, found.nusd, found.worst) == (3, 3, 0, None)


def test_of_many_calls_at_one_moment_the_same_one_comes_before(home: Path, tmp_path: Path):
    """Logs whose clock counts seconds have them; which was read last makes no difference."""
    first = Turn(0, 0, 0, "claude-opus-5-5", 0, 0, 50_000, 1)
    same = first._replace(long=0, read=5_000)
    later = first._replace(minutes=3)
    found: list[object] = []
    for order in ((0, 1), (1, 0)):
        lab = Lab(tmp_path / str(order[0]) / "home")
        twins = [row_of(0, first), row_of(1, same)]
        write(lab.home / log_of(first), lines([*(twins[n] for n in order), row_of(2, later)]))
        lab.sync()
        assert stored_cold_turns(lab.db) == cold_turns(lab.db, shipped_book())
        found.append(stored_cold_turns(lab.db))
        lab.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("minutes", [-1, 900])
def test_a_sub_agent_of_a_large_session_is_looked_at_alone(
    minutes: int, tmp_path: Path
):
    """However many others there are: before its call, or behind it."""
    steps: list[int] = []
    fresh = Turn(0, 0, 0, "claude-opus-5-5", 0, 50_000, 0, 1)
    for others in (20, 200):
        lab = Lab(tmp_path / str(others) / "home")
        for n in range(others):
            turn = fresh._replace(agent=n + 1, minutes=n)
            append(lab.home / log_of(turn), lines([row_of(n, turn)]))
        lab.sync()
        changed = steps_of(lab, fresh._replace(agent=others + 1, minutes=minutes))
        steps.append(changed)
        lab.close()
    assert steps[1] < steps[0] * 1.2


def steps_of(lab: Lab, turn: Turn) -> int:
    """What SQLite does, in its own steps, to find the cold turns when one comes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    find = lab.settler.cold_turns.find

    def counted(changed: Mapping[Conversation, int]) -> None:
        lab.db.set_progress_handler(count, 1)
        find(changed)
        lab.db.set_progress_handler(None, 0)

    lab.settler.writer.on_flush = counted
    append(lab.home / log_of(turn), lines([row_of(9_999, turn)]))
    lab.look([lab.home / log_of(turn)])
    assert steps
    return steps
