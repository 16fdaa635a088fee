"""`toktui`, and `python -m toktui`."""

from __future__ import annotations

import gc
import os
import sys


def run() -> None:
    """The program. An agent that asks for a status line is answered before the rest is loaded."""
    if sys.argv[1:] == ["statusline"]:
        gc.disable()
        from toktui.statusline.answer import main as answer  # noqa: PLC0415

        code = answer()
        sys.stderr.flush()
        # Nothing is open any more; tidying up all modules would take a tenth of the time.
        os._exit(code)
    from toktui.cli import main  # noqa: PLC0415

    main()


if __name__ == "__main__":
    run()
