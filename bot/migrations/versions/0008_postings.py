"""postings, saved header mappings, feeds, wishes, what was shown, feedback"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("modified", sa.String(length=64), nullable=False),
        sa.Column("next_at", Moment(timezone=True), nullable=False),
        sa.Column("tried_at", Moment(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=300), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed")),
    )
    op.create_table(
        "header_mapping",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("saved_at", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_header_mapping")),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("card", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("pay_unit", sa.String(length=5), nullable=True),
        sa.Column("pay_low", sa.Double(), nullable=True),
        sa.Column("pay_high", sa.Double(), nullable=True),
        sa.Column("pay_months", sa.Integer(), nullable=True),
        sa.Column("degree", sa.Integer(), nullable=True),
        sa.Column("full_time_degree", sa.Boolean(), nullable=False),
        sa.Column("years_low", sa.Double(), nullable=True),
        sa.Column("years_high", sa.Double(), nullable=True),
        sa.Column("cohorts", sa.JSON(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("posted", sa.Date(), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("reviewed_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.Column("updated_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card"], ["posting.id"], name=op.f("fk_posting_card_posting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("source", "ref", name=op.f("uq_posting_source")),
    )
    op.create_index(op.f("ix_posting_card"), "posting", ["card"], unique=False)
    op.create_index(op.f("ix_posting_updated_at"), "posting", ["updated_at"], unique=False)
    op.create_index("ix_posting_status", "posting", ["status", "id"], unique=False)
    op.create_table(
        "posting_feedback",
        sa.Column("graduate_id", sa.String(length=22), nullable=False),
        sa.Column("posting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.Column("due_at", Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["graduate_id"], ["graduate.id"], name=op.f("fk_posting_feedback_graduate_id_graduate"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_posting_feedback_posting_id_posting"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("graduate_id", "posting_id", "action", name=op.f("pk_posting_feedback")),
    )
    op.create_index(op.f("ix_posting_feedback_due_at"), "posting_feedback", ["due_at"], unique=False)
    op.create_table(
        "posting_shown",
        sa.Column("graduate_id", sa.String(length=22), nullable=False),
        sa.Column("posting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery", sa.String(length=300), nullable=True),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["graduate_id"], ["graduate.id"], name=op.f("fk_posting_shown_graduate_id_graduate"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_posting_shown_posting_id_posting"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("graduate_id", "posting_id", name=op.f("pk_posting_shown")),
    )
    op.create_index(op.f("ix_posting_shown_delivery"), "posting_shown", ["delivery"], unique=False)
    op.create_table(
        "wish",
        sa.Column("graduate_id", sa.String(length=22), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("rhythm", sa.String(length=10), nullable=False),
        sa.Column("next_at", Moment(timezone=True), nullable=True),
        sa.Column("changed_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["graduate_id"], ["graduate.id"], name=op.f("fk_wish_graduate_id_graduate"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("graduate_id", name=op.f("pk_wish")),
    )
    op.create_index(op.f("ix_wish_next_at"), "wish", ["next_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_wish_next_at"), table_name="wish")
    op.drop_table("wish")
    op.drop_index(op.f("ix_posting_shown_delivery"), table_name="posting_shown")
    op.drop_table("posting_shown")
    op.drop_index(op.f("ix_posting_feedback_due_at"), table_name="posting_feedback")
    op.drop_table("posting_feedback")
    op.drop_index("ix_posting_status", table_name="posting")
    op.drop_index(op.f("ix_posting_updated_at"), table_name="posting")
    op.drop_index(op.f("ix_posting_card"), table_name="posting")
    op.drop_table("posting")
    op.drop_table("header_mapping")
    op.drop_table("feed")
