"""Signing in through an OpenID provider."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011_identity_providers"
down_revision: str | None = "0010_marts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    op.create_table(
        "provider_sign_ins",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("provider_sign_ins_pkey")),
        schema="identity",
    )
    op.create_index(
        "provider_sign_ins_expires_at_idx", "provider_sign_ins", ["expires_at"], schema="identity"
    )
    op.create_table(
        "linked_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("linked_identities_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("linked_identities_pkey")),
        schema="identity",
    )
    op.create_index(
        "linked_identities_user_id_idx", "linked_identities", ["user_id"], schema="identity"
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("linked_identities", schema="identity")
    op.drop_table("provider_sign_ins", schema="identity")
