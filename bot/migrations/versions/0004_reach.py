"""reminders people ask for, broadcasts, and which broadcast a delivery belongs to"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reminder",
        sa.Column("id", number, nullable=False),
        sa.Column("conversation", sa.String(length=220), nullable=False),
        sa.Column("about", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("due_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.key"], name=op.f("fk_reminder_conversation_conversation"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("conversation", "about", name=op.f("uq_reminder_conversation")),
    )
    op.create_index(op.f("ix_reminder_due_at"), "reminder", ["due_at"])
    op.create_table(
        "broadcast",
        sa.Column("id", number, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("approver", sa.String(length=64), nullable=True),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.Column("approved_at", Moment(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
        sqlite_autoincrement=True,
    )
    op.add_column("delivery", sa.Column("broadcast_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_delivery_broadcast_id"), "delivery", ["broadcast_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_delivery_broadcast_id"), "delivery")
    op.drop_column("delivery", "broadcast_id")
    op.drop_table("broadcast")
    op.drop_table("reminder")
