"""a family's number in a table of its own, to be sealed at the next start; who agrees that the HR department goes on"""

import sqlalchemy as sa
from alembic import op

from knowledge.db import Moment

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "family",
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(length=80), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["school_record.id"], name=op.f("fk_family_record_id_school_record"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_family")),
    )
    clear = "convert_to(family_phone, 'UTF8')" if op.get_bind().dialect.name == "postgresql" else "CAST(family_phone AS BLOB)"
    op.execute(
        f"INSERT INTO family (record_id, sealed, \"by\", at) SELECT id, {clear}, source, updated_at FROM school_record WHERE family_phone <> ''"
    )
    op.drop_column("school_record", "family_phone")
    op.add_column("school_record", sa.Column("handover", sa.String(length=4), nullable=False, server_default=""))
