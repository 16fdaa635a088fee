"""Whether somebody works in a session, or could go on cheaply."""

from __future__ import annotations

from typing import Final, Literal

State = Literal["working", "warm", "idle"]
"""`working`: its log grew lately; `warm`: its prompt cache is alive."""

WORKING_MS: Final = 60_000
"""A session works if its log grew within this time."""
