"""How models are called in logs, and that nothing is priced by the family it seems to be of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toktui.pricing.names import spellings
from toktui.pricing.rates import load_book

BOOK = load_book()

KNOWN = {
    # As the vendors write them.
    "claude-opus-4-8": "claude-opus-4-8",
    "claude-opus-4-6": "claude-opus-4-6",
    "claude-sonnet-4-5-20250929": "claude-sonnet-4-5",
    "claude-sonnet-4-20250514": "claude-sonnet-4-0",
    "claude-opus-4-20250514": "claude-opus-4-0",
    "claude-opus-4-1-20250805": "claude-opus-4-1",
    "claude-haiku-4-5-20251001": "claude-haiku-4-5",
    "claude-3-5-sonnet-20241022": "claude-3-5-sonnet",
    "claude-3-5-haiku-latest": "claude-3-5-haiku-latest",
    "claude-3-7-sonnet-20250219": "claude-3-7-sonnet-latest",
    "claude-3-opus-20240229": "claude-3-opus-latest",
    "claude-opus-5-latest": "claude-opus-5",
    "claude-mythos-5-1": "claude-mythos-5-1",
    "gpt-5": "gpt-5",
    "gpt-5-2025-08-07": "gpt-5",
    "gpt-5-codex": "gpt-5",
    "gpt-5.1-codex-max": "gpt-5.1",
    "gpt-5.3-codex": "gpt-5.3-codex",
    "gpt-4o-2024-05-13": "gpt-4o-2024-05-13",
    "gpt-4o-2024-11-20": "gpt-4o",
    "gpt-6.1-sol-2026-10-01": "gpt-6.1-sol",
    "gpt-6.2-sol": "gpt-6.2-sol",
    "o3-2025-04-16": "o3",
    "gemini-3.1-pro-preview": "gemini-3.1-pro-preview",
    "gemini-2.5-pro": "gemini-2.5-pro",
    "kimi-k3": "kimi-k3",
    "GLM-4.7": "glm-4.7",
    "MiniMax-M2": "minimax-m2",
    "grok-4.5": "grok-4.5",
    "composer-2.5[fast=true]": "composer-2.5-fast",
    # Bedrock and Vertex.
    "us.anthropic.claude-opus-4-8-20260101-v1:0": "claude-opus-4-8",
    "global.anthropic.claude-haiku-4-5-20251001-v1:0": "claude-haiku-4-5",
    "anthropic.claude-opus-4-6-v1": "claude-opus-4-6",
    "eu.anthropic.claude-sonnet-4-20250514-v1:0": "claude-sonnet-4-0",
    "us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0:200k": "claude-3-7-sonnet-latest",
    "bedrock/us.anthropic.claude-opus-4-8-v1:0": "claude-opus-4-8",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/"
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": "claude-sonnet-4-5",
    "global.openai.gpt-6.1-sol": "gpt-6.1-sol",
    "claude-sonnet-4-5@20250929": "claude-sonnet-4-5",
    "claude-opus-4-8@default": "claude-opus-4-8",
    "vertex_ai/claude-opus-4-1@20250805": "claude-opus-4-1",
    "publishers/anthropic/models/claude-opus-4-8": "claude-opus-4-8",
    "projects/p/locations/global/publishers/google/models/gemini-2.5-pro": "gemini-2.5-pro",
    # What agents add.
    "claude-opus-4-8[1m]": "claude-opus-4-8",
    "claude-sonnet-4-5-20250929[1m]": "claude-sonnet-4-5",
    "us.anthropic.claude-sonnet-4-6-v1:0[1m]": "claude-sonnet-4-6",
    "CLAUDE-OPUS-4-8": "claude-opus-4-8",
    " claude-opus-4-8 ": "claude-opus-4-8",
    # Relays.
    "anthropic/claude-opus-4-8": "claude-opus-4-8",
    "anthropic/claude-sonnet-4.5": "claude-sonnet-4-5",
    "anthropic/claude-3.7-sonnet:thinking": "claude-3-7-sonnet-latest",
    "openrouter/anthropic/claude-sonnet-4.5": "claude-sonnet-4-5",
    "openai/gpt-5": "gpt-5",
    "azure/gpt-5": "gpt-5",
    "github-copilot/claude-opus-4.8": "claude-opus-4-8",
    "google/gemini-2.5-pro": "gemini-2.5-pro",
    "models/gemini-2.5-pro": "gemini-2.5-pro",
    "x-ai/grok-4.5": "grok-4.5",
    "moonshot-ai/kimi-k2.7-code": "kimi-k2.7-code",
    "qwen/qwen3-coder": "openrouter/qwen/qwen3-coder",
    "deepseek/deepseek-v4-flash": "deepseek-v4-flash",
    "openrouter/deepseek/deepseek-v4-flash": "openrouter/deepseek/deepseek-v4-flash",
    "home/openrouter/deepseek/deepseek-v4-flash": "openrouter/deepseek/deepseek-v4-flash",
    # Cursor and Copilot.
    "claude-4.6-sonnet": "claude-sonnet-4-6",
    "claude-4.5-opus-high-thinking": "claude-opus-4-5",
    "claude-4-sonnet-thinking": "claude-sonnet-4-0",
    "claude-4.6-opus-max-thinking": "claude-opus-4-6",
    "claude-4-sonnet-1m-thinking": "claude-sonnet-4-0",
    "claude-sonnet-4.6": "claude-sonnet-4-6",
    "gpt-5.2-low": "gpt-5.2",
    "gpt-5.1-codex-high": "gpt-5.1",
    "composer-2.5-fast": "composer-2.5-fast",
    "cursor/grok-4.5": "cursor/grok-4.5",
}
UNKNOWN = [
    "", " ", "unknown", "default", "auto", "<synthetic>", "sonnet", "opus", "claude", "gpt",
    "gpt-6-sol-foo", "gpt-6-solar", "gpt-6", "gpt-5.3-codex-spark", "codex-auto-review",
    "claude-foo-9", "claude-foo-9-20270101", "claude-opus-4-8-foo", "claude-opus-4-80",
    "claude-opus-4-8-20261399", "claude-opus-4-8-v1-fake", "claude-opus-9", "claude-opus",
    "my-claude-opus-4-8", "xclaude-opus-4-8", "qwen3-coder-plus", "gemini-3-pro",
    "openai/claude-opus-4-8", "anthropic/gpt-5", "nobody/claude-opus-4-8", "a/b/c/d/gpt-5",
    "openai.claude-opus-4-8", "us.anthropic.gpt-5", "openrouter/", "/", "//", "anthropic/",
    "claude-opus-4-8\x00", "claude-opus-4-8\nclaude", "claude-opus-4-8\u202e",
    "\u0441laude-opus-4-8",
    "claude-opus-4-8" * 100, "[1m]", "@", ":", "-", ".", "gpt-5[fast=true]", "claude-opus-4-8;x",
    "../../claude-opus-4-8", "%s", "{0}", "claude-opus-4-8 --tier fast", "gpt-5.4-fast",
]  # fmt: skip


@pytest.mark.parametrize(("logged", "canonical"), KNOWN.items())
def test_a_spelling_leads_to_the_model(logged: str, canonical: str) -> None:
    assert BOOK.canonical(logged) == canonical


@pytest.mark.parametrize("logged", UNKNOWN)
def test_what_is_not_exactly_a_model_stays_unknown(logged: str) -> None:
    assert BOOK.canonical(logged) is None


def test_every_id_of_the_book_leads_to_itself() -> None:
    assert all(BOOK.canonical(model_id) == model_id for model_id in BOOK.entries)


@given(st.sampled_from(sorted(BOOK.entries)), st.text("abcxyz0129-.@:/[]_ ", min_size=1))
def test_letters_after_a_name_never_make_it_another_model_of_the_family(
    model: str, added: str
) -> None:
    found = BOOK.canonical(model + "q" + added)
    assert found is None


@given(st.text(max_size=300))
def test_any_text_is_looked_up_without_harm(name: str) -> None:
    assert all(len(spelling) <= 240 for spelling in spellings(name))
    found = BOOK.canonical(name)
    assert found is None or found in BOOK.entries


def test_made_up_names_do_not_fill_the_memory() -> None:
    book = load_book()
    for number in range(20_000):
        assert book.rate_for(f"made-up-{number}", 0) is None
    assert len(book._canonical) <= 4096
    assert len(book._timelines) <= 4096
