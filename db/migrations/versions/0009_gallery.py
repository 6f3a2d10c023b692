"""Images of users, with whom they are shared, and searches by text and by likeness."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009_gallery"
down_revision: str | None = "0008_identity_second_factor"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JOINED = """
create function gallery.joined(tags text[]) returns text
language sql immutable parallel safe
return array_to_string(tags, ' ')
"""

SEARCH_IMAGES = """
create function gallery.search_images(query text) returns setof gallery.images
language sql stable parallel safe
begin atomic
  select i.*
  from gallery.images i, websearch_to_tsquery('english', query) wanted
  where i.search @@ wanted
  order by ts_rank(i.search, wanted) desc, i.created_at desc, i.id;
end
"""

SIMILAR_IMAGES = """
create function gallery.similar_images(image gallery.images) returns setof gallery.images
language sql stable parallel safe
begin atomic
  select i.*
  from gallery.images i
  where i.id <> image.id
  order by cube(i.descriptor) <-> cube(image.descriptor);
end
"""

TRIGGERS = (
    """
    create trigger images_deleted after delete on gallery.images
    for each row execute function shelter.queue_object()
    """,
    """
    create trigger images_touched before update on gallery.images
    for each row execute function shelter.touch()
    """,
)
PATH = "'/images/' || id::text || '/content'"
SEARCH = """
setweight(to_tsvector('english', title), 'A')
|| setweight(to_tsvector('english', gallery.joined(tags)), 'B')
|| setweight(to_tsvector('english', description), 'C')
"""
NOW = sa.text("now()")


def upgrade() -> None:
    """Towards head."""
    op.execute("create extension if not exists cube")
    op.execute("create schema gallery")
    op.execute(JOINED)
    _create_images()
    _create_shares()
    for statement in (*TRIGGERS, SEARCH_IMAGES, SIMILAR_IMAGES):
        op.execute(statement)


def downgrade() -> None:
    """Back to the revision before; objects of images leave the object store. The extension stays:
    something else may use it by now."""
    op.execute("drop function gallery.similar_images(gallery.images)")
    op.execute("drop function gallery.search_images(text)")
    op.execute("delete from gallery.images")
    op.drop_table("shares", schema="gallery")
    op.drop_table("images", schema="gallery")
    op.execute("drop function gallery.joined(text[])")
    op.execute("drop schema gallery")


def _create_images() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), sa.Computed(PATH, persisted=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("access", sa.Text(), server_default="private", nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("descriptor", sa.ARRAY(sa.Double()), nullable=False),
        sa.Column(
            "search", postgresql.TSVECTOR(), sa.Computed(SEARCH, persisted=True), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["identity.users.id"],
            name=op.f("images_owner_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("images_pkey")),
        sa.UniqueConstraint("object_key", name=op.f("images_object_key_key")),
        schema="gallery",
    )
    op.create_index("images_owner_id_idx", "images", ["owner_id"], schema="gallery")
    op.create_index(
        "images_search_idx", "images", ["search"], schema="gallery", postgresql_using="gin"
    )
    op.create_index(
        "images_descriptor_idx",
        "images",
        [sa.literal_column("cube(descriptor)")],
        schema="gallery",
        postgresql_using="gist",
    )


def _checks() -> list[sa.CheckConstraint]:
    tags = "cardinality(tags) <= 20 and length(gallery.joined(tags)) <= 1020"
    conditions = {
        "title": "length(title) between 1 and 200",
        "description": "length(description) <= 5000",
        "tags": tags,
        "access": "access in ('public', 'private', 'shared')",
        "descriptor": "cardinality(descriptor) = 16",
    }
    return [
        sa.CheckConstraint(condition, name=op.f(f"images_{column}_check"))
        for column, condition in conditions.items()
    ]


def _create_shares() -> None:
    op.create_table(
        "shares",
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["gallery.images.id"],
            name=op.f("shares_image_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["identity.users.id"],
            name=op.f("shares_user_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("image_id", "user_id", name=op.f("shares_pkey")),
        schema="gallery",
    )
    op.create_index("shares_user_id_idx", "shares", ["user_id"], schema="gallery")
