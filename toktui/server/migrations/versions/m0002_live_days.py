"""When a day was first received, which days are live, and whether a member's days have changed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger()
    with op.batch_alter_table("member") as table:
        table.add_column(sa.Column("changed", number, nullable=False, server_default="0"))
    with op.batch_alter_table("member_day") as table:
        table.add_column(sa.Column("live", number, nullable=False, server_default="0"))
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("first_ms", number, nullable=False, server_default="0"))
    # What is known of a document that is here already is when it came last.
    op.execute("update document set first_ms = received_ms")
