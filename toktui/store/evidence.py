"""Later changes to how evidence is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from toktui.model import FLAG_SUM

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS: Final = (
    "drop index sighting_source",
    "create index sighting_source on sighting (source, parser)",
    f"update call set flags = flags | {FLAG_SUM} where key >= 'ledger:' and key < 'ledger;'",
)


def m010_evidence(db: Database) -> None:
    """What an older parser saw of a log is found without a look at all that the log says; what
    only a ledger knows is a sum, which no band of prices is decided by."""
    for statement in _STATEMENTS:
        db.conn.execute(statement)
