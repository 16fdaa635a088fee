"""The migrations of `toktui.db`, and how it is known.

A migration is a function that is never edited; `user_version` counts them.
"""

from __future__ import annotations

from typing import Final

from toktui.store.cold_turns import m011_cold_turns
from toktui.store.compositions import m009_compositions
from toktui.store.estimates import m002_estimates
from toktui.store.evidence import m010_evidence
from toktui.store.first import m001_first
from toktui.store.limits import m004_limit_past
from toktui.store.outcomes import m006_outcomes
from toktui.store.rollups import m008_rollups, m012_estimated
from toktui.store.shares import m007_shares
from toktui.store.spreads import m005_spreads
from toktui.store.standing import m003_standing

APPLICATION_ID: Final = 0x746F6B74
"""'tokt' in ASCII: how `file` and we know the store."""

VERSION: Final = 12
"""The number of migrations of this program."""

MIGRATIONS: Final = (
    m001_first, m002_estimates, m003_standing, m004_limit_past, m005_spreads, m006_outcomes,
    m007_shares, m008_rollups, m009_compositions, m010_evidence, m011_cold_turns, m012_estimated,
)  # fmt: skip
"""In order; the store's `user_version` says how many of them it has."""
