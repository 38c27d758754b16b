"""who wants to come to the event of a broadcast; when a message is of no use any more"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("expires_at", Moment(timezone=True), nullable=True))
    op.create_table(
        "event_coming",
        sa.Column("broadcast_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation", sa.String(length=220), nullable=False),
        sa.Column("said_at", Moment(timezone=True), nullable=False),
        sa.Column("next_at", Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name=op.f("fk_event_coming_broadcast_id_broadcast"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.key"], name=op.f("fk_event_coming_conversation_conversation"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "conversation", name=op.f("pk_event_coming")),
    )
    op.create_index(op.f("ix_event_coming_conversation"), "event_coming", ["conversation"])
    op.create_index(op.f("ix_event_coming_next_at"), "event_coming", ["next_at"])
