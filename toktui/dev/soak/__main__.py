"""`make soak`: the board under mixed load, kills, and at speed, on both databases.

Each database has the time that was asked for, then kills, then the speeds. Nothing but temporary
folders is touched; PostgreSQL is one of our own, with fsync on.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from toktui.dev.bench.table import Result, megabytes, table
from toktui.dev.soak.board import Board
from toktui.dev.soak.load import Pages, Submits, pages, submits
from toktui.dev.soak.mixed import Soaked, soak
from toktui.dev.soak.postgres import postgres_server

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

DATABASES: Final = ("sqlite", "postgresql")
PROCESSES: Final = {"sqlite": 1, "postgresql": 2}
GROWTH: Final = 1.05
_LOAD_S: Final = 20.0
_SHOWN: Final = 5


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="Of mixed load, per database.")
@click.option("--kills", default=100, show_default=True, help="kill -9 amid submits, per database.")
@click.option("--load", "load_only", is_flag=True, help="The speeds only.")
@click.option("--on", multiple=True, type=click.Choice(DATABASES), help="One database only.")
def main(*, minutes: float, kills: int, load_only: bool, on: tuple[str, ...]) -> None:
    """Runs the board's server under load and prints what held and what did not."""
    if not sys.platform.startswith("linux"):
        raise click.UsageError("Memory of processes is read from /proc: Linux only.")
    # What was started is stopped also when this is.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    results: list[Result] = []
    for name in on or DATABASES:
        with ExitStack() as stack:
            make = stack.enter_context(postgres_server(durable=True)) if name != "sqlite" else None
            if not load_only:
                click.echo(f"{name}: {minutes:g} minutes of mixed load ...", err=True)
                steady = _on_board(name, make, lambda one: soak(one, seconds=minutes * 60))
                results += _soaked(name, steady)
                click.echo(f"{name}: {kills} kills ...", err=True)
                killed = _on_board(name, make, lambda one: soak(one, seconds=1, kills=kills))
                results += _soaked(name, killed)
            click.echo(f"{name}: speed, load {os.getloadavg()[0]:.1f} ...", err=True)
            results += _submits(
                name, _on_board(name, make, lambda one: submits(one, seconds=_LOAD_S), processes=1)
            )
            results += _pages(
                name, _on_board(name, make, lambda one: pages(one, seconds=5), processes=1)
            )
    click.echo(table(results))
    sys.exit(any(one.ok is False for one in results))


def _on_board(
    name: str, make: Callable[[], str] | None, what: Callable[[Board], Coroutine[Any, Any, Any]],
    *, processes: int = 0,
) -> Any:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="toktui-soak-") as folder:
        board = Board(
            Path(folder), make() if make else None, processes=processes or PROCESSES[name]
        )
        try:
            return asyncio.run(what(board))
        finally:
            board.stop()


def _soaked(name: str, done: Soaked) -> Iterator[Result]:
    for error in (*done.errors[:_SHOWN], *done.differences[:_SHOWN]):
        click.echo(f"  {error}", err=True)
    what = f"{name}, {done.kills} kills" if done.kills else f"{name}, {done.seconds / 60:.1f} min"
    yield Result(f"{what}: answers", f"{done.answers:,}", beside=f"{done.acknowledged:,} stored")
    yield Result(f"{what}: errors", str(len(done.errors)), "0", not done.errors)
    wrong = len(done.differences)
    yield Result(f"{what}: differences from the model", str(wrong), "0", not wrong)
    if done.growth is not None:
        yield Result(
            f"{what}: memory, last third to first", f"{done.growth:.3f}x", f"<= {GROWTH}x",
            done.growth <= GROWTH, f"{megabytes(done.memory[-1])}, {PROCESSES[name]} process(es)",
        )  # fmt: skip


def _submits(name: str, done: Submits) -> Iterator[Result]:
    yield Result(f"{name}: submits", f"{done.per_s:.0f}/s", ">= 99/s",
                 done.per_s >= 99 and not done.refused, f"{done.refused} refused")  # fmt: skip
    yield Result(f"{name}: submit p99", f"{done.p99_ms:.0f} ms", "<= 100 ms", done.p99_ms <= 100,
                 f"median {done.p50_ms:.1f} ms, server CPU {done.cpu_ms:.1f} ms each")  # fmt: skip


def _pages(name: str, done: Pages) -> Iterator[Result]:
    yield Result(f"{name}: page, not made before", f"{done.new_ms:.0f} ms", "<= 50 ms",
                 done.new_ms <= 50, f"slowest {done.slowest_ms:.0f} ms, CPU {done.cpu_ms:.0f} ms; "
                 f"first of a process {done.first_ms:.0f} ms")  # fmt: skip
    yield Result(f"{name}: page, made before", f"{done.kept_per_s:,.0f}/s", ">= 1,000/s",
                 done.kept_per_s >= 1_000, f"{done.size / 1000:.0f} kB")  # fmt: skip


if __name__ == "__main__":
    main()
