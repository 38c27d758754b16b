"""what of a conversation is still to be said: a claim looks at it and not at all that was ever said there"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    here = sa.text("status IN ('ready', 'claimed', 'sending')")
    op.create_index("ix_delivery_open", "delivery", ["conversation", "id"], sqlite_where=here, postgresql_where=here)


def downgrade() -> None:
    op.drop_index("ix_delivery_open", "delivery")
