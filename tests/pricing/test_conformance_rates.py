"""The rates and costs that the conformance cases give as answers."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from toktui.model import BUCKETS, Tier, Tokens
from toktui.pricing.periods import band_for
from toktui.pricing.price import price
from toktui.pricing.rates import load_book

BOOK = load_book()
TESTS = Path(__file__).parent.parent
FOLDER = next(
    (path for path in (TESTS / "conformance", TESTS / "../../shared/conformance")
     if any(path.glob("*/case.json"))),
    TESTS / "conformance",
)  # fmt: skip
CASES = {path.parent.name: json.loads(path.read_text()) for path in FOLDER.glob("*/case.json")}
ENTRY = re.compile(r"(?P<model>\S+)(?: \((?P<notes>.*?)\))?: (?P<rates>(?:input|no rates).*)")
MULTIPLE = re.compile(r"(batch|flex|priority|fast): ([\d.]+) x")

pytestmark = pytest.mark.skipif(not CASES, reason="no conformance cases at hand")


class Answer(NamedTuple):
    """One set of rates of a case, in dollars per million tokens."""

    model: str
    tier: Tier
    multiple: float
    in_rates: bool
    prompt: int
    at: datetime.date
    rates: dict[str, float]


def answers(case: dict) -> list[Answer]:
    text = (case["expect"].get("rates") or "").removeprefix("USD per million tokens: ")
    return [
        answer
        for entry in re.split(r"; (?=\S+(?: \(.*?\))?: (?:input|no rates))", text)
        if (answer := read(entry)) is not None
    ]


def read(entry: str) -> Answer | None:
    found = ENTRY.fullmatch(entry.split("; web_search")[0])
    if found is None or found["rates"].startswith("no rates"):
        return None
    notes = found["notes"] or ""
    tier = MULTIPLE.search(notes)
    over = re.search(r"prompt > ([\d,]+)", notes)
    before = re.search(r"before (\S+)", notes)
    rates = {name: float(dollars) for name, dollars in
             (pair.split() for pair in found["rates"].split(", "))}
    old = "sonnet-4-5" in found["model"]
    at = datetime.date(2025, 12, 1) if old else datetime.date(2026, 11, 20)
    if before:
        at = datetime.date.fromisoformat(before[1].rstrip(")")) - datetime.timedelta(days=1)
    return Answer(
        model=found["model"],
        tier=tier[1] if tier else "standard",  # type: ignore[arg-type]
        multiple=float(tier[2]) if tier else 1.0,
        in_rates="fast" in notes,
        prompt=int(over[1].replace(",", "")) + 1 if over else 1,
        at=at,
        rates=rates,
    )


@pytest.mark.parametrize("name", CASES)
def test_the_book_has_the_rates_of_the_case(name: str) -> None:
    for answer in answers(CASES[name]):
        at = datetime.datetime.combine(answer.at, datetime.time(12), datetime.UTC)
        rate = BOOK.rate_for(answer.model, round(at.timestamp() * 1000), answer.tier)
        assert rate is not None, answer
        ours = dict(zip(BUCKETS, band_for(rate.bands, answer.prompt).rates, strict=True))
        multiple = 1.0 if answer.in_rates else answer.multiple
        for bucket, dollars in answer.rates.items():
            assert ours[bucket] == round(dollars * multiple * 10**9), (answer, bucket)


def test_most_cases_give_rates_that_the_test_can_read() -> None:
    without = [name for name, case in CASES.items()
               if case["expect"].get("cost_nusd") and not answers(case)]
    assert not without


@pytest.mark.parametrize("name", CASES)
def test_a_case_of_one_set_of_rates_costs_what_it_says(name: str) -> None:
    """Rates without edges are linear: the sum of the tokens costs the sum of the calls."""
    case, given = CASES[name]["expect"], answers(CASES[name])
    linear = len({(a.model, a.tier, a.prompt > 1, a.at) for a in given}) == 1
    if not linear or "geo" in case["rates"] or "rounding" in name or case.get("unpriced_calls"):
        return
    answer = given[0]
    at = datetime.datetime.combine(answer.at, datetime.time(12), datetime.UTC)
    tokens = Tokens(**{k: v for k, v in case["tokens"].items() if k in (*BUCKETS, "reasoning")})
    rate = BOOK.rate_for(answer.model, round(at.timestamp() * 1000), answer.tier)
    assert rate is not None
    if answer.prompt == 1 and any(tokens.prompt > band.above > 0 for band in rate.bands):
        return
    cost = price(
        BOOK, model=answer.model, at_ms=round(at.timestamp() * 1000), tier=answer.tier,
        tokens=tokens, web_search=case["fees"].get("web_search", 0),
    )  # fmt: skip
    assert cost is not None
    assert cost.total_nusd == case["cost_nusd"]


@pytest.mark.parametrize("name", CASES)
def test_a_case_without_any_price_has_only_models_that_the_book_does_not_know(name: str) -> None:
    case = CASES[name]["expect"]
    if case.get("calls") and case.get("cost_nusd") is None and case.get("unpriced_calls"):
        for model in case.get("models", ()):
            assert BOOK.canonical(model) is None
