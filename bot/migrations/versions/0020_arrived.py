"""what arrived, by when: services that were given are looked for among it"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    here = sa.text("status = 'sent'")
    op.create_index("ix_delivery_sent", "delivery", ["finished_at"], sqlite_where=here, postgresql_where=here)


def downgrade() -> None:
    op.drop_index("ix_delivery_sent", "delivery")
