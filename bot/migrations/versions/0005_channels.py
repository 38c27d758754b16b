"""windows, paces and leases of channels, codes that join one person's channels, how far a delivery has come"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("owner", sa.String(length=220), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=True),
        sa.Column("until", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_allowance")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "bind_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("graduate_id", sa.String(length=22), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("expires_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["graduate_id"], ["graduate.id"], name=op.f("fk_bind_code_graduate_id_graduate"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bind_code")),
    )
    op.create_index(op.f("ix_bind_code_graduate_id"), "bind_code", ["graduate_id"])
    op.add_column("delivery", sa.Column("piece", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("mailbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("secret") as batch_op:
        batch_op.alter_column("value", existing_type=sa.String(length=120), type_=sa.String(length=1200))


def downgrade() -> None:
    with op.batch_alter_table("secret") as batch_op:
        batch_op.alter_column("value", existing_type=sa.String(length=1200), type_=sa.String(length=120))
    op.drop_column("delivery", "mailbox")
    op.drop_column("delivery", "piece")
    op.drop_table("bind_code")
    op.drop_table("lease")
    op.drop_table("allowance")
