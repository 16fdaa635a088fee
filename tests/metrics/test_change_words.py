"""What is said of each reason."""

from __future__ import annotations

import pytest

from toktui.metrics.change import CAUSES
from toktui.metrics.change_facts import Reason
from toktui.metrics.change_words import sentence

OPUS, SONNET = ("claude-opus-5-5", "standard"), ("claude-sonnet-5-5", "fast")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason("calls", 1, 100, 122), "more calls (+22 %)"),
        (Reason("calls", -1, 100, 40), "fewer calls (−60 %)"),
        (Reason("calls", 1, 1000, 1003), "more calls (+0.3 %)"),
        (Reason("calls", 1, 10, 300), "more calls (×30)"),
        (Reason("calls", 1, 0, 300), "more calls"),
        (Reason("mix", 1, gained=OPUS, lost=SONNET), "opus-5-5 took work from sonnet-5-5 fast"),
        (Reason("mix", -1, gained=OPUS, lost=SONNET, unpriced=True),
         "opus-5-5 (no price known) took work from sonnet-5-5 fast"),
        (Reason("prompt", 1, 88_000.0, 121_000.0), "longer prompts (mean 88.0k → 121k)"),
        (Reason("prompt", 1, 88_000.0, 80_000.0), "longer prompts of dearer models"),
        (Reason("cache", 1, 0.949, 0.958), "worse cache use of dearer models"),
        (Reason("output", -1, 900.0, 800.0), "shorter answers (mean 900 → 800)"),
        (Reason("cache", -1, 0.932, 0.951), "better cache use (hit 93.2 % → 95.1 %)"),
        (Reason("prices", -1), "lower list prices"),
    ],
)
def test_a_reason_is_one_sentence_with_its_figures(reason: Reason, words: str):
    assert sentence(reason) == words


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("nusd", [1, -1])
def test_every_cause_has_words_without_figures(cause: str, nusd: int):
    assert sentence(Reason(cause, nusd))  # pyright: ignore[reportArgumentType]
