"""frauds that staff confirmed, and the hashed marks by which they are known again"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0019"
down_revision = "0018"


def number() -> sa.BigInteger:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "proven_fraud",
        sa.Column("id", number(), nullable=False),
        sa.Column("kinds", sa.String(length=120), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", Moment(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=64)),
        sa.Column("withdrawn_at", Moment(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proven_fraud")),
    )
    op.create_table(
        "fraud_mark",
        sa.Column("fraud_id", number(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["fraud_id"], ["proven_fraud.id"], name=op.f("fk_fraud_mark_fraud_id_proven_fraud"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fraud_id", "digest", name=op.f("pk_fraud_mark")),
    )
    op.create_index(op.f("ix_fraud_mark_digest"), "fraud_mark", ["digest"])


def downgrade() -> None:
    for table in ("fraud_mark", "proven_fraud"):
        op.drop_table(table)
