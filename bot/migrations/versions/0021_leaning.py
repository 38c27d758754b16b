"""what of an audience leans on a consent, apart from a list of people that may be long: every send looks at it"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("broadcast", sa.Column("leaning", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("broadcast", "leaning")
