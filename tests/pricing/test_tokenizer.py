"""Tokens are counted as tiktoken counts them, without a network, whatever the text."""

from __future__ import annotations

import hashlib
import lzma
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from toktui.dev import ranks
from toktui.pricing import tokenizer
from toktui.pricing.tokenizer import LONGEST_RUN, Name, count, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: tuple[Name, ...] = ("o200k_base", "cl100k_base")
PROSE = Path(__file__).parents[2].joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = Path(tokenizer.__file__).read_text(encoding="utf-8")
WORDS = [*PROSE.split(" "), *CODE.splitlines(keepends=True), "東京へ行く", "naïve", "🙂"]
ORDINARY = st.lists(st.sampled_from(WORDS)).map(" ".join)


def published(monkeypatch: pytest.MonkeyPatch, name: Name) -> dict[str, Any]:
    """What tiktoken's own source says of a tokenizer; our ranks instead of a download."""
    expected: dict[str, str] = {}

    def load(url: str, expected_hash: str) -> dict[bytes, int]:
        expected["hash"] = expected_hash
        del url
        return tokenizer.load(name)._mergeable_ranks

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", load)
    constructor: Callable[[], dict[str, Any]] = getattr(openai_public, name)
    return constructor() | expected


@pytest.mark.parametrize("name", NAMES)
def test_the_ranks_are_those_that_tiktoken_expects(name: Name, monkeypatch: pytest.MonkeyPatch):
    told = published(monkeypatch, name)
    shipped = ranks.published(told["mergeable_ranks"])
    assert hashlib.sha256(shipped).hexdigest() == told["hash"] == ranks.EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_text_has_as_many_tokens_as_in_plain_tiktoken(
    name: Name, monkeypatch: pytest.MonkeyPatch
):
    told = published(monkeypatch, name)
    told.pop("hash")
    plain = tiktoken.Encoding(**told)
    for text in (PROSE, CODE, "", "x", "  two\n\n three\t", "don't 1234567 WE'LL", "日本語 ünï"):
        assert count(text, name) == len(plain.encode_ordinary(text))


@given(ORDINARY)
def test_cutting_long_text_into_chunks_changes_no_count(text: str):
    text = text * 3 + "\n"
    whole = len(tokenizer.load("o200k_base").encode_ordinary(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_CHUNK", 200)
        # A token may go over the end of a line, where white space or a slash follows.
        cuts = len(list(pieces(text))) - 1
        assert abs(count(text) - whole) <= 2 * cuts


@given(
    st.sampled_from(["x", " ", "=", "界", "\n", "ab", "0", "!?", "\u0301", "A1", "Zz-"]),
    st.integers(1, 9_000),
    ORDINARY,
)
def test_cutting_runs_changes_a_count_by_a_few_tokens_per_cut(unit: str, times: int, tail: str):
    text = tail + unit * times + tail
    whole = len(tokenizer.load("o200k_base").encode_ordinary(text))
    cuts = sum(1 for _ in pieces(text)) - 1
    assert cuts <= len(text) // LONGEST_RUN
    assert abs(count(text) - whole) <= 3 * cuts


@given(st.text(max_size=3_000))
def test_the_pieces_are_the_text(text: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "_CHUNK", 700)
        assert "".join(pieces(text * 3)) == text * 3


def test_what_looks_like_a_special_token_is_text():
    assert count("<|endoftext|>") > 1
    assert count("<|endoftext|>", "cl100k_base") > 1


@given(st.text(st.characters(categories=["Cs", "Lu"]), max_size=50))
def test_half_a_surrogate_pair_is_counted_not_refused(text: str):
    assert count(text) >= bool(text)


@pytest.mark.parametrize(
    "unit",
    [" ", "x", "=", "\n", "\t ", "界", "\x1c", "\0", "a" * (LONGEST_RUN - 1) + " ", "\ud800"],
    ids=ascii,
)
def test_long_runs_take_linear_time(unit: str):
    """tiktoken alone overflows its stack on the first, and is many times slower on some."""

    def seconds(size: int) -> float:
        text = unit * (size // len(unit)) + "a"
        began = time.process_time()
        count(text)
        return time.process_time() - began

    seconds(1 << 12)
    short, long = seconds(1 << 18), seconds(1 << 20)
    assert long < 12 * max(short, 0.01)


def test_a_panic_of_the_tokenizer_is_an_error_like_any_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tokenizer, "pieces", lambda text: [text])
    with pytest.raises(tokenizer.UncountableError):
        count(" " * 4_000_000 + "a")


def test_counting_asks_no_network_and_no_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
    tokenizer.load.cache_clear()
    assert count("Nobody is asked.") == 4
    assert not os.listdir(cache)


def test_what_counts_otherwise_has_another_number():
    how = repr((tokenizer._SPLITS["o200k_base"], tokenizer.LONGEST_RUN, tokenizer._CHUNK))
    packed = lzma.decompress((tokenizer.DATA / "o200k_base.ranks.xz").read_bytes())
    known = hashlib.sha256(how.encode() + packed).hexdigest()[:16]
    assert (tokenizer.NUMBER, known) == (1, "d339fbab4bfdb7e6")
