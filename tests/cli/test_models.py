"""`toktui models`: what models cost, and what their calls would have cost otherwise."""

from __future__ import annotations

from typing import Any


def test_the_document_has_models_with_their_rates(logs: Any, document: Any):
    logs.call(cache_creation_input_tokens=600)
    logs.call(model="mystery-1")
    found = document("models", "--tz", "UTC")
    assert list(found) == ["schema", "generated_at", "timezone", "models", "cost_nusd"]
    assert found["schema"] == "toktui.models/1"
    unpriced, priced = found["models"]
    assert (unpriced["model"], unpriced["cost_nusd"]) == ("mystery-1", None)
    assert unpriced["missing"] == "The rate book does not have this model."
    assert (priced["model"], priced["missing"]) == ("claude-opus-4-8", None)
    (rate,) = priced["rates"]
    assert rate["source"].startswith("genai-prices-")
    (band,) = rate["bands"]
    tokens = priced["tokens"]
    assert priced["cost_nusd"] == found["cost_nusd"] == sum(
        tokens[bucket] * band[bucket] // 10**6
        for bucket in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
    )
    assert priced["paid_nusd_per_million"]["input"] == band["input"]
    assert priced["paid_nusd_per_million"]["cache_write_1h"] is None


def test_what_if_has_batch_no_cache_and_the_models_that_are_named(logs: Any, document: Any):
    logs.call()
    found = document("models", "--what-if", "claude-opus-4-8", "--on", "claude-sonnet-4-6")
    (what_if,) = found["what_if"]
    assert what_if["cost_nusd"] == 100 * 5_000 + 1000 * 500 + 10 * 25_000
    named = {one["name"]: one for one in what_if["otherwise"]}
    assert set(named) == {"batch", "no cache", "claude-sonnet-4-6"}
    assert named["batch"]["low_nusd"] * 2 == what_if["cost_nusd"]
    assert named["no cache"]["low_nusd"] == 1100 * 5_000 + 10 * 25_000
    other = named["claude-sonnet-4-6"]
    assert other["low_nusd"] == other["high_nusd"] == 100 * 3_000 + 1000 * 300 + 10 * 15_000
    assert other["token_ratio"] is not None


def test_a_terminal_gets_tables(logs: Any, toktui: Any):
    logs.call()
    logs.call(model="mystery-1")
    shown = toktui("models").stdout
    assert "claude-opus-4-8" in shown
    assert "mystery-1: The rate book does not have this model." in shown
    shown = toktui("models", "--what-if", "claude-opus-4-8").stdout
    assert "Tokenizers differ" in shown
    assert toktui("models", "--since", "2020-01-01", "--until", "2020-01-02").stdout.startswith(
        "No calls match."
    )


def test_a_model_that_is_not_there_is_told_with_those_that_are(logs: Any, toktui: Any):
    logs.call()
    said = toktui("models", "--what-if", "nope", exit_code=2).stderr
    assert "No call of the model 'nope'." in said
    assert "claude-opus-4-8" in said
    said = toktui("models", "--what-if", "claude-opus-4-8", "--on", "nope", exit_code=2).stderr
    assert "The rate book has no model 'nope'." in said
    toktui("models", "--on", "gpt-5.5", exit_code=2)
