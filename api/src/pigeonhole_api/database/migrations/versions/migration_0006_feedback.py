"""What is known of a decision, the audit sample, and the figures of the models."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NEW_COLUMNS = {
    "reviews": ("blind", "seconds_spent", "note"),
    "predictions": ("uncertain", "language", "engine", "ocr_confidence"),
}


def upgrade() -> None:
    """Add columns and tables; answers that are there already get their features from their JSON."""
    with op.batch_alter_table("reviews") as table:
        table.add_column(sa.Column("blind", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("seconds_spent", sa.Double(), nullable=True))
        table.add_column(sa.Column("note", sa.Text(), nullable=True))
    with op.batch_alter_table("predictions") as table:
        table.add_column(sa.Column("uncertain", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("language", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("engine", sa.String(length=100), nullable=True))
        table.add_column(sa.Column("ocr_confidence", sa.Double(), nullable=True))
    _fill_features()
    op.create_index(op.f("ix_reviews_at"), "reviews", ["at"])
    op.create_index(op.f("ix_predictions_model_version_created_at"), "predictions", ["model_version", "created_at"])
    _create_audit_sample()
    _create_quality_figures()
    op.create_table(
        "periodic_work",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("succeeded_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_periodic_work")),
    )


def downgrade() -> None:
    """Forget all of it; a decision that was blind stays as any other."""
    op.drop_table("periodic_work")
    op.drop_table("quality_figures")
    op.drop_table("audit_sample")
    op.drop_index(op.f("ix_predictions_model_version_created_at"), "predictions")
    op.drop_index(op.f("ix_reviews_at"), "reviews")
    for name, columns in _NEW_COLUMNS.items():
        with op.batch_alter_table(name) as table:
            for column in reversed(columns):
                table.drop_column(column)


def _fill_features() -> None:
    answer: Any = sa.column("answer", sa.JSON())
    predictions = sa.table(
        "predictions",
        *(sa.column("answer", sa.JSON()), sa.column("confidence", sa.Double()), sa.column("uncertain", sa.Boolean())),
        *(sa.column("language", sa.String()), sa.column("engine", sa.String())),
        sa.column("ocr_confidence", sa.Double()),
    )
    abstained = sa.func.coalesce(answer["abstained"].as_boolean(), sa.false())
    op.execute(
        predictions.update().values(
            uncertain=sa.or_(predictions.c.confidence.is_(None), abstained),
            language=sa.func.substr(answer[("ocr", "language")].as_string(), 1, 16),
            engine=sa.func.substr(answer[("ocr", "engine")].as_string(), 1, 100),
            ocr_confidence=answer[("ocr", "confidence")].as_float(),
        )
    )


def _create_audit_sample() -> None:
    op.create_table(
        "audit_sample",
        sa.Column("document_id", sa.String(length=48), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("review_id", sa.String(length=48), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_audit_sample_document_id")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_audit_sample_review_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_audit_sample")),
    )
    op.create_index(
        op.f("ix_audit_sample_tenant_review_id_document_id"), "audit_sample", ["tenant", "review_id", "document_id"]
    )
    op.create_index(op.f("ix_audit_sample_review_id"), "audit_sample", ["review_id"])


def _create_quality_figures() -> None:
    op.create_table(
        "quality_figures",
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("reference_n", sa.Integer(), nullable=True),
        sa.Column("chance", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("days", sa.Double(), nullable=False),
        sa.Column("reference_days", sa.Double(), nullable=True),
        sa.Column("computed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model_version", "name", name=op.f("pk_quality_figures")),
    )
