"""kinds and times of broadcasts; whom each was approved for, a row each in place of a list"""

import json

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "broadcast_target",
        sa.Column("broadcast_id", number, nullable=False),
        sa.Column("conversation", sa.String(length=220), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_target_broadcast_id_broadcast"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.key"], name=op.f("fk_broadcast_target_conversation_conversation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "conversation", name=op.f("pk_broadcast_target")),
    )
    op.create_index(op.f("ix_broadcast_target_conversation"), "broadcast_target", ["conversation"])
    op.add_column("broadcast", sa.Column("kind", sa.String(length=10), nullable=False, server_default=""))
    op.add_column("broadcast", sa.Column("fields", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("broadcast", sa.Column("cursor", sa.String(length=220), nullable=False, server_default=""))
    op.add_column("broadcast", sa.Column("at", Moment(timezone=True), nullable=True))
    op.add_column("broadcast", sa.Column("paused_at", Moment(timezone=True), nullable=True))
    move(op.get_bind())
    op.drop_column("broadcast", "targets")
    op.drop_column("broadcast", "planned")


def move(connection: sa.Connection) -> None:
    """Those who wait to be planned. The cursor starts anew, so only they become rows."""
    rows = connection.execute(sa.text("SELECT id, targets, planned FROM broadcast WHERE status = 'approved'")).all()
    known = sa.text(
        "INSERT INTO broadcast_target (broadcast_id, conversation, held) SELECT :id, key, :held FROM conversation WHERE key = :key"
    )
    for number, targets, planned in rows:
        keys = json.loads(targets) if isinstance(targets, str) else targets
        for key in keys[planned:]:
            connection.execute(known, {"id": number, "key": key, "held": False})


def downgrade() -> None:
    op.add_column("broadcast", sa.Column("targets", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("broadcast", sa.Column("planned", sa.Integer(), nullable=False, server_default="0"))
    for name in ("kind", "fields", "cursor", "at", "paused_at"):
        op.drop_column("broadcast", name)
    op.drop_table("broadcast_target")
