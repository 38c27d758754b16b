"""teachers on duty in a chat, and the codes with which they begin"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0016"
down_revision = "0015"


def staff() -> sa.Column:
    return sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "duty_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        staff(),
        sa.Column("expires_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_code_staff_id_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_duty_code")),
    )
    op.create_index(op.f("ix_duty_code_staff_id"), "duty_code", ["staff_id"])
    op.create_table(
        "duty_chat",
        sa.Column("conversation", sa.String(length=220), nullable=False),
        staff(),
        sa.Column("since", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversation.key"], name=op.f("fk_duty_chat_conversation_conversation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_duty_chat_staff_id_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_duty_chat")),
    )
    op.create_index(op.f("ix_duty_chat_staff_id"), "duty_chat", ["staff_id"])


def downgrade() -> None:
    for table in ("duty_chat", "duty_code"):
        op.drop_table(table)
