"""The schema `shelter`: stores, their animals, and the animals' photos."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now
from db.models.identity import User

SHELTER = "shelter"


class Store(Base):
    """A place where animals live. `owner_id` null: everybody's."""

    __tablename__ = "stores"
    __table_args__ = (
        Index("stores_owner_id_idx", "owner_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = generated_key()
    name: Mapped[str]
    address: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = now()


class Animal(Base):
    """An animal of one store and one owner."""

    __tablename__ = "animals"
    __table_args__ = (
        Index("animals_store_id_idx", "store_id"),
        Index("animals_owner_id_idx", "owner_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        CheckConstraint("age_years between 0 and 300", name="age_years"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = generated_key()
    name: Mapped[str]
    species: Mapped[str]
    breed: Mapped[str | None]
    age_years: Mapped[int | None] = mapped_column(Integer)
    description: Mapped[str | None]
    store_id: Mapped[UUID] = mapped_column(ForeignKey(Store.id))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = now()
    updated_at: Mapped[datetime] = now()


class Photo(Base):
    """A validated, re-encoded picture of an animal; `object_key` names it in the object store.

    Deleting a row queues the object in `deleted_objects` (a trigger).
    """

    __tablename__ = "photos"
    __table_args__ = (
        Index("photos_animal_id_idx", "animal_id"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = generated_key()
    animal_id: Mapped[UUID] = mapped_column(ForeignKey(Animal.id, ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    content_type: Mapped[str]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = now()


class Upload(Base):
    """A presigned upload that was asked for and not completed yet. Deleting a row queues its raw
    object in `deleted_objects` (a trigger)."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index("uploads_animal_id_idx", "animal_id"),
        Index("uploads_user_id_idx", "user_id"),
        Index("uploads_expires_at_idx", "expires_at"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = generated_key()
    animal_id: Mapped[UUID] = mapped_column(ForeignKey(Animal.id, ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]


class DeletedObject(Base):
    """An object that is to leave the object store once `not_before` has come.

    It is both the queue behind deleted rows and the record of an intention: a new object is
    entered here before it is written, and leaves in the transaction that adds its row.
    """

    __tablename__ = "deleted_objects"
    __table_args__ = (
        Index("deleted_objects_not_before_idx", "not_before"),
        {"schema": SHELTER},
    )

    object_key: Mapped[str] = mapped_column(primary_key=True)
    not_before: Mapped[datetime] = now()
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
