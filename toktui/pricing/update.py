"""`toktui prices update FILE`: a newer rate book from a file that the user has.

Three formats are understood: our own, genai-prices' data, and LiteLLM's map. What comes out is a
file of our own format with the models that differ from the book; it lies over the shipped one.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from toktui.errors import ToktuiError
from toktui.pricing import genai, litellm, overlay
from toktui.pricing.multiples import multiple_of, times
from toktui.pricing.rates import DATA, RateBook
from toktui.pricing.rows import (
    SCHEMA,
    BookFile,
    ModelRates,
    Row,
    Source,
    TierRates,
    bucket_rates,
    encode,
    of_tier,
)
from toktui.text import clean

Format = Literal["toktui", "genai-prices", "litellm"]

LARGEST: Final = 64 * 1024 * 1024
_HINT: Final = (
    "Give a rate book of toktui, genai-prices' data.json, or LiteLLM's "
    "model_prices_and_context_window.json."
)


class Update(NamedTuple):
    """What a file brings: the models that are new or differ, as a file of our own format."""

    format: Format
    book: BookFile
    unchanged: int
    """Models that the book has just so."""


class _Schema(msgspec.Struct, frozen=True):
    schema: str = ""
    providers: msgspec.Raw = msgspec.Raw()


def read_update(data: bytes, *, book: RateBook, today: datetime.date) -> Update:
    """The update in the bytes of a file, against the book that it would lie over.

    LiteLLM's prices have no dates: where they differ from the book they hold from `today`.
    Raises `ToktuiError` naming what is wrong with the file.
    """
    if len(data) > LARGEST:
        raise ToktuiError(f"The price file is larger than {LARGEST >> 20} MiB.", _HINT)
    kind = _format(data)
    digest = hashlib.sha256(data).hexdigest()[:8]
    try:
        if kind == "toktui":
            found = decode_book(data)
        elif kind == "genai-prices":
            found = _from_genai(data, f"genai-prices-file-{digest}", today)
        else:
            found = _from_litellm(data, f"litellm-file-{digest}", today, book)
    except (ValueError, RecursionError) as error:
        reason = clean(str(error), 200)
        raise ToktuiError(f"Not a usable {kind} price file: {reason}", _HINT) from None
    changed = tuple(model for model in found.models if not _has(book, model))
    if not found.models:
        raise ToktuiError("The price file has no model that is priced by tokens.", _HINT)
    return Update(
        kind,
        msgspec.structs.replace(found, models=changed),
        len(found.models) - len(changed),
    )


def decode_book(data: bytes) -> BookFile:
    """A file of our own format; raises `msgspec.DecodeError` or `ValueError` naming the model."""
    book = msgspec.json.decode(data, type=BookFile)
    ids = {source.id for source in book.sources} | {""}
    for model in book.models:
        if fault := _fault(model, ids):
            raise ValueError(f"{model.id}: {fault}")
    return book


def merged(earlier: BookFile | None, later: BookFile) -> BookFile:
    """Both updates as one file: of a model in both, the later one's rates."""
    if earlier is None:
        return later
    main = earlier.sources[0].id
    kept = {
        model.id: _sourced(model, lambda theirs: theirs or main) for model in earlier.models
    }
    models = {**kept, **{model.id: model for model in later.models}}
    sources = {source.id: source for source in (*later.sources, *earlier.sources)}
    geo = {(rule.provider, rule.geo): rule for rule in (*earlier.geo, *later.geo)}
    return msgspec.structs.replace(
        later,
        models=tuple(models.values()),
        sources=tuple(sources.values()),
        geo=tuple(geo.values()),
    )


def save_update(book: BookFile, path: Path) -> None:
    """Writes the file whole or not at all. Raises `ToktuiError` naming the folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encode(book))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
    except OSError as error:
        raise ToktuiError(
            f"The prices could not be saved: {error.strerror}: {clean(str(path))}",
            "Make the folder writable, or set TOKTUI_DATA_DIR to one that is.",
        ) from error


def load_update(path: Path) -> BookFile | None:
    """What `save_update` wrote; None if there is none. Raises `ToktuiError` if it is damaged."""
    try:
        return decode_book(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToktuiError(
            f"The saved prices cannot be read: {error.strerror}: {clean(str(path))}",
            "Make it a readable file, or remove it and update the prices again.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise ToktuiError(
            f"The saved prices are damaged: {clean(str(path))}: {clean(str(error), 200)}",
            "Remove the file and update the prices again.",
        ) from None


def _format(data: bytes) -> Format:
    try:
        if data.lstrip()[:1] == b"[":
            return "genai-prices"
        shape = msgspec.json.decode(data, type=_Schema)
        if shape.schema == SCHEMA:
            return "toktui"
        if bytes(shape.providers):
            return "genai-prices"
        if litellm.is_litellm(litellm.decode(data)):
            return "litellm"
    except (ValueError, RecursionError) as error:
        raise ToktuiError(f"The price file is not JSON: {clean(str(error), 200)}", _HINT) from None
    raise ToktuiError("The price file has no format that toktui knows.", _HINT)


def _from_genai(data: bytes, source: str, today: datetime.date) -> BookFile:
    ours = overlay.decode((DATA / "overlay.toml").read_bytes())
    models = overlay.lay_over(genai.convert(genai.decode(data)), ours)
    sources = (Source(source, today), ours.source)
    return BookFile(SCHEMA, source, today, sources, models, overlay.geo_rules(ours))


def _from_litellm(data: bytes, source: str, today: datetime.date, book: RateBook) -> BookFile:
    models: dict[str, ModelRates] = {}
    old: dict[str, Source] = {}
    for entry in litellm.listed(litellm.decode(data)):
        known = book.entry(entry.name)
        if known is None:
            model = ModelRates(
                entry.name, entry.provider, (Row(entry.tiers, web_search=entry.web_search),),
                window=entry.window,
            )
        elif known.model.provider != entry.provider:
            continue
        else:
            main = known.main
            old |= {main.id: main, **known.sources}
            written_out = _sourced(known.model, lambda theirs, main=main: theirs or main.id)
            model = _from_day(written_out, entry, source, today)
        models.setdefault(model.id, model)
    sources = (Source(source, today), *old.values())
    return BookFile(SCHEMA, source, today, sources, tuple(models.values()))


def _sourced(model: ModelRates, source: Callable[[str], str]) -> ModelRates:
    """The model with the source of every tier changed."""
    return msgspec.structs.replace(model, rows=tuple(
        msgspec.structs.replace(row, tiers=tuple(
            msgspec.structs.replace(rates, source=source(rates.source)) for rates in row.tiers
        ))
        for row in model.rows
    ))


def _from_day(
    model: ModelRates, entry: litellm.Listed, source: str, today: datetime.date
) -> ModelRates:
    """The model with a row from today on, unless the one in force says the same."""
    current = [row for row in model.rows if row.valid_from is None or row.valid_from <= today]
    if any(row.hours for row in current) or not current or _says_the_same(current[-1], entry):
        return model
    later = [row for row in model.rows if row not in current]
    earlier = [row for row in current if row.valid_from != today]
    standard = entry.tiers[0]
    tiers = [msgspec.structs.replace(rates, source=source) for rates in entry.tiers]
    for rates in current[-1].tiers:
        multiple = multiple_of(rates, of_tier(current[-1], "standard"))
        if multiple is not None and not any(rates.tier == have.tier for have in tiers):
            tiers.append(TierRates(rates.tier, times(standard.bands, multiple), source))
    fee = current[-1].web_search if entry.web_search is None else entry.web_search
    row = Row(tuple(tiers), valid_from=today, web_search=fee)
    return msgspec.structs.replace(model, rows=(*earlier, row, *later))


def _says_the_same(row: Row, entry: litellm.Listed) -> bool:
    """True if the row has every price of the file."""
    known = ((rates, of_tier(row, rates.tier)) for rates in entry.tiers)
    return all(have is not None and _agree(rates, have) for rates, have in known)


def _agree(rates: TierRates, known: TierRates) -> bool:
    if [band.above for band in rates.bands] != [band.above for band in known.bands]:
        return False
    pairs = zip(rates.bands, known.bands, strict=True)
    return all(
        one is None or one == other
        for band, base in pairs
        for one, other in zip(bucket_rates(band), bucket_rates(base), strict=True)
    )


def _has(book: RateBook, model: ModelRates) -> bool:
    """True if the book has the very same rates, whoever said so."""
    known = book.entries.get(model.id)
    return known is not None and _sourced(known.model, _nobody) == _sourced(model, _nobody)


def _nobody(_source: str) -> str:
    return ""


def _fault(model: ModelRates, sources: set[str]) -> str | None:
    """What is wrong with a model of a file that somebody may have written by hand."""
    days = [row.valid_from or datetime.date.min for row in model.rows]
    if days != sorted(days):
        return "rows are not in the order of their days"
    if any(name != name.lower() for name in (model.id, *model.names)):
        return "names are not in lower case"
    for row in model.rows:
        if row.hours and row.hours[0] == row.hours[1]:
            return "hours end where they begin"
        if len({rates.tier for rates in row.tiers}) != len(row.tiers) or not row.tiers:
            return "a row needs its tiers, each once"
        for rates in row.tiers:
            starts = [band.above for band in rates.bands]
            if starts[0] != 0 or starts != sorted(set(starts)):
                return f"bands of {rates.tier} do not rise from 0"
            if rates.source not in sources:
                return f"source of {rates.tier} is not in the file"
    return None
