"""what staff note of a person on their record"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "record_note",
        sa.Column("id", number, nullable=False),
        sa.Column("record_id", number, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["school_record.id"], name=op.f("fk_record_note_record_id_school_record"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_note")),
    )
    op.create_index(op.f("ix_record_note_record_id"), "record_note", ["record_id"])


def downgrade() -> None:
    op.drop_table("record_note")
