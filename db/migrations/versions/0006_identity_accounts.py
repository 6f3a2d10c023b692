"""Claims of users, and an audit log of sign-ins and changes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0006_identity_accounts"
down_revision: str | None = "0005_reports"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLAIMS_ARE_GOOD = """
jsonb_typeof(claims) = 'object' and not jsonb_path_exists(claims, '$.keyvalue() ? (
  !(@.key like_regex "^x-hasura-[a-z0-9-]{1,100}$")
  || @.key like_regex "^x-hasura-(allowed-roles|default-role|role|user-id)$"
  || @.value.type() != "string")')
"""


def upgrade() -> None:
    """Towards head."""
    claims = sa.Column("claims", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("users", claims, schema="identity")
    op.create_check_constraint(
        op.f("users_claims_check"), "users", sa.text(CLAIMS_ARE_GOOD), schema="identity"
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("address_hash", sa.Text(), nullable=False),
        sa.CheckConstraint("length(event) between 1 and 100", name=op.f("audit_log_event_check")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("audit_log_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_log_pkey")),
        schema="identity",
    )
    op.create_index("audit_log_user_id_idx", "audit_log", ["user_id", "at"], schema="identity")
    op.create_index("audit_log_at_idx", "audit_log", ["at"], schema="identity")


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("audit_log", schema="identity")
    op.drop_constraint("users_claims_check", "users", schema="identity")
    op.drop_column("users", "claims", schema="identity")
