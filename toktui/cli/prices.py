"""`toktui prices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from toktui.ingest.context import Context
    from toktui.pricing.periods import Rate
    from toktui.pricing.rates import RateBook


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  toktui prices list 'claude-*'
  toktui prices show claude-opus-4-8
  toktui prices set my-model --input 3 --cache-read 0.3 --output 15
  toktui prices update model_prices_and_context_window.json"""
)
@click.pass_context
def prices(ctx: click.Context) -> None:
    """The rate book: list, show, set your own, update from a file."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_models, pattern="*", as_json=False)


@prices.command("list")
@click.argument("pattern", default="*")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.prices/1.")
def list_models(*, pattern: str, as_json: bool) -> None:
    """What models cost now; PATTERN is a name or a glob."""
    from fnmatch import fnmatchcase

    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context
    from toktui.export.prices import as_document, as_list

    context = open_context()
    book, now_ms = context.book(), context.now_ms()
    names = (name for name in sorted(book.entries) if name == pattern or fnmatchcase(name, pattern))
    rates = [rate for name in names if (rate := book.rate_for(name, now_ms)) is not None]
    if as_json:
        write_json(as_document(book, rates))
    else:
        write(as_list(book, rates, cells=width(), colored=colored()))


@prices.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, toktui.prices/1.")
def show(*, model: str, as_json: bool) -> None:
    """All tiers, bands and dates of a model, named as in a log or as in the book."""
    from toktui.cli.output import colored, width, write, write_json
    from toktui.cli.start import open_context
    from toktui.export.prices import as_document, as_history

    book = open_context().book()
    rates = _rates_of(book, model)
    if as_json:
        write_json(as_document(book, rates))
    else:
        write(as_history(book, model, rates, cells=width(), colored=colored()))


def _rates_of(book: RateBook, model: str) -> list[Rate]:
    rates = list(book.rates_of(model))
    if rates:
        return rates
    import difflib

    from toktui.errors import UsageError
    from toktui.text import clean

    close = difflib.get_close_matches(model.lower(), list(book.entries), n=5, cutoff=0.5)
    raise UsageError(
        f"The rate book has no model {clean(model)!r}.",
        f"Close to it: {', '.join(close)}." if close else "`toktui prices list` has all.",
    )


@prices.command("set")
@click.argument("model")
@click.option("--input", "input_", metavar="USD", help="Dollars per million tokens, as all rates.")
@click.option("--cache-read", metavar="USD")
@click.option("--cache-write-5m", metavar="USD")
@click.option("--cache-write-1h", metavar="USD")
@click.option("--output", metavar="USD")
@click.option("--from", "valid_from", metavar="DATE", help="First UTC day, such as 2026-01-31.")
@click.option("--remove", is_flag=True, help="Take your own rates of the model out again.")
def set_own(
    *, model: str, input_: str | None, cache_read: str | None, cache_write_5m: str | None,
    cache_write_1h: str | None, output: str | None, valid_from: str | None, remove: bool,
) -> None:  # fmt: skip
    """Write your own rates of a model to config.toml, over every other price.

    What is not given is as in the rate book. Priced calls keep their price until `toktui reprice`.
    """
    from toktui.cli.output import write
    from toktui.cli.own_prices import Given, put, take_out
    from toktui.cli.start import open_context
    from toktui.text import clean

    given = Given(
        input=input_, cache_read=cache_read, cache_write_5m=cache_write_5m,
        cache_write_1h=cache_write_1h, output=output, valid_from=valid_from,
    )
    if remove == given.any():
        raise click.UsageError("Give at least one rate, or --remove.")
    context = open_context()
    _check_store(context)
    file = clean(str(context.paths.config_file), 400)
    if remove:
        take_out(context.paths.config_file, model)
        write(f"{file} has no own rates of {clean(model)} any more.")
    else:
        put(context.paths.config_file, model, given)
        write(f"{file} has it now.")
    _price_what_was_not(open_context())


@prices.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def update(*, file: str) -> None:
    """Lay the models of a file over the shipped rate book.

    FILE is a rate book of toktui, genai-prices' data.json, or LiteLLM's
    model_prices_and_context_window.json. Nothing is fetched.
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from toktui.cli.output import write
    from toktui.cli.start import open_context
    from toktui.errors import ToktuiError
    from toktui.export.figures import count, count_of
    from toktui.ingest.context import UPDATE_NAME
    from toktui.paths import prepare_data
    from toktui.pricing.rates import load_book
    from toktui.pricing.update import read_update, save_update
    from toktui.text import clean

    context = open_context()
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ToktuiError(f"{clean(file, 400)} cannot be read: {error.strerror}") from error
    today = datetime.fromtimestamp(context.now_ms() / 1000, tz=UTC).date()
    found = read_update(data, book=load_book(), today=today)
    prepare_data(context.paths)
    _check_store(context)
    save_update(found.book, context.paths.data / UPDATE_NAME)
    write(
        f"{count_of(len(found.book.models), 'model')} of a {found.format} file now over the book;"
        f" {count(found.unchanged)} were the same already."
    )
    _price_what_was_not(open_context())


def _check_store(context: Context) -> None:
    """Fails before anything is changed where calls could not be priced afterwards."""
    from toktui.ingest import access

    if context.paths.store.exists():
        with access.writing(context, "toktui prices"):
            pass


def _price_what_was_not(context: Context) -> None:
    """Prices calls that had none, and says what a reprice would change."""
    from toktui.cli.output import write
    from toktui.cli.start import reading
    from toktui.export.figures import count_of, dollars
    from toktui.export.reprice import difference
    from toktui.ingest import access, reprice
    from toktui.metrics.coverage import unpriced_calls

    book = context.book()
    if not context.paths.store.exists():
        return
    with reading(context, catch_up=False) as db:
        before = unpriced_calls(db)
    with access.writing(context, "toktui prices") as settler:
        reprice.price_unpriced(settler, context.now_ms())
        priced = before - unpriced_calls(settler.db)
    if priced > 0:
        write(f"{count_of(priced, 'call')} had no price and have one now.")
    with reading(context, catch_up=False) as db:
        changes = reprice.changes(db, book, lambda _: "all")
    if changes:
        total = sum(map(difference, changes))
        write(
            f"{count_of(sum(one.calls for one in changes), 'call')} would change by"
            f" {'' if total < 0 else '+'}{dollars(total)}; `toktui reprice --dry-run` shows it."
        )
