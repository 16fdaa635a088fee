"""`python -m toktui`."""

from __future__ import annotations

from toktui.cli import main

if __name__ == "__main__":
    main()
