"""The tables of the reference application, one Postgres schema a domain.

Models are what Alembic compares the database with; triggers and functions stand in migrations only.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

IDENTITY = "identity"
SHELTER = "shelter"

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ix": "%(table_name)s_%(column_0_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Base(DeclarativeBase):
    """The parent of every model; its naming convention makes constraint names predictable."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[type, TypeEngine[Any]]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
    }


def _generated_key() -> Mapped[UUID]:
    return mapped_column(primary_key=True, server_default=func.gen_random_uuid())


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


class User(Base):
    """A person who can sign in. An e-mail address is what the person says it is: it is neither
    verified nor unique, so that registering reveals nothing about other people's addresses."""

    __tablename__ = "users"
    __table_args__ = (
        Index("users_username_key", text("lower(username)"), unique=True),
        CheckConstraint("username ~ '^[A-Za-z0-9_.-]{3,64}$'", name="username"),
        CheckConstraint("length(email) <= 254", name="email"),
        CheckConstraint("default_role = any (allowed_roles)", name="default_role"),
        {"schema": IDENTITY},
    )

    id: Mapped[UUID] = _generated_key()
    username: Mapped[str]
    email: Mapped[str]
    default_role: Mapped[str] = mapped_column(server_default="user")
    allowed_roles: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{user}'::text[]")
    )
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = _now()


class Password(Base):
    """An Argon2id hash. A table of its own and never tracked, so that not even `admin` reads it
    through GraphQL."""

    __tablename__ = "passwords"
    __table_args__ = ({"schema": IDENTITY},)

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime] = _now()


class RefreshToken(Base):
    """One generation of a family of refresh tokens; `token_hash` is SHA-256 of the token.

    `used_at` says when the next generation replaced it, `revoked_at` when the family ended.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        UniqueConstraint("family_id", "generation"),
        Index("refresh_tokens_user_id_idx", "user_id"),
        Index("refresh_tokens_expires_at_idx", "expires_at"),
        {"schema": IDENTITY},
    )

    id: Mapped[UUID] = _generated_key()
    family_id: Mapped[UUID]
    generation: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiKey(Base):
    """A second way in. `prefix` is shown to its owner, `key_hash` is SHA-256 of the whole key,
    `scopes` are the roles that it may act in."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("api_keys_user_id_idx", "user_id"),
        CheckConstraint("length(name) between 1 and 100", name="name"),
        {"schema": IDENTITY},
    )

    id: Mapped[UUID] = _generated_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Attempt(Base):
    """One try at a password. `subject` is an account, an address or a gateway in hashed form;
    `failed` is null while the try is under way."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("attempts_subject_idx", "subject", "started_at"),
        Index("attempts_started_at_idx", "started_at"),
        {"schema": IDENTITY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime] = _now()
    failed: Mapped[bool | None]


class Store(Base):
    """A place where animals live. `owner_id` null: everybody's."""

    __tablename__ = "stores"
    __table_args__ = (
        Index("stores_owner_id_idx", "owner_id"),
        CheckConstraint("length(name) between 1 and 200", name="name"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = _generated_key()
    name: Mapped[str]
    address: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = _now()


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

    id: Mapped[UUID] = _generated_key()
    name: Mapped[str]
    species: Mapped[str]
    breed: Mapped[str | None]
    age_years: Mapped[int | None] = mapped_column(Integer)
    description: Mapped[str | None]
    store_id: Mapped[UUID] = mapped_column(ForeignKey(Store.id))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()


class Photo(Base):
    """A validated, re-encoded picture of an animal; `object_key` names it in the object store.

    Deleting a row queues the object in `deleted_objects` (a trigger).
    """

    __tablename__ = "photos"
    __table_args__ = (
        Index("photos_animal_id_idx", "animal_id"),
        {"schema": SHELTER},
    )

    id: Mapped[UUID] = _generated_key()
    animal_id: Mapped[UUID] = mapped_column(ForeignKey(Animal.id, ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    content_type: Mapped[str]
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    bytes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = _now()


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

    id: Mapped[UUID] = _generated_key()
    animal_id: Mapped[UUID] = mapped_column(ForeignKey(Animal.id, ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    object_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = _now()
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
    not_before: Mapped[datetime] = _now()
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
