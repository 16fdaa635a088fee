"""`make prices`: compiles `pricing/data/rates.json` from genai-prices and our overlay.

The same input gives the same bytes. The version is the overlay's day and a digest of the content.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import importlib.metadata
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from toktui.pricing import genai, overlay
from toktui.pricing.rows import SCHEMA, BookFile, Source, encode

DATA: Final = Path(__file__).parent.parent / "pricing" / "data"
GENAI_RELEASE: Final = "0.2.3"
GENAI_RELEASED_ON: Final = datetime.date(2026, 11, 10)
"""What the book is compiled from; a newer release is a change to look at, not an accident."""

_RENAMED: Final = {"or_": "or", "and_": "and"}


def compile_book(overlay_data: bytes) -> BookFile:
    """The book made from the installed genai-prices and the overlay's bytes.

    Raises `RuntimeError` if the installed release is another than the book's.
    """
    installed = importlib.metadata.version("genai-prices")
    if installed != GENAI_RELEASE:
        raise RuntimeError(
            f"genai-prices {installed} is installed and the book is made from {GENAI_RELEASE}: "
            "set GENAI_RELEASE and GENAI_RELEASED_ON, and pin it in pyproject.toml"
        )
    ours = overlay.decode(overlay_data)
    models = overlay.lay_over(genai.convert(genai.decode(genai_data())), ours)
    source = Source(f"genai-prices-{installed}", GENAI_RELEASED_ON)
    geo = overlay.geo_rules(ours)
    digest = hashlib.sha256(msgspec.json.encode((source, ours.source, geo, models))).hexdigest()
    return BookFile(
        schema=SCHEMA,
        version=f"{ours.date.isoformat()}.{digest[:8]}",
        date=ours.date,
        sources=(source, ours.source),
        geo=geo,
        models=models,
    )


def genai_data() -> bytes:
    """The data of the installed genai-prices in the JSON that its own updates have."""
    from genai_prices.data import providers

    data = [{"id": provider.id, "models": _plain(provider.models)} for provider in providers]
    return json.dumps(data, default=_number).encode()


def main() -> int:
    """Writes the book and says what it holds."""
    book = compile_book((DATA / "overlay.toml").read_bytes())
    data = encode(book)
    (DATA / "rates.json").write_bytes(data)
    rows = sum(len(model.rows) for model in book.models)
    print(f"{book.version}: {len(book.models)} models, {rows} rows, {len(data):,} bytes")
    return 0


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) or type(value).__name__ == "ModelPrice":
        return {_RENAMED.get(key, key): _plain(item) for key, item in vars(value).items()
                if item is not None}
    return value


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


if __name__ == "__main__":
    sys.exit(main())
