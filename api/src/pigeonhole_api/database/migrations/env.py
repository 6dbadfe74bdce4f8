"""Alembic's environment: migrations run on the connection and in the transaction that the caller holds."""

from alembic import context

from pigeonhole_api.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
