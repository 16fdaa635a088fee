"""How many tokens a text has for OpenAI's tokenizers, from ranks that ship with toktui.

Nothing is fetched: `data/<name>.ranks.xz` holds how many tokens there are, the length of each in a
byte, then the tokens themselves, both in the order of their ranks (`toktui.dev.ranks` writes it).
Loading takes about 0.3 s and 80 MB, so only what needs a count imports this, in a process of its
own where somebody waits for the screen.
"""

from __future__ import annotations

import lzma
import re
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktoken import Encoding

Name = Literal["o200k_base", "cl100k_base"]

NUMBER: Final = 1
"""Rises when the same text counts otherwise: ranks, or how a text is split."""

DATA: Final = Path(__file__).parent / "data"
LONGEST_RUN: Final = 1024
"""Characters without a change between blank and not blank, from which a text is cut.

The tokenizer's expressions go back and forth over such runs: time and stack grow with them.
"""
_CHUNK: Final = 256 << 10
"""Characters that are counted at once, so that the list of their tokens stays small."""
_LONG_RUN: Final = re.compile(
    rf"(?<!\S)\S{{{LONGEST_RUN},}}|(?<!\s)\s{{{LONGEST_RUN},}}",
)

# How a text is split before tokens are looked up; the ranks belong to exactly these.
_SPLITS: Final[dict[Name, str]] = {
    "o200k_base": "|".join((
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )),
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
        r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
}  # fmt: skip


class UncountableError(ValueError):
    """tiktoken gave up on a text."""


def count(text: str, name: Name = "o200k_base") -> int:
    """Tokens of a text. What looks like a special token is text; half a surrogate pair counts as
    the sign that replaces it. Time is linear, whatever the text."""
    encoding = load(name)
    try:
        return sum(len(encoding.encode_ordinary(piece)) for piece in pieces(text))
    except BaseException as error:
        # A panic of its Rust code is neither an Exception nor a reason to end the program.
        if type(error).__name__ == "PanicException":
            raise UncountableError("tiktoken cannot split the text") from None
        raise


@cache
def load(name: Name) -> Encoding:
    """The tokenizer of that name, kept for the life of the process."""
    from tiktoken import Encoding  # noqa: PLC0415  only what counts needs it

    packed = lzma.decompress((DATA / f"{name}.ranks.xz").read_bytes())
    return Encoding(name, pat_str=_SPLITS[name], mergeable_ranks=unpack(packed), special_tokens={})


def unpack(packed: bytes) -> dict[bytes, int]:
    """The ranks of tokens."""
    size = int.from_bytes(packed[:4], "big")
    tokens = packed[4 + size :]
    ends = [0, *accumulate(packed[4 : 4 + size])]
    return {tokens[ends[rank] : ends[rank + 1]]: rank for rank in range(size)}


def pack(ranks: Mapping[bytes, int]) -> bytes:
    """What `unpack` takes; the ranks are 0, 1, 2, ... and no token is longer than 255 bytes."""
    tokens = sorted(ranks, key=ranks.__getitem__)
    return len(tokens).to_bytes(4, "big") + bytes(map(len, tokens)) + b"".join(tokens)


def pieces(text: str) -> Iterator[str]:
    """The text in parts that are safe to count one by one, cut between lines where there are."""
    for chunk in _chunks(text):
        if len(chunk) < LONGEST_RUN:
            yield chunk
            continue
        at = 0
        for run in _LONG_RUN.finditer(chunk):
            start, end = run.span()
            for cut in range(start + LONGEST_RUN, end, LONGEST_RUN):
                yield chunk[at:cut]
                at = cut
        yield chunk[at:]


def _chunks(text: str) -> Iterator[str]:
    at = 0
    while len(text) - at > _CHUNK:
        newline = text.rfind("\n", at + 1, at + _CHUNK)
        end = newline + 1 if newline > 0 else at + _CHUNK
        yield text[at:end]
        at = end
    yield text[at:] if at else text
