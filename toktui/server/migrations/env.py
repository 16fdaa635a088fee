"""What Alembic runs: the steps, on the connection that it was given."""

from __future__ import annotations

from alembic import context

from toktui.server.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
