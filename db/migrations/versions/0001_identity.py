"""Who can sign in: users, passwords, refresh tokens, API keys, attempts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001_identity"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("users", "passwords", "refresh_tokens", "api_keys", "attempts")


def upgrade() -> None:
    """Towards head."""
    op.execute("create schema identity")
    _create_users()
    _create_passwords()
    _create_refresh_tokens()
    _create_api_keys()
    _create_attempts()


def downgrade() -> None:
    """Back to the revision before."""
    for table in reversed(TABLES):
        op.drop_table(table, schema="identity")
    op.execute("drop schema identity")


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("default_role", sa.Text(), server_default="user", nullable=False),
        sa.Column(
            "allowed_roles",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{user}'::text[]"),
            nullable=False,
        ),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "username ~ '^[A-Za-z0-9_.-]{3,64}$'", name=op.f("users_username_check")
        ),
        sa.CheckConstraint(
            "default_role = any (allowed_roles)", name=op.f("users_default_role_check")
        ),
        sa.CheckConstraint("length(email) <= 254", name=op.f("users_email_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        schema="identity",
    )
    op.create_index(
        "users_username_key",
        "users",
        [sa.literal_column("lower(username)")],
        unique=True,
        schema="identity",
    )


def _create_passwords() -> None:
    op.create_table(
        "passwords",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("passwords_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("passwords_pkey")),
        schema="identity",
    )


def _create_refresh_tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("refresh_tokens_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("refresh_tokens_pkey")),
        sa.UniqueConstraint("family_id", "generation", name=op.f("refresh_tokens_family_id_key")),
        sa.UniqueConstraint("token_hash", name=op.f("refresh_tokens_token_hash_key")),
        schema="identity",
    )
    op.create_index(
        "refresh_tokens_expires_at_idx", "refresh_tokens", ["expires_at"], schema="identity"
    )
    op.create_index("refresh_tokens_user_id_idx", "refresh_tokens", ["user_id"], schema="identity")


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("api_keys_name_check")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("api_keys_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_pkey")),
        sa.UniqueConstraint("key_hash", name=op.f("api_keys_key_hash_key")),
        schema="identity",
    )
    op.create_index("api_keys_user_id_idx", "api_keys", ["user_id"], schema="identity")


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("failed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("attempts_pkey")),
        schema="identity",
    )
    op.create_index("attempts_started_at_idx", "attempts", ["started_at"], schema="identity")
    op.create_index(
        "attempts_subject_idx", "attempts", ["subject", "started_at"], schema="identity"
    )
