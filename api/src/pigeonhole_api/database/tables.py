"""The platform's tables; times are seconds since 1970 by the database's clock."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

LONGEST_LANGUAGE, LONGEST_ENGINE = 16, 100
"""Characters that are kept of how a document was read."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("reference", String(200), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("cancelled_at", Double),
    Column("model_version", String(64)),
    Column("deleted_at", Double),
    Column("deleted_by", String(100)),
    UniqueConstraint("tenant", "reference"),
    Index(None, "finished_at"),
    Index(None, "tenant", "id"),
    Index(None, "tenant", "state", "id"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", String(255), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64)),
    Column("media_type", String(64)),
    Column("pages", Integer),
    Column("stored", Boolean, nullable=False),
    Column("duplicate_of", String(48)),
    Column("state", String(20), nullable=False),
    Column("vt", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64)),
    Column("lease_until", Double),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("error_reason", String(40)),
    Column("error_detail", Text),
    Column("review_id", String(48)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("job_id", "position"),
    CheckConstraint(
        "state IN ('waiting_upload', 'queued', 'leased', 'classified', 'needs_review', 'failed', 'cancelled')",
        name="state_known",
    ),
    CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="lease_has_end"),
    Index(None, "state", "vt", "id"),
    Index(None, "tenant", "state", "vt"),
    Index(None, "job_id", "state"),
    Index(None, "job_id", "name"),
    Index(None, "sha256", "tenant"),
    Index(None, "review_id"),
)

predictions = Table(
    "predictions",
    metadata,
    # The key is the document alone: a second result for one document cannot be.
    Column("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("class_name", String(64)),
    Column("confidence", Double),
    Column("model_version", String(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    # What the figures of a model count by; an answer is long, and is not to be searched for them.
    Column("uncertain", Boolean, nullable=False, server_default=false()),
    Column("language", String(LONGEST_LANGUAGE)),
    Column("engine", String(LONGEST_ENGINE)),
    Column("ocr_confidence", Double),
    Index(None, "model_version", "created_at"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("document_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("decision", String(20), nullable=False),
    Column("class_name", String(64), nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", Double, nullable=False),
    Column("blind", Boolean, nullable=False, server_default=false()),
    Column("seconds_spent", Double),
    Column("note", Text),
    Index(None, "at"),
)

audit_sample = Table(
    "audit_sample",
    metadata,
    # Documents that were drawn for a blind audit; the decision is None until someone has made it.
    Column("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("review_id", ForeignKey("reviews.id")),
    Index(None, "tenant", "review_id", "document_id"),
    Index(None, "review_id"),
)

_IS_LIVE = text("deleted_at IS NULL")

examples = Table(
    "examples",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("class_name", String(64), nullable=False),
    Column("source", String(20), nullable=False),
    Column("split_group", String(200)),
    Column("document_id", String(48)),
    Column("added_by", String(100), nullable=False),
    Column("added_at", Double, nullable=False),
    Column("deleted_by", String(100)),
    Column("deleted_at", Double),
    Index("uq_examples_live_sha256", "tenant", "sha256", unique=True, sqlite_where=_IS_LIVE, postgresql_where=_IS_LIVE),
    Index(None, "sha256"),
    Index(None, "tenant", "class_name", "id"),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("serial", Integer, nullable=False, unique=True),
    Column("parent", String(64)),
    Column("classes", JSON, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("created_at", Double, nullable=False),
)

trainings = Table(
    "trainings",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("dataset_version", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("stage", String(40)),
    Column("stage_done", Integer),
    Column("stage_total", Integer),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(64)),
    Column("lease_until", Double),
    Column("created_by", String(100), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Column("result", JSON(none_as_null=True)),
    Column("error", Text),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease_has_end"),
    # One training at a time: the database allows no second running row.
    Index(
        "uq_trainings_running",
        "state",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(40), nullable=False),
    Column("resource", String(200), nullable=False),
    Column("request_id", String(128)),
    Column("details", JSON, nullable=False),
    Index(None, "tenant", "id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("secret_sha256", String(64), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("last_used_at", Double),
    Column("revoked_at", Double),
    Index(None, "tenant", "created_at", "id"),
)

content_removals = Table(
    "content_removals",
    metadata,
    # A content is shared by all who have uploaded it, so it is of no tenant.
    Column("sha256", String(64), primary_key=True),
    Column("due_at", Double, nullable=False, index=True),
)

quality_figures = Table(
    "quality_figures",
    metadata,
    # Of all tenants together, so of no tenant.
    Column("model_version", String(64), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", Double),
    Column("n", Integer, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("reference_n", Integer),
    Column("chance", Double),
    Column("reason", String(40)),
    Column("days", Double, nullable=False),
    Column("reference_days", Double),
    Column("computed_at", Double, nullable=False),
)

periodic_work = Table(
    "periodic_work",
    metadata,
    # Work that one process does for all: whoever takes it moves the time at which it is due again.
    Column("name", String(40), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("due_at", Double, nullable=False),
    Column("succeeded_at", Double),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    # Of the key that its deliveries are to be signed with, which is kept nowhere.
    Column("key_sha256", String(64), nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("deleted_at", Double),
    Index(None, "tenant", "id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("webhook_id", ForeignKey("webhooks.id"), nullable=False),
    Column("event", String(40), nullable=False),
    Column("resource", String(48), nullable=False),
    Column("payload", JSON(none_as_null=True)),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("due_at", Double, nullable=False),
    Column("owner", String(64)),
    Column("lease_until", Double),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double, index=True),
    Column("status", Integer),
    Column("reason", String(40)),
    CheckConstraint("state IN ('queued', 'leased', 'delivered', 'failed', 'cancelled')", name="state_known"),
    CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="lease_has_end"),
    Index(None, "state", "due_at", "id"),
    Index(None, "webhook_id", "id"),
)
