"""Marts, empty until dbt fills them; they are there from the start, so that they can be tracked."""

from collections.abc import Sequence

from alembic import op

revision: str = "0010_marts"
down_revision: str | None = "0009_gallery"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    op.execute("create schema marts")
    op.execute("""
        create table marts.appointments_per_specialism_week
            (week date, specialism text, appointments bigint, minutes bigint)
    """)
    op.execute("""
        create table marts.events_per_venue
            (venue text, events bigint, first_date date, last_date date)
    """)


def downgrade() -> None:
    """Back to the revision before."""
    op.execute("drop table marts.events_per_venue")
    op.execute("drop table marts.appointments_per_specialism_week")
    op.execute("drop schema marts")
