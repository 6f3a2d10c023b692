"""Therapists, their specialisms, and appointments that do not overlap."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004_clinic"
down_revision: str | None = "0003_agenda"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("specialisms", "therapists", "therapist_specialisms", "appointments")
SPECIALISMS = {
    "Addiction": "Substances and habits",
    "ADHD": "Attention and impulses",
    "CBT": "Cognitive behavioural therapy",
    "Divorce": "Separation and families",
    "Sexuality": "Identity and relationships",
}
ENDS_AT = (
    "(starts_at at time zone 'UTC' + make_interval(mins => duration_minutes)) at time zone 'UTC'"
)
KEY = sa.text("gen_random_uuid()")


def upgrade() -> None:
    """Towards head."""
    op.execute("create extension if not exists btree_gist")
    op.execute("create schema clinic")
    _create_therapists()
    _create_appointments()
    rows = [{"value": value, "comment": comment} for value, comment in SPECIALISMS.items()]
    columns = [sa.column("value", sa.Text), sa.column("comment", sa.Text)]
    op.bulk_insert(sa.table("specialisms", *columns, schema="clinic"), rows)


def downgrade() -> None:
    """Back to the revision before. The extension stays: something else may use it by now."""
    for table in reversed(TABLES):
        op.drop_table(table, schema="clinic")
    op.execute("drop schema clinic")


def _create_therapists() -> None:
    op.create_table(
        "specialisms",
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("value", name=op.f("specialisms_pkey")),
        schema="clinic",
    )
    op.create_table(
        "therapists",
        sa.Column("id", sa.Uuid(), server_default=KEY, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "length(first_name) between 1 and 100", name=op.f("therapists_first_name_check")
        ),
        sa.CheckConstraint(
            "length(last_name) between 1 and 100", name=op.f("therapists_last_name_check")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("therapists_user_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("therapists_pkey")),
        sa.UniqueConstraint("user_id", name=op.f("therapists_user_id_key")),
        schema="clinic",
    )
    op.create_table(
        "therapist_specialisms",
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("specialism", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["clinic.therapists.id"],
            name=op.f("therapist_specialisms_therapist_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["specialism"],
            ["clinic.specialisms.value"],
            name=op.f("therapist_specialisms_specialism_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "therapist_id", "specialism", name=op.f("therapist_specialisms_pkey")
        ),
        schema="clinic",
    )
    op.create_index(
        "therapist_specialisms_specialism_idx",
        "therapist_specialisms",
        ["specialism"],
        schema="clinic",
    )


def _create_appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), server_default=KEY, nullable=False),
        sa.Column("therapist_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            sa.Computed(ENDS_AT, persisted=True),
            nullable=False,
        ),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["clinic.therapists.id"],
            name=op.f("appointments_therapist_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["identity.users.id"],
            name=op.f("appointments_created_by_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("appointments_pkey")),
        sa.UniqueConstraint(
            "created_by", "idempotency_key", name=op.f("appointments_idempotency_key")
        ),
        schema="clinic",
    )
    op.execute("""
        alter table clinic.appointments add constraint appointments_no_overlap
        exclude using gist (therapist_id with =, tstzrange(starts_at, ends_at) with &&)
    """)
    for column in ("starts_at", "created_by", "type"):
        op.create_index(f"appointments_{column}_idx", "appointments", [column], schema="clinic")


def _checks() -> tuple[sa.CheckConstraint, ...]:
    conditions = {
        "type": "type in ('one-off', 'consultation')",
        "duration_minutes": "duration_minutes between 5 and 480",
        "idempotency_key": "length(idempotency_key) between 1 and 200",
    }
    return tuple(
        sa.CheckConstraint(condition, name=op.f(f"appointments_{name}_check"))
        for name, condition in conditions.items()
    )
