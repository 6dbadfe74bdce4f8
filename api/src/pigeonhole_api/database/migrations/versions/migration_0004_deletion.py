"""Jobs that are deleted, and contents that are to be removed from the storage."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a job be a tombstone, and list the contents to remove."""
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("deleted_at", sa.Double(), nullable=True))
        table.add_column(sa.Column("deleted_by", sa.String(length=100), nullable=True))
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"])
    op.create_table(
        "content_removals",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_content_removals")),
    )
    op.create_index(op.f("ix_content_removals_due_at"), "content_removals", ["due_at"])


def downgrade() -> None:
    """Forget the tombstones; what they stood for is gone already, and contents to remove stay in the storage."""
    op.drop_table("content_removals")
    op.drop_index(op.f("ix_jobs_finished_at"), "jobs")
    op.execute("DELETE FROM jobs WHERE deleted_at IS NOT NULL")
    with op.batch_alter_table("jobs") as table:
        table.drop_column("deleted_by")
        table.drop_column("deleted_at")
