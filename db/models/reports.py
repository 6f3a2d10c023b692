"""The schema `reports`: drafts that a model wrote from somebody's findings."""

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, generated_key, now
from db.models.identity import User

REPORTS = "reports"


class Draft(Base):
    """A report as `model` drafted it from `findings`; it is its owner's alone."""

    __tablename__ = "drafts"
    __table_args__ = (
        Index("drafts_owner_id_created_at_idx", "owner_id", "created_at"),
        CheckConstraint("length(findings) between 1 and 20000", name="findings"),
        {"schema": REPORTS},
    )

    id: Mapped[UUID] = generated_key()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    findings: Mapped[str]
    text: Mapped[str]
    model: Mapped[str]
    created_at: Mapped[dt.datetime] = now()
