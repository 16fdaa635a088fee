"""`python -m toktui.dev.clients`: see the package."""

from __future__ import annotations

import sys

from toktui.dev.clients.run import main

if __name__ == "__main__":
    sys.exit(main())
