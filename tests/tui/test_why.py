"""The Why screen shows every line that a call's cost rests on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.properties.lab import Lab
from toktui.metrics.find import Target
from toktui.metrics.why import CallSeen, load_why
from toktui.pricing.rates import RateBook
from toktui.tui.theme import Palette
from toktui.tui.views.why import WhyView

CASES = Path(__file__).parents[1] / "conformance"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    (home / ".claude").symlink_to(CASES / "claude-web-search-count-copied/home/.claude")
    lab = Lab(home)
    lab.sync()
    yield lab
    lab.close()


def searching_call(lab: Lab, book: RateBook) -> CallSeen:
    (number,) = lab.db.execute("select id from call where web_search > 0").fetchone()
    return load_why(lab.db, book, Target("call", number, "", "")).calls[0]


def shown(call: CallSeen) -> str:
    view = WhyView(zone=ZoneInfo("UTC"), about=1)
    view.data = call
    return "\n".join(line.strip(90).text for line in view._lines(90, Palette({}, dark=True)))


def test_the_result_row_of_a_search_is_shown_with_its_place(lab: Lab) -> None:
    (_, result) = shown(searching_call(lab, lab.context.book())).split("SEARCHES  3")
    assert "byte 1 279, 454 long" in result
    assert '"searchCount":3' in result


def test_rates_that_only_the_store_has_are_shown_with_a_note(lab: Lab) -> None:
    book = lab.context.book()
    empty = dataclasses.replace(book, version="later", entries={}, index={})
    today, later = searching_call(lab, book), searching_call(lab, empty)
    assert later.parts == today.parts
    assert "reprice" not in shown(today)
    assert "reprice" in shown(later)
    assert rates_line(later) == rates_line(today)


def rates_line(call: CallSeen) -> str:
    return next(line for line in shown(call).splitlines() if line.startswith("RATES"))
