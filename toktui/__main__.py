"""`toktui`, and `python -m toktui`."""

from __future__ import annotations

import gc
import os
import sys


def run() -> None:
    """The program. An agent that asks for a status line is answered before the rest is loaded."""
    _take_streams()
    if sys.argv[1:] == ["statusline"]:
        gc.disable()
        from toktui.statusline.answer import main as answer  # noqa: PLC0415

        code = answer()
        sys.stderr.flush()
        # Nothing is open any more; tidying up all modules would take a tenth of the time.
        os._exit(code)
    from toktui.cli import main  # noqa: PLC0415

    main()


def _take_streams() -> None:
    """Whoever starts us with a stream closed gets nothing from it, and our files get no words."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != fd:
                os.dup2(opened, fd)
                os.close(opened)
            setattr(sys, name, os.fdopen(fd, mode, encoding="utf-8", closefd=False))


if __name__ == "__main__":
    run()
