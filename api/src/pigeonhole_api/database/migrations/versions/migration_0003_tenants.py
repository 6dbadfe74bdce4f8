"""Every row belongs to a tenant, and machines have keys; what was there before is the home tenant's."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_HOME = "default"
_TABLES = (
    "jobs",
    "documents",
    "predictions",
    "reviews",
    "examples",
    "dataset_versions",
    "trainings",
    "audit_events",
)
_LIVE = sa.text("deleted_at IS NULL")
_FORMER_INDEXES = {
    "ix_jobs_state_id": ("jobs", ["state", "id"]),
    "ix_documents_sha256": ("documents", ["sha256"]),
    "ix_examples_class_name_id": ("examples", ["class_name", "id"]),
}
_INDEXES = {
    "ix_jobs_tenant_id": ("jobs", ["tenant", "id"]),
    "ix_jobs_tenant_state_id": ("jobs", ["tenant", "state", "id"]),
    "ix_documents_tenant_state_vt": ("documents", ["tenant", "state", "vt"]),
    "ix_documents_sha256_tenant": ("documents", ["sha256", "tenant"]),
    "ix_examples_tenant_class_name_id": ("examples", ["tenant", "class_name", "id"]),
    "ix_audit_events_tenant_id": ("audit_events", ["tenant", "id"]),
}


def upgrade() -> None:
    """Add the tenant, let references and examples be unique within it, and make the table of keys."""
    _drop_indexes(_FORMER_INDEXES)
    op.drop_index("uq_examples_live_sha256", "examples")
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("tenant", sa.String(64), nullable=False, server_default=_HOME))
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            # A row that is added without a tenant is a fault, and must not fall to the home tenant.
            table.alter_column("tenant", existing_type=sa.String(64), existing_nullable=False, server_default=None)
            if name == "jobs":
                table.drop_constraint(op.f("uq_jobs_reference"), type_="unique")
                table.create_unique_constraint(op.f("uq_jobs_tenant_reference"), ["tenant", "reference"])
    _create_indexes(_INDEXES)
    _create_live_index(["tenant", "sha256"])
    _create_api_keys()


def downgrade() -> None:
    """Forget the tenants; a reference that several of them use gets the job's id, and of twin examples one stays."""
    op.drop_table("api_keys")
    _drop_indexes(_INDEXES)
    op.drop_index("uq_examples_live_sha256", "examples")
    _number_references()
    op.execute(
        "UPDATE examples SET deleted_at = added_at WHERE deleted_at IS NULL AND id NOT IN "
        "(SELECT min(id) FROM examples WHERE deleted_at IS NULL GROUP BY sha256)"
    )
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            if name == "jobs":
                table.drop_constraint(op.f("uq_jobs_tenant_reference"), type_="unique")
                table.create_unique_constraint(op.f("uq_jobs_reference"), ["reference"])
            table.drop_column("tenant")
    _create_indexes(_FORMER_INDEXES)
    _create_live_index(["sha256"])


def _number_references() -> None:
    """Make references unique without their tenants, as no job may be lost."""
    op.execute(
        "UPDATE jobs SET reference = substr(reference, 1, 150) || ' ' || id WHERE id NOT IN "
        "(SELECT min(id) FROM jobs GROUP BY reference)"
    )


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_tenant_created_at_id"), "api_keys", ["tenant", "created_at", "id"])


def _create_live_index(columns: list[str]) -> None:
    op.create_index(
        "uq_examples_live_sha256", "examples", columns, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    )


def _create_indexes(indexes: dict[str, tuple[str, list[str]]]) -> None:
    for name, (table, columns) in indexes.items():
        op.create_index(op.f(name), table, columns)


def _drop_indexes(indexes: dict[str, tuple[str, list[str]]]) -> None:
    for name, (table, _columns) in indexes.items():
        op.drop_index(op.f(name), table)
