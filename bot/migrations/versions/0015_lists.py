"""lists on their way in: kept sealed between their reading and their being taken"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "kept_list",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_kept_list_staff_id_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_list")),
    )
    op.create_index(op.f("ix_kept_list_staff_id"), "kept_list", ["staff_id"])
    op.create_index(op.f("ix_kept_list_at"), "kept_list", ["at"])
