"""`make bench`: the numbers that were promised, measured on this machine.

Files are in the page cache, runs alternate, timings are medians. Memory is the proportional set
size of all our processes. Nothing but a temporary folder is touched; only npm may use a network,
to install ccusage there.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from toktui.clock import now_ms
from toktui.dev.bench.machine import RunError
from toktui.dev.bench.settings import Settings
from toktui.dev.bench.table import Result, table
from toktui.dev.corpus.size import SIZE

PARTS: Final = {
    "index": ("toktui.dev.bench.indexing", "measure"),
    "memory": ("toktui.dev.bench.indexing", "measure_memory"),
    "counting": ("toktui.dev.bench.counting", "measure"),
    "agents": ("toktui.dev.bench.following", "measure"),
    "live": ("toktui.dev.bench.living", "measure"),
    "screens": ("toktui.dev.bench.loading", "measure"),
}
"""In the order in which they run; `screens` reads the store that `live` has made."""


@click.command()
@click.option("--size", type=SIZE, default="1GiB", show_default=True, help="Bytes of the corpus.")
@click.option("--calls", type=int, default=1_000_000, show_default=True, help="Calls in the store.")
@click.option("--logs", type=int, default=5_000, show_default=True, help="Logs that are followed.")
@click.option("--runs", type=int, default=5, show_default=True, help="Repetitions of a timing.")
@click.option("--quick", is_flag=True, help="64MiB, 50,000 calls, 500 logs, 3 runs, short idling.")
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Some parts only.")
@click.option("--no-peer", is_flag=True, help="Without ccusage beside.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work; kept afterwards.")
def main(
    *, size: int, calls: int, logs: int, runs: int, quick: bool, only: tuple[str, ...],
    no_peer: bool, folder: Path | None,
) -> None:
    """Measures toktui against its targets and prints a table."""
    if not sys.platform.startswith("linux"):
        raise click.UsageError("Memory and CPU of processes are read from /proc: Linux only.")
    if quick:
        size, calls, logs, runs = 64 << 20, 50_000, 500, 3
    place = folder or Path(tempfile.mkdtemp(prefix="toktui-bench-"))
    settings = Settings(
        place, now_ms(), size, calls, logs, runs, 10.0 if quick else 60.0, not no_peer
    )
    chosen = {*only, *(("live",) if "screens" in only else ())}
    results: list[Result] = []
    try:
        for name in PARTS:
            if not chosen or name in chosen:
                click.echo(f"measuring {name} ...", err=True)
                results.extend(_measured(name, settings))
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
        click.echo(table(results))


def _measured(name: str, settings: Settings) -> list[Result]:
    """The rows of a part; one of a program that is not there yet, or fails, says so."""
    module, function = PARTS[name]
    try:
        return list(getattr(importlib.import_module(module), function)(settings))
    except ImportError as error:
        return [Result(name, f"not built ({error.name})")]
    except RunError as error:
        return [Result(name, str(error), ok=False)]


if __name__ == "__main__":
    main()
