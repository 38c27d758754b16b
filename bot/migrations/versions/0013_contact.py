"""keeping in touch: when a linked person is asked how it goes, what a call came to, a family's number where they agreed"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "check_in",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", Moment(timezone=True), nullable=False),
        sa.Column("asked_at", Moment(timezone=True), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("stopped_at", Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["school_record.id"], name=op.f("fk_check_in_record_id_school_record"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_check_in")),
    )
    op.create_index(op.f("ix_check_in_next_at"), "check_in", ["next_at"])
    op.add_column("follow_up", sa.Column("result", sa.String(length=10), nullable=False, server_default=""))
    op.add_column("school_record", sa.Column("family_phone", sa.String(length=20), nullable=False, server_default=""))
    op.execute(
        "INSERT INTO check_in (record_id, next_at, rounds) SELECT id, linked_at, 0 FROM school_record "
        "WHERE graduate_id IS NOT NULL AND linked_at IS NOT NULL"
    )
