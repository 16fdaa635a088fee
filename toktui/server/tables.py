"""The tables of the board, for SQLite and PostgreSQL alike.

Times are UTC milliseconds, money nano-dollars, days `2026-11-21` in the team's zone. No secret is
stored: of codes, links and sessions only the SHA-256, of devices only the public key.

A step in `migrations/` says the same of its tables again, and must: it makes what a released
program had, and never changes, while this module says what this program has.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata: Final = MetaData()

MEASURES: Final = (
    "calls", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning",
    "web_search", "estimated_calls", "estimated_tokens", "unpriced_calls", "unpriced_tokens",
    "cost_nusd",
)  # fmt: skip
"""What is summed of the rows of a day; `cost_nusd` is the server's."""
LANDED: Final = ("landed_xs", "landed_s", "landed_m", "landed_l", "landed_xl")
LINKED: Final = ("linked_xs", "linked_s", "linked_m", "linked_l", "linked_xl")
SUMS: Final = (*MEASURES, *LANDED, *LINKED, "reverted", "linked_unpriced", "partly_unread")
"""What a member's day holds: `linked_unpriced` landed changes whose cost is not known, or only in
part, and 1 in `partly_unread` where a device could not read all of its logs."""


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


team = Table(
    "team", metadata,
    Column("id", String(18), primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("pepper", String(64), nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("backfill_days", Integer, nullable=False),
    Column("consumption", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)  # fmt: skip

member = Table(
    "member", metadata,
    Column("id", String(18), primary_key=True),
    Column("team", String(18), nullable=False, index=True),
    Column("appearance", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(8), nullable=False),
    Column("joined_ms", BigInteger, nullable=False),
    Column("first_day", String(10), nullable=False),
    # Rises whenever one of his days does: what a process keeps of them is then out of date.
    _number("changed"),
)  # fmt: skip

device = Table(
    "device", metadata,
    Column("id", String(18), primary_key=True),
    Column("member", String(18), nullable=False, index=True),
    Column("team", String(18), nullable=False),
    Column("public_key", String(44), nullable=False, unique=True),
    Column("schema", String(16), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)  # fmt: skip

code = Table(
    "code", metadata,
    Column("hash", String(64), primary_key=True),
    Column("team", String(18), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("role", String(8), nullable=False),
    Column("made_by", String(18)),
    Column("uses_left", Integer, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)  # fmt: skip

document = Table(
    "document", metadata,
    Column("device", String(18), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("team", String(18), nullable=False),
    Column("member", String(18), nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    # When the first revision came; `received_ms` is of the last.
    _number("first_ms"),
    Column("body", LargeBinary, nullable=False),
    Index("document_member", "member", "day"),
)  # fmt: skip

day_row = Table(
    "day_row", metadata,
    Column("member", String(18), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("agent", String(96), primary_key=True),
    Column("model", String(96), primary_key=True),
    Column("tier", String(8), primary_key=True),
    Column("team", String(18), nullable=False),
    *(_number(name) for name in MEASURES),
    Index("day_row_team", "team", "day"),
)  # fmt: skip

member_day = Table(
    "member_day", metadata,
    Column("member", String(18), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("team", String(18), nullable=False),
    Column("shares_outcomes", Boolean, nullable=False),
    *(_number(name) for name in SUMS),
    # 1 if every device sent the day within two days of its end, else 0.
    _number("live"),
    Index("member_day_team", "team", "day"),
)  # fmt: skip

sketch = Table(
    "sketch", metadata,
    Column("device", String(18), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("agent", String(96), primary_key=True),
    Column("team", String(18), nullable=False),
    Column("member", String(18), nullable=False),
    Column("hashes", Text, nullable=False),
    Index("sketch_team", "team", "day", "agent"),
)  # fmt: skip

flag = Table(
    "flag", metadata,
    Column("member", String(18), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("rule", String(16), primary_key=True),
    Column("team", String(18), nullable=False),
    Column("detail", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)  # fmt: skip

session = Table(
    "session", metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("member", String(18), nullable=False, index=True),
    Column("device", String(18), nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False),
)  # fmt: skip

used_signature = Table(
    "used_signature", metadata,
    Column("hash", String(64), primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("team", String(18), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("action", String(32), nullable=False),
    Column("member", String(18)),
    Column("detail", Text, nullable=False, server_default=""),
)  # fmt: skip
