"""A model's output is estimated by what its own calls have shown, and never without a range."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.pricing.calibrate import (
    ARGUMENT_TOKENS,
    LEAST_CALLS,
    TOOL_TOKENS,
    Calibration,
    Sample,
    Weight,
    calibration_for,
    estimate,
    learn,
    shipped,
    unmeasured,
)

COUNTS = st.integers(0, 10**9)
WEIGHTS = st.builds(Weight, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)


def calls(
    ratio: float, sealed: float, *, n: int = 200, noise: float = 0.05, seed: int = 1
) -> list[Sample]:
    """Calls of a model that has this ratio, half of them with thinking."""
    draw = Random(seed)
    found: list[Sample] = []
    for number in range(n):
        tools = draw.randint(0, 3)
        thinks = number % 2
        weight = Weight(
            draw.randint(5, 3_000), tools, 2 * tools, draw.randint(0, 40) * thinks, thinks,
            draw.randint(0, 9_000) * thinks,
        )  # fmt: skip
        exact = ratio * weight.tokens + weight.frames + sealed * weight.sealed
        found.append(Sample(weight, round(exact * draw.uniform(1 - noise, 1 + noise))))
    return found


@pytest.mark.parametrize(("ratio", "sealed"), [(1.1, 0.2), (1.7, 0.29), (0.9, 0.27)])
def test_the_ratio_of_a_model_is_found_in_its_calls(ratio: float, sealed: float):
    found = learn("m", calls(ratio, sealed))
    assert found is not None
    assert found.ratio == pytest.approx(ratio, rel=0.02)
    assert found.sealed == pytest.approx(sealed, rel=0.05)
    assert found.source == "own"
    assert 0.9 < found.low < 1 < found.high < 1.1


def test_a_little_nonsense_does_not_move_the_ratio_far():
    samples = calls(1.5, 0.27)
    draw = Random(2)
    for number in range(0, len(samples), 25):
        samples[number] = Sample(samples[number].weight, draw.choice([1, 2, 9 * 10**6]))
    found = learn("m", samples)
    assert found is not None
    assert found.ratio == pytest.approx(1.5, rel=0.02)


def test_eight_of_ten_calls_are_within_their_range():
    known, new = calls(1.5, 0.27, noise=0.3), calls(1.5, 0.27, noise=0.3, seed=7)
    by = learn("m", known)
    assert by is not None
    inside = 0
    for call in new:
        likely = estimate(by, call.weight)
        inside += likely.low <= call.output <= likely.high
    assert 0.7 < inside / len(new) < 0.9


def test_too_few_calls_teach_nothing():
    plain = [call for call in calls(1.5, 0.27) if not call.weight.thoughts]
    assert learn("m", plain[: LEAST_CALLS - 1]) is None
    assert learn("m", plain[:LEAST_CALLS]) is not None


def test_calls_without_thinking_teach_nothing_of_it():
    plain = [call for call in calls(1.5, 0.27) if not call.weight.thoughts]
    alone, known = learn("m", plain), shipped()["claude-opus-4-8"]
    assert alone is not None
    assert (alone.low_thinking, alone.high_thinking) == (0.7, 1.3)
    more = learn("m", plain, known)
    assert more is not None
    assert more.sealed == known.sealed


def test_calls_that_are_far_apart_teach_nothing():
    draw = Random(3)
    samples = [Sample(Weight(1_000), draw.choice([100, 1_000, 1_100, 9_000])) for _ in range(200)]
    assert learn("m", samples) is None


@pytest.mark.parametrize("output", [0, 1, 10**9])
def test_calls_that_contradict_all_sense_teach_nothing(output: int):
    samples = [Sample(Weight(100), output)] * 100
    assert learn("m", samples) is None


def test_the_frame_of_a_tool_is_counted_in_the_vendors_own_tokens():
    by = learn("m", calls(1.5, 0.27))
    assert by is not None
    plain, framed = estimate(by, Weight(1000)), estimate(by, Weight(1000, 1, 2))
    assert framed.mid - plain.mid == TOOL_TOKENS + 2 * ARGUMENT_TOKENS


def test_thinking_is_what_is_shown_or_what_is_sealed_whichever_is_more():
    by = learn("m", calls(1.5, 0.27))
    assert by is not None
    sealed = estimate(by, Weight(0, thinking=10, thoughts=1, sealed=10_000)).mid
    shown = estimate(by, Weight(0, thinking=9_000, thoughts=1, sealed=300)).mid
    assert sealed == pytest.approx(2_700, rel=0.05)
    assert shown == pytest.approx(13_500, rel=0.05)


def test_a_model_that_nobody_measured_has_a_wider_range_than_any_other():
    unknown = calibration_for("brand-new", {})
    assert unknown.source == "unmeasured"
    assert unknown.calls == 0
    for known in shipped().values():
        ratio = known.ratio / unknown.ratio
        assert unknown.low <= ratio * known.low
        assert unknown.high >= ratio * known.high


def test_nothing_is_guessed_from_the_family_of_a_model():
    assert calibration_for("claude-opus-4-8-turbo", {}) == unmeasured("claude-opus-4-8-turbo")


def test_the_users_own_calls_go_before_what_is_shipped():
    own = learn("claude-opus-4-8", calls(2.0, 0.27))
    assert own is not None
    assert calibration_for("claude-opus-4-8", {"claude-opus-4-8": own}) is own
    assert calibration_for("claude-opus-4-8", {}).source == "shipped"


def test_what_is_shipped_was_measured_and_makes_sense():
    assert len(shipped()) >= 9
    for name, one in shipped().items():
        assert one.model == name
        assert one.calls >= LEAST_CALLS
        assert 0.85 < one.ratio < 2.0
        assert 0.15 < one.sealed < 0.35
        assert 0.5 < one.low <= 1 <= one.high < 2
        assert one.low_thinking <= 1 <= one.high_thinking


@given(st.sampled_from(["claude-opus-4-8", "brand-new"]), WEIGHTS)
def test_an_estimate_is_inside_of_its_range(model: str, weight: Weight):
    by: Calibration = calibration_for(model, {})
    likely = estimate(by, weight)
    assert 0 <= likely.low <= likely.mid <= likely.high
