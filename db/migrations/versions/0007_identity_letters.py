"""E-mail addresses that were verified, and tokens in letters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007_identity_letters"
down_revision: str | None = "0006_identity_accounts"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Towards head."""
    verified = sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("users", verified, schema="identity")
    op.create_index(
        "users_verified_email_key",
        "users",
        [sa.literal_column("lower(email)")],
        unique=True,
        schema="identity",
        postgresql_where=sa.text("email_verified_at is not null"),
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose in ('verify-email', 'reset-password')",
            name=op.f("one_time_tokens_purpose_check"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("one_time_tokens_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "purpose", name=op.f("one_time_tokens_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("one_time_tokens_token_hash_key")),
        schema="identity",
    )
    op.create_index(
        "one_time_tokens_expires_at_idx", "one_time_tokens", ["expires_at"], schema="identity"
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("one_time_tokens", schema="identity")
    op.drop_index("users_verified_email_key", "users", schema="identity")
    op.drop_column("users", "email_verified_at", schema="identity")
