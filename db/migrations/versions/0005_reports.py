"""Drafts of reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005_reports"
down_revision: str | None = "0004_clinic"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    op.execute("create schema reports")
    op.create_table(
        "drafts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "length(findings) between 1 and 20000", name=op.f("drafts_findings_check")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["identity.users.id"],
            name=op.f("drafts_owner_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("drafts_pkey")),
        schema="reports",
    )
    op.create_index(
        "drafts_owner_id_created_at_idx", "drafts", ["owner_id", "created_at"], schema="reports"
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("drafts", schema="reports")
    op.execute("drop schema reports")
