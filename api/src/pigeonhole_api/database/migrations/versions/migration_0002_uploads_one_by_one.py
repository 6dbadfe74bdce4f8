"""Documents that are declared first and uploaded one by one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FORMER = "state IN ('queued', 'leased', 'classified', 'needs_review', 'failed', 'cancelled')"
_STATES = "state IN ('waiting_upload', 'queued', 'leased', 'classified', 'needs_review', 'failed', 'cancelled')"
_INDEX = "ix_documents_job_id_name"


def upgrade() -> None:
    """Let a document wait for its content, which has no hash yet, and be found by its name."""
    _change(_STATES, hash_may_miss=True)
    op.create_index(op.f(_INDEX), "documents", ["job_id", "name"])


def downgrade() -> None:
    """Give up what was never uploaded, since there is no state for it."""
    op.drop_index(op.f(_INDEX), "documents")
    op.execute("DELETE FROM documents WHERE state = 'waiting_upload' OR sha256 IS NULL")
    _change(_FORMER, hash_may_miss=False)


def _change(states: str, *, hash_may_miss: bool) -> None:
    rule = op.f("ck_documents_state_known")
    with op.batch_alter_table("documents") as table:
        table.drop_constraint(rule, type_="check")
        table.create_check_constraint(rule, sa.text(states))
        table.alter_column("sha256", existing_type=sa.String(64), nullable=hash_may_miss)
