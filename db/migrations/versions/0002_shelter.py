"""Stores, animals, their photos, and the queue of objects to delete."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002_shelter"
down_revision: str | None = "0001_identity"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("stores", "animals", "photos", "uploads", "deleted_objects")

QUEUE_OBJECT = """
create function shelter.queue_object() returns trigger language plpgsql as $$
begin
  insert into shelter.deleted_objects (object_key) values (old.object_key)
  on conflict (object_key) do update set not_before = now();
  perform pg_notify('shelter_deleted_objects', '');
  return null;
end $$
"""

QUEUE_UPLOAD = """
create function shelter.queue_upload() returns trigger language plpgsql as $$
begin
  -- the presigned form can be posted again until it expires
  insert into shelter.deleted_objects (object_key, not_before)
  values (old.object_key, greatest(now(), old.expires_at + interval '1 minute'))
  on conflict (object_key) do nothing;
  return null;
end $$
"""

TOUCH = """
create function shelter.touch() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$
"""

TRIGGERS = (
    """
    create trigger photos_deleted after delete on shelter.photos
    for each row execute function shelter.queue_object()
    """,
    """
    create trigger photos_replaced after update of object_key on shelter.photos
    for each row when (old.object_key is distinct from new.object_key)
    execute function shelter.queue_object()
    """,
    """
    create trigger uploads_deleted after delete on shelter.uploads
    for each row execute function shelter.queue_upload()
    """,
    """
    create trigger animals_touched before update on shelter.animals
    for each row execute function shelter.touch()
    """,
)


def upgrade() -> None:
    """Towards head."""
    op.execute("create schema shelter")
    _create_stores()
    _create_animals()
    _create_photos()
    _create_uploads()
    _create_deleted_objects()
    for statement in (QUEUE_OBJECT, QUEUE_UPLOAD, TOUCH):
        op.execute(statement)
    for statement in TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Back to the revision before."""
    for table in reversed(TABLES):
        op.drop_table(table, schema="shelter")
    for function in ("touch", "queue_upload", "queue_object"):
        op.execute(f"drop function shelter.{function}()")
    op.execute("drop schema shelter")


def _create_stores() -> None:
    op.create_table(
        "stores",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("stores_name_check")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["identity.users.id"],
            name=op.f("stores_owner_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("stores_pkey")),
        schema="shelter",
    )
    op.create_index("stores_owner_id_idx", "stores", ["owner_id"], schema="shelter")


def _create_animals() -> None:
    op.create_table(
        "animals",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("species", sa.Text(), nullable=False),
        sa.Column("breed", sa.Text(), nullable=True),
        sa.Column("age_years", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("age_years between 0 and 300", name=op.f("animals_age_years_check")),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("animals_name_check")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["identity.users.id"],
            name=op.f("animals_owner_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["shelter.stores.id"], name=op.f("animals_store_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("animals_pkey")),
        schema="shelter",
    )
    op.create_index("animals_owner_id_idx", "animals", ["owner_id"], schema="shelter")
    op.create_index("animals_store_id_idx", "animals", ["store_id"], schema="shelter")


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("animal_id", sa.Uuid(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["animal_id"],
            ["shelter.animals.id"],
            name=op.f("photos_animal_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("photos_pkey")),
        sa.UniqueConstraint("object_key", name=op.f("photos_object_key_key")),
        schema="shelter",
    )
    op.create_index("photos_animal_id_idx", "photos", ["animal_id"], schema="shelter")


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("animal_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["animal_id"],
            ["shelter.animals.id"],
            name=op.f("uploads_animal_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("uploads_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("uploads_pkey")),
        sa.UniqueConstraint("object_key", name=op.f("uploads_object_key_key")),
        schema="shelter",
    )
    op.create_index("uploads_animal_id_idx", "uploads", ["animal_id"], schema="shelter")
    op.create_index("uploads_user_id_idx", "uploads", ["user_id"], schema="shelter")
    op.create_index("uploads_expires_at_idx", "uploads", ["expires_at"], schema="shelter")


def _create_deleted_objects() -> None:
    op.create_table(
        "deleted_objects",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("deleted_objects_pkey")),
        schema="shelter",
    )
    op.create_index(
        "deleted_objects_not_before_idx", "deleted_objects", ["not_before"], schema="shelter"
    )
