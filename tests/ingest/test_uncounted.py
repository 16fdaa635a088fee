"""Turns that Cursor did not count are estimated by the tokenizer, with a range that is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.test_cursor import Talk
from toktui.ingest.counting import Counter, CountingError
from toktui.pricing.calibrate import measured_name, shipped
from toktui.pricing.tokenizer import count

SONNET = "claude-4.6-sonnet-thinking"
SAID = "The kite falls because nothing holds its nose up in the wind. " * 20
Document = Callable[..., dict[str, Any]]


@pytest.fixture
def talk(home: Path) -> Talk:
    folder = home / ".config/Cursor/User/globalStorage"
    folder.mkdir(parents=True)
    return Talk(folder)


@pytest.fixture
def counter() -> Iterator[Counter]:
    made = Counter()
    yield made
    made.close()


@pytest.fixture
def run(home: Path) -> Callable[..., Any]:
    from click.testing import CliRunner

    from toktui.cli import main

    def told(*args: str) -> Any:
        result = CliRunner().invoke(main, [*args])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in args else " ".join(result.stdout.split())

    return told


def turn(talk: Talk, nth: int = 1, **more: Any) -> None:
    talk.say(f"p{nth}", 1, text="why does the kite fall?")
    talk.say(f"a{nth}", 2, usageUuid=f"gen-{nth}", modelInfo={"modelName": SONNET}, **more)


def test_the_output_is_the_tokenizers_count_at_the_ratio_of_the_model(
    talk: Talk, run: Callable[..., Any]
) -> None:
    turn(talk, text=SAID)
    run("sync")
    (call,) = run("why", "gen:gen-1", "--json")["calls"]
    by = shipped()["claude-sonnet-4-6"]
    assert call["exactness"] == "estimated"
    assert call["tokens"]["output"] == round(by.ratio * count(SAID))
    assert call["tokens"]["input"] == round(by.ratio * count("why does the kite fall?"))
    low, high = call["estimated"]["low"], call["estimated"]["high"]
    assert low == round(by.low * by.ratio * count(SAID))
    assert low < call["tokens"]["output"] < high


def test_thoughts_and_tools_are_of_the_output(talk: Talk, run: Callable[..., Any]) -> None:
    turn(talk, 1, text=SAID)
    turn(talk, 2, text=SAID, thinking={"text": SAID}, toolFormerData={"name": "read",
         "rawArgs": '{"path": "kite.py"}'})  # fmt: skip
    run("sync")
    first, second = (
        run("why", f"gen:gen-{n}", "--json")["calls"][0]["tokens"]["output"] for n in (1, 2)
    )
    assert second > 2 * first


def test_a_report_has_the_range_of_what_is_estimated(talk: Talk, run: Callable[..., Any]) -> None:
    turn(talk, 1, text=SAID)
    turn(talk, 2, text=SAID, given=900, output=80)
    run("sync")
    report = run("report", "--by", "agent,model", "--json", "--since", "2026-09-01")
    (row,) = report["rows"]
    found = row["estimated"]
    assert found == report["totals"]["estimated"]
    assert row["estimated_calls"] == found["calls"] == 1
    assert found["output"] + 80 == row["tokens"]["output"]
    assert found["low"] < found["output"] < found["high"]
    assert found["cost_low_nusd"] < found["cost_high_nusd"]
    shown = run("report")
    assert "~ has 1 call with estimated tokens: " in shown
    assert re.search(r" 2 +~\d+ +0 +~\d+ +~\d", shown)
    assert "their input is only what was typed, so at least that" in shown
    spread = run("why", "gen:gen-1")
    assert f"its agent counted nothing: ~{found['output']} output ({found['low']} to" in spread


def test_a_session_has_the_range_of_what_is_estimated_in_it(
    talk: Talk, run: Callable[..., Any]
) -> None:
    turn(talk, 1, text=SAID)
    turn(talk, 2, text=SAID, given=900, output=80)
    run("sync")
    (session,) = run("sessions", "--json")["sessions"]
    assert session["estimated"] == run("report", "--json")["totals"]["estimated"]


def test_a_turn_that_is_counted_after_all_loses_its_range(
    talk: Talk, run: Callable[..., Any], tmp_path: Path
) -> None:
    turn(talk, text=SAID)
    run("sync")
    assert run("report", "--json")["totals"]["estimated"]["calls"] == 1
    turn(talk, text=SAID, given=900, output=80)
    run("sync")
    totals = run("report", "--json")["totals"]
    assert "estimated" not in totals
    assert totals["exactness"]["exact"] == 1
    assert totals["tokens"]["output"] == 80


def test_an_answer_that_grows_has_a_new_range(talk: Talk, run: Callable[..., Any]) -> None:
    turn(talk, text=SAID)
    run("sync")
    before = run("report", "--json")["totals"]["estimated"]
    turn(talk, text=SAID * 3)
    run("sync")
    after = run("report", "--json")["totals"]["estimated"]
    assert after["calls"] == 1
    assert after["low"] > before["high"]


def test_what_is_forgotten_leaves_no_range(
    talk: Talk, run: Callable[..., Any], home: Path
) -> None:
    turn(talk, text=SAID)
    run("sync")
    run("data", "forget", "--before", "today", "--yes")
    assert "estimated" not in run("report", "--json", "--no-sync")["totals"]


def test_exact_calls_have_no_such_field(talk: Talk, run: Callable[..., Any]) -> None:
    turn(talk, given=900, output=80)
    run("sync")
    assert "estimated" not in run("report", "--json")["totals"]
    assert "estimated" not in run("why", "gen:gen-1", "--json")["calls"][0]


def test_the_process_counts_what_the_tokenizer_counts(counter: Counter) -> None:
    texts = ["", "hello world", "a\ud800b", "x" * 5_000, "<|endoftext|>", SAID]
    assert counter.count(texts) == {
        text: count(text.encode("utf-8", "replace").decode()) for text in texts
    }


def test_a_process_that_ended_is_started_again(counter: Counter) -> None:
    counter.count(["one"])
    process = counter._process
    assert process is not None
    process.kill()
    assert counter.count(["one", "two three"]) == {"one": 1, "two three": 2}


def test_a_tokenizer_that_cannot_start_is_named_and_tried_again(
    talk: Talk, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Counter, texts: object) -> dict[str, int]:
        raise CountingError("no memory")

    turn(talk, text=SAID)
    with monkeypatch.context() as patch:
        patch.setattr(Counter, "count", refuse)
        run("sync")
        assert run("report", "--json")["totals"]["calls"] == 0
    assert run("report", "--json")["totals"]["estimated"]["calls"] == 1


@pytest.mark.parametrize(
    ("named", "measured"),
    [
        ("claude-4.6-sonnet-thinking", "claude-sonnet-4-6"), ("gpt-5.4-high", "gpt-5.4"),
        ("composer-2.5", "composer-2.5"), ("default", "default"), ("", ""),
    ],
)  # fmt: skip
def test_a_model_is_measured_under_its_vendors_name(named: str, measured: str) -> None:
    assert measured_name(named) == measured
