"""an index of the few deliveries a process holds, for taking over from one that died"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
HELD = sa.text("lease_until IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_delivery_lease_until", "delivery", ["lease_until"], sqlite_where=HELD, postgresql_where=HELD)


def downgrade() -> None:
    op.drop_index("ix_delivery_lease_until", "delivery")
