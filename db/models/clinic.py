"""The schema `clinic`: therapists, what they specialise in, and their appointments."""

import datetime as dt
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now
from db.models.identity import User

CLINIC = "clinic"
ENDS_AT = (
    "(starts_at at time zone 'UTC' + make_interval(mins => duration_minutes)) at time zone 'UTC'"
)
"""By way of UTC, since a sum of a time with a time zone is not immutable for Postgres."""


class Specialism(Base):
    """A field of therapy; the table is an enum in GraphQL."""

    __tablename__ = "specialisms"
    __table_args__ = ({"schema": CLINIC},)

    value: Mapped[str] = mapped_column(primary_key=True)
    comment: Mapped[str]


class Therapist(Base):
    """Somebody who sees patients; `user_id` is the account of one who signs in."""

    __tablename__ = "therapists"
    __table_args__ = (
        CheckConstraint("length(first_name) between 1 and 100", name="first_name"),
        CheckConstraint("length(last_name) between 1 and 100", name="last_name"),
        {"schema": CLINIC},
    )

    id: Mapped[UUID] = generated_key()
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(User.id, ondelete="SET NULL"), unique=True
    )
    first_name: Mapped[str]
    last_name: Mapped[str]


class TherapistSpecialism(Base):
    """That a therapist has a specialism."""

    __tablename__ = "therapist_specialisms"
    __table_args__ = (
        Index("therapist_specialisms_specialism_idx", "specialism"),
        {"schema": CLINIC},
    )

    therapist_id: Mapped[UUID] = mapped_column(
        ForeignKey(Therapist.id, ondelete="CASCADE"), primary_key=True
    )
    specialism: Mapped[str] = mapped_column(ForeignKey(Specialism.value), primary_key=True)


class Appointment(Base):
    """An hour, or less or more, with a therapist. `ends_at` follows from start and duration (a
    generated column); no two appointments of one therapist overlap. The same appointment made
    twice by one user, by its key or by what it says, is one row."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index("appointments_starts_at_idx", "starts_at"),
        Index("appointments_created_by_idx", "created_by"),
        Index("appointments_type_idx", "type"),
        CheckConstraint("type in ('one-off', 'consultation')", name="type"),
        CheckConstraint("duration_minutes between 5 and 480", name="duration_minutes"),
        CheckConstraint("length(idempotency_key) between 1 and 200", name="idempotency_key"),
        UniqueConstraint("created_by", "idempotency_key", name="appointments_idempotency_key"),
        ExcludeConstraint(
            ("therapist_id", "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="appointments_no_overlap",
        ),
        {"schema": CLINIC},
    )

    id: Mapped[UUID] = generated_key()
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey(Therapist.id))
    type: Mapped[str]
    starts_at: Mapped[dt.datetime]
    duration_minutes: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[dt.datetime] = mapped_column(Computed(ENDS_AT, persisted=True))
    created_by: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    idempotency_key: Mapped[str | None]
    created_at: Mapped[dt.datetime] = now()
