"""questions nobody could answer, and what staff did with revisions"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "policy_change",
        sa.Column("id", number, nullable=False),
        sa.Column("revision_id", number, nullable=False),
        sa.Column("before_id", number, nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["policy_revision.id"], name=op.f("fk_policy_change_revision_id_policy_revision")),
        sa.ForeignKeyConstraint(["before_id"], ["policy_revision.id"], name=op.f("fk_policy_change_before_id_policy_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_change")),
    )
    op.create_index(op.f("ix_policy_change_revision_id"), "policy_change", ["revision_id"])
    op.create_table(
        "open_question",
        sa.Column("id", number, nullable=False),
        sa.Column("graduate_id", sa.String(length=22), nullable=False),
        sa.Column("conversation", sa.String(length=220), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("asked_at", Moment(timezone=True), nullable=False),
        sa.Column("wants_reply", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("revision_id", number, nullable=True),
        sa.ForeignKeyConstraint(["graduate_id"], ["graduate.id"], name=op.f("fk_open_question_graduate_id_graduate"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["revision_id"], ["policy_revision.id"], name=op.f("fk_open_question_revision_id_policy_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_question")),
        sqlite_autoincrement=True,
    )
    for name in ("graduate_id", "revision_id", "status"):
        op.create_index(op.f(f"ix_open_question_{name}"), "open_question", [name])


def downgrade() -> None:
    op.drop_table("open_question")
    op.drop_table("policy_change")
