"""Nothing that a terminal obeys or a reader cannot see passes `clean`."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from toktui.text import clean, clean_id, width

EVERY_CHARACTER = "".join(map(chr, range(0x110000)))
FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff\U0010fffe\U0010ffff]"
)
HOSTILE = [
    ("\x1b[31mred\x1b[0m", "[31mred[0m"),
    ("\x1b]52;c;cm0gLXJm\x07title", "]52;c;cm0gLXJmtitle"),
    ("\x9b2Jgone", "2Jgone"),
    ("a\x00b\x7fc\x85d", "abcd"),
    ("two\r\nlines\ttab", "twolinestab"),
    ("two\u2028para\u2029graphs", "twoparagraphs"),
    ("user\u202egnp.exe", "usergnp.exe"),
    ("\u2066isolate\u2069", "isolate"),
    ("gpt\u200b-\u200d5\ufeff", "gpt-5"),
    ("soft\u00adhyphen", "softhyphen"),
    ("half\ud83d pair", "half pair"),
    ("non\ufdd0char\uffff\U0001fffe", "nonchar"),
    ("tag\U000e0041\U000e007f", "tag"),
    ("smuggled\U000e0100", "smuggled"),
    ("e\u0301te\u0301", "été"),
    ("e\u200b\u0301", "é"),
    ("\u0301first", "first"),
    ("z\u0335\u0321\u0322\u0316\u0317\u0318\u0319", "z\u0335\u0321\u0322\u0316"),
]


@pytest.mark.parametrize(("hostile", "harmless"), HOSTILE)
def test_what_a_terminal_or_reader_would_be_fooled_by_is_dropped(hostile: str, harmless: str):
    assert clean(hostile) == unicodedata.normalize("NFC", harmless)


def test_no_character_at_all_brings_a_forbidden_one_through():
    for start in range(0, len(EVERY_CHARACTER), 64):
        assert not FORBIDDEN.search(clean(EVERY_CHARACTER[start : start + 64], 200))


def test_no_character_is_wider_on_the_screen_than_is_reckoned():
    assigned = (c for c in EVERY_CHARACTER if unicodedata.category(c) not in ("Cn", "Co", "Cs"))
    assert [c for c in map(clean, assigned) if cell_len(c) > width(c)] == []


@pytest.mark.parametrize(
    "plain", ["", "claude-opus-4-6", "été 東京 Ω", "🦀 crab", "[bold]x[/nope]", " "]
)
def test_what_is_harmless_stays_as_it_is(plain: str):
    assert clean(plain) == plain


@given(st.text(st.characters(), max_size=300), st.integers(1, 60))
@example("東" * 100, 7)
@example("👩\u200d👩\u200d👧" * 30, 5)
@example("a" + "\u0301" * 300, 3)
@example("\x00" * 300 + "late", 4)
@example("\ufb1d" * 50, 10)
def test_a_cleaned_string_fits_is_encodable_and_stays_when_cleaned_again(hostile: str, n: int):
    cleaned = clean(hostile, n)
    assert not FORBIDDEN.search(cleaned)
    assert cell_len(cleaned) <= width(cleaned) <= n
    assert clean(cleaned, n) == cleaned == unicodedata.normalize("NFC", cleaned)
    cleaned.encode()


def test_what_is_too_wide_ends_in_an_ellipsis():
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert clean("東京都", 5) == "東京…"
    assert clean("東京都府", 6) == "東京…"
    assert clean("\uff21\uff22\uff23", 5) == "\uff21\uff22…"
    assert clean("abc", 1) == "…"


def test_megabytes_are_cut_without_being_read_whole():
    assert clean("\x1b" * 10_000_000 + "x", 20) == "…"
    assert clean("x" * 10_000_000, 20) == "x" * 19 + "…"


@pytest.mark.parametrize("plain", ["msg_01AbC", "a:b.c@d/e+f-g", "x" * 200, ""])
def test_a_plain_id_stays_as_it_is(plain: str):
    assert clean_id(plain) == plain


@pytest.mark.parametrize("odd", ["x" * 201, "a b", "a\n", "é", "\ud800", "١٢", "\x1b[2J", "a\x00"])
def test_any_other_id_is_hashed_and_stays_apart(odd: str):
    hashed = clean_id(odd)
    assert re.fullmatch(r"sha256:[0-9a-f]{32}", hashed)
    assert clean_id(hashed) == hashed
    assert clean_id(odd + "!") != hashed
