"""toktui: what your coding agents burn, exactly."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
