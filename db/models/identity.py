"""The schema `identity`: who can sign in, and by what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now

IDENTITY = "identity"
CLAIMS_ARE_GOOD = """
jsonb_typeof(claims) = 'object' and not jsonb_path_exists(claims, '$.keyvalue() ? (
  !(@.key like_regex "^x-hasura-[a-z0-9-]{1,100}$")
  || @.key like_regex "^x-hasura-(allowed-roles|default-role|role|user-id)$"
  || @.value.type() != "string")')
"""
"""Claims are session variables with texts, and none of those that the auth service gives itself."""


class User(Base):
    """A person who can sign in. An e-mail address is what the person says it is, until a letter to
    it was answered. Only such ones are unique, so that registering reveals nobody's address.
    `claims` are session variables that access tokens carry beside those of the auth service."""

    __tablename__ = "users"
    __table_args__ = (
        Index("users_username_key", text("lower(username)"), unique=True),
        Index(
            "users_verified_email_key",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("email_verified_at is not null"),
        ),
        CheckConstraint("username ~ '^[A-Za-z0-9_.-]{3,64}$'", name="username"),
        CheckConstraint("length(email) <= 254", name="email"),
        CheckConstraint("default_role = any (allowed_roles)", name="default_role"),
        CheckConstraint(CLAIMS_ARE_GOOD, name="claims"),
        {"schema": IDENTITY},
    )

    id: Mapped[UUID] = generated_key()
    username: Mapped[str]
    email: Mapped[str]
    email_verified_at: Mapped[datetime | None]
    default_role: Mapped[str] = mapped_column(server_default="user")
    allowed_roles: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{user}'::text[]")
    )
    claims: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = now()


class Password(Base):
    """An Argon2id hash. A table of its own and never tracked, so that not even `admin` reads it
    through GraphQL."""

    __tablename__ = "passwords"
    __table_args__ = ({"schema": IDENTITY},)

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime] = now()


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

    id: Mapped[UUID] = generated_key()
    family_id: Mapped[UUID]
    generation: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = now()
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

    id: Mapped[UUID] = generated_key()
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = now()
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
    started_at: Mapped[datetime] = now()
    failed: Mapped[bool | None]


class AuditEntry(Base):
    """Something that happened to an account. `user_id` is null for a failed sign-in, which may name
    nobody; `address_hash` is SHA-256 of the caller's address. Never a secret."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_user_id_idx", "user_id", "at"),
        Index("audit_log_at_idx", "at"),
        CheckConstraint("length(event) between 1 and 100", name="event"),
        {"schema": IDENTITY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    event: Mapped[str]
    at: Mapped[datetime] = now()
    address_hash: Mapped[str]


class OneTimeToken(Base):
    """A token in a letter to `email`, good once: the row is deleted when it is used. `token_hash`
    is SHA-256 of the token."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        Index("one_time_tokens_expires_at_idx", "expires_at"),
        CheckConstraint("purpose in ('verify-email', 'reset-password')", name="purpose"),
        {"schema": IDENTITY},
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]


class SecondFactor(Base):
    """The secret of somebody's one-time codes (RFC 6238). It counts once `confirmed_at` is set;
    codes of `last_step` and of steps before it are used up."""

    __tablename__ = "second_factors"
    __table_args__ = ({"schema": IDENTITY},)

    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[datetime] = now()
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code for whoever lost the device; the row is deleted when the code is used. `code_hash` is
    SHA-256 of the code."""

    __tablename__ = "recovery_codes"
    __table_args__ = ({"schema": IDENTITY},)

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey(SecondFactor.user_id, ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class ProviderSignIn(Base):
    """A sign-in through an OpenID provider that has begun; the row is deleted when the browser
    comes back. `state_hash` is SHA-256 of the state."""

    __tablename__ = "provider_sign_ins"
    __table_args__ = (
        Index("provider_sign_ins_expires_at_idx", "expires_at"),
        {"schema": IDENTITY},
    )

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    nonce: Mapped[str]
    verifier: Mapped[str]
    expires_at: Mapped[datetime]


class LinkedIdentity(Base):
    """That whoever an OpenID provider calls `subject` is a user."""

    __tablename__ = "linked_identities"
    __table_args__ = (
        Index("linked_identities_user_id_idx", "user_id"),
        {"schema": IDENTITY},
    )

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime] = now()
