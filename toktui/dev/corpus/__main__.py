"""`python -m toktui.dev.corpus FOLDER --size 1GiB`: makes a home of logs to measure with."""

from __future__ import annotations

import time
from pathlib import Path

import click

from toktui.clock import now_ms
from toktui.dev.corpus import make_corpus
from toktui.dev.corpus.size import SIZE


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--size", type=SIZE, default="256MiB", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--long-log", type=SIZE, default="0", help="A log of this size among them.")
@click.option("--long-line", type=SIZE, default="0", help="A line of this size in one of them.")
def main(folder: Path, *, size: int, seed: int, long_log: int, long_line: int) -> None:
    """Fills FOLDER with logs of Claude Code and Codex of the real shape."""
    started = time.monotonic()
    made = make_corpus(
        folder, size=size, seed=seed, now_ms=now_ms(), long_log=long_log, long_line=long_line
    )
    seconds = time.monotonic() - started
    print(
        f"{made.logs:,} logs, {made.bytes:,} bytes, {made.lines:,} lines, {made.calls:,} calls, "
        f"{made.tokens:,} tokens in {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()
