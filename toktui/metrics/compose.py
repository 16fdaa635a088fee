"""Takes a prompt apart in a process of its own, so that no screen waits or holds a tokenizer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from toktui.metrics.composition import Composition

_PATIENCE_S: Final = 60.0
_decode: Final = msgspec.json.Decoder(Composition | None).decode


def compose_apart(store: Path, session: int) -> Composition | None:
    """`load_composition` by another process, in a second or two; None also where that fails.

    `session` is its number in the store.
    """
    try:
        # -P: a folder named toktui where the user happens to be is not ours.
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__, os.fspath(store), str(session)],
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
    """What `python -m` runs; the store's path and the session's number are the arguments."""
    from toktui.metrics.composition import load_composition  # noqa: PLC0415
    from toktui.pricing.rates import load_book  # noqa: PLC0415
    from toktui.pricing.tokenizer import count  # noqa: PLC0415  loads tiktoken
    from toktui.store.connect import connect_reader  # noqa: PLC0415

    db = connect_reader(Path(sys.argv[1]))
    found = load_composition(db, load_book(), int(sys.argv[2]), count)
    db.close()
    sys.stdout.write(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
