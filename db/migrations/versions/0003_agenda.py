"""Events of an agenda."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003_agenda"
down_revision: str | None = "0002_shelter"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    op.execute("create schema agenda")
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("time", sa.Time(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("length(venue) between 1 and 200", name=op.f("events_venue_check")),
        sa.CheckConstraint("length(address) between 1 and 500", name=op.f("events_address_check")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["identity.users.id"],
            name=op.f("events_owner_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("events_pkey")),
        schema="agenda",
    )
    op.create_index("events_owner_id_date_idx", "events", ["owner_id", "date"], schema="agenda")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("events", schema="agenda")
    op.execute("drop schema agenda")
