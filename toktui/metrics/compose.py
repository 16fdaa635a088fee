"""Takes a prompt apart in a process of its own, so that no screen waits or holds a tokenizer."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from toktui.metrics.composition import Composition

_PATIENCE_S: Final = 60.0
_decode: Final = msgspec.json.Decoder(Composition | None).decode


def compose_apart(store: Path, session: int, now_ms: int) -> Composition | None:
    """`load_composition` by another process, in a second or two; None also where that fails. What
    it counts is handed to who writes the store.

    `session` is its number in the store.
    """
    try:
        # -P: a folder named toktui where the user happens to be is not ours.
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, os.fspath(store), str(session), str(now_ms)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=True,
        )
        return _decode(done.stdout)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


def main() -> None:
    """What `python -m` runs; the arguments are those of `compose_apart`."""
    from toktui.ingest.looked_at import hand_in  # noqa: PLC0415
    from toktui.metrics.composition import load_composition  # noqa: PLC0415
    from toktui.paths import Paths  # noqa: PLC0415
    from toktui.pricing.rates import load_book  # noqa: PLC0415
    from toktui.pricing.tokenizer import count  # noqa: PLC0415  loads tiktoken
    from toktui.store.connect import connect_reader  # noqa: PLC0415

    store = Path(sys.argv[1])
    keep = partial(hand_in, Paths(store.parent, store.parent))
    session, now_ms = map(int, sys.argv[2:])
    db = connect_reader(store)
    found = load_composition(db, load_book(), session, count, now_ms, keep=keep)
    db.close()
    sys.stdout.write(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
