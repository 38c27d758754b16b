"""documents of the office and their passages"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "policy_document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("imported_at", Moment(timezone=True), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_document")),
    )
    with op.batch_alter_table("policy_document", schema=None) as batch_op:
        batch_op.create_index("ix_policy_document_status", ["status"], unique=False)
        batch_op.create_index("ix_policy_document_edition", ["edition"], unique=False)

    op.create_table(
        "policy_passage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("section", sa.String(length=300), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["policy_document.id"], name=op.f("fk_policy_passage_document_id_policy_document"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_passage")),
    )
    with op.batch_alter_table("policy_passage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_passage_document_id"), ["document_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("policy_passage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policy_passage_document_id"))

    op.drop_table("policy_passage")
    with op.batch_alter_table("policy_document", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_document_edition")
        batch_op.drop_index("ix_policy_document_status")

    op.drop_table("policy_document")
