"""short links of broadcasts; a change of an event points at it"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def number(name: str, *, nullable: bool) -> sa.Column:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "short_link",
        sa.Column("mark", sa.String(length=12), nullable=False),
        number("broadcast_id", nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name=op.f("fk_short_link_broadcast_id_broadcast"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_short_link")),
    )
    op.add_column("broadcast", sa.Column("changes", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_short_link_broadcast_id"), "short_link", ["broadcast_id"])


def downgrade() -> None:
    op.drop_column("broadcast", "changes")
    op.drop_table("short_link")
