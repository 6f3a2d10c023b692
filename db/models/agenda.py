"""The schema `agenda`: events, each its owner's."""

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now
from db.models.identity import User

AGENDA = "agenda"


class Event(Base):
    """Something that happens on a day at a time, local to its venue."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_owner_id_date_idx", "owner_id", "date"),
        CheckConstraint("length(venue) between 1 and 200", name="venue"),
        CheckConstraint("length(address) between 1 and 500", name="address"),
        {"schema": AGENDA},
    )

    id: Mapped[UUID] = generated_key()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    date: Mapped[dt.date]
    time: Mapped[dt.time]
    venue: Mapped[str]
    address: Mapped[str]
    created_at: Mapped[dt.datetime] = now()
