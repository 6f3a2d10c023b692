"""The schema `gallery`: images of users, and with whom they are shared."""

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now
from db.models.identity import User

GALLERY = "gallery"
PATH = "('/images/'::text || (id)::text) || '/content'::text"
SEARCH = """
(setweight(to_tsvector('english'::regconfig, title), 'A'::"char")
|| setweight(to_tsvector('english'::regconfig, gallery.joined(tags)), 'B'::"char"))
|| setweight(to_tsvector('english'::regconfig, description), 'C'::"char")
"""


class Image(Base):
    """A validated, re-encoded picture; `object_key` names it in the object store, `path` is where
    the front door has it. `access` says who sees it: everybody (`public`), its owner (`private`),
    or its owner and those that it is shared with (`shared`).

    `search` is for searches by text, `descriptor` for searches by likeness. Deleting a row queues
    the object in `shelter.deleted_objects` (a trigger).
    """

    __tablename__ = "images"
    __table_args__ = (
        Index("images_owner_id_idx", "owner_id"),
        Index("images_access_idx", "access"),
        Index("images_search_idx", "search", postgresql_using="gin"),
        Index("images_descriptor_idx", text("cube(descriptor)"), postgresql_using="gist"),
        CheckConstraint("length(title) between 1 and 200", name="title"),
        CheckConstraint("length(description) <= 5000", name="description"),
        CheckConstraint(
            "cardinality(tags) <= 20 and length(gallery.joined(tags)) <= 1020", name="tags"
        ),
        CheckConstraint("access in ('public', 'private', 'shared')", name="access"),
        CheckConstraint("cardinality(descriptor) = 16", name="descriptor"),
        {"schema": GALLERY},
    )

    id: Mapped[UUID] = generated_key()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(unique=True)
    path: Mapped[str] = mapped_column(Computed(PATH, persisted=True))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    access: Mapped[str] = mapped_column(server_default="private")
    content_type: Mapped[str]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(Integer)
    descriptor: Mapped[list[float]] = mapped_column(ARRAY(Double))
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCH, persisted=True))
    created_at: Mapped[dt.datetime] = now()
    updated_at: Mapped[dt.datetime] = now()


class Share(Base):
    """That a user may see an image of another user, while its access is `shared`."""

    __tablename__ = "shares"
    __table_args__ = (
        Index("shares_user_id_idx", "user_id"),
        {"schema": GALLERY},
    )

    image_id: Mapped[UUID] = mapped_column(
        ForeignKey(Image.id, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[dt.datetime] = now()
