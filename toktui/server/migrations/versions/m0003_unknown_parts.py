"""Of how many landed changes the cost is not known, and on which days logs could not be read"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LANDED = " + ".join(
    f"case when linked_{size} = 0 then landed_{size} else 0 end"
    for size in ("xs", "s", "m", "l", "xl")
)


def upgrade() -> None:
    with op.batch_alter_table("member_day") as table:
        for name in ("linked_unpriced", "partly_unread"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    # What was sent before had 0 where a cost was not known.
    op.execute(f"update member_day set linked_unpriced = {_LANDED}")
    op.execute("update member set changed = changed + 1")
