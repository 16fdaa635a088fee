"""Packs the rank files of tiktoken for `toktui.pricing.tokenizer`.

    python -m toktui.dev.ranks FOLDER

FOLDER has `o200k_base.tiktoken` and `cl100k_base.tiktoken`, plain or as `.xz`, as OpenAI publishes
them. They are taken only if their SHA-256 is the one that tiktoken's own source expects.
"""

from __future__ import annotations

import base64
import hashlib
import lzma
import sys
from pathlib import Path
from typing import Final

from toktui.pricing.tokenizer import DATA, Name, pack, unpack

EXPECTED: Final[dict[Name, str]] = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_FILTERS: Final = [
    # Tokens have no alignment: every bit of context goes to the bytes before.
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}
]


def published(ranks: dict[bytes, int]) -> bytes:
    """The ranks in the form in which they are published."""
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in ranks.items())


def packed(text: bytes, name: Name) -> bytes:
    """A published rank file as package data; ValueError if it is not what tiktoken expects."""
    if hashlib.sha256(text).hexdigest() != EXPECTED[name]:
        raise ValueError(f"{name}: another file than tiktoken expects")
    pairs = (line.split() for line in text.splitlines())
    plain = pack({base64.b64decode(token): int(rank) for token, rank in pairs})
    if published(unpack(plain)) != text:
        raise ValueError(f"{name}: does not come back as it was")
    return lzma.compress(plain, check=lzma.CHECK_SHA256, filters=_FILTERS)


def main(folder: Path) -> None:
    """Writes both files."""
    for name in EXPECTED:
        plain = folder / f"{name}.tiktoken"
        if plain.exists():
            text = plain.read_bytes()
        else:
            text = lzma.decompress(plain.with_name(f"{name}.tiktoken.xz").read_bytes())
        target = DATA / f"{name}.ranks.xz"
        target.write_bytes(packed(text, name))
        print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
