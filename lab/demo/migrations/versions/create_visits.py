"""The counter of visits, at zero."""  # noqa: INP001

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table, which has exactly one row."""
    visits = op.create_table(
        "visits",
        sa.Column("one", sa.Boolean, sa.CheckConstraint("one"), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(visits, [{"one": True, "number": 0}])


def downgrade() -> None:
    """Forget every visit."""
    op.drop_table("visits")
