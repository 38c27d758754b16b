"""broadcasts that may be mass-sent, the groups they are sent to, and what the platform reports of them"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0017"
down_revision = "0016"


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("broadcast", sa.Column("mass", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "mass_send",
        sa.Column("id", number(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=220), nullable=False),
        sa.Column("broadcast_id", number(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("began_at", Moment(timezone=True), nullable=False),
        sa.Column("next_at", Moment(timezone=True), nullable=False),
        sa.Column("remote_id", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcast.id"], name=op.f("fk_mass_send_broadcast_id_broadcast"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_send")),
        sa.UniqueConstraint("client_id", name=op.f("uq_mass_send_client_id")),
    )
    for column in ("broadcast_id", "status", "remote_id"):
        op.create_index(op.f(f"ix_mass_send_{column}"), "mass_send", [column])
    op.create_table(
        "mass_report",
        sa.Column("account", sa.String(length=220), nullable=False),
        sa.Column("remote_id", sa.String(length=128), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=80), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("total", "filtered", "sent", "errors")),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "remote_id", name=op.f("pk_mass_report")),
    )


def downgrade() -> None:
    for table in ("mass_report", "mass_send"):
        op.drop_table(table)
    op.drop_column("broadcast", "mass")
