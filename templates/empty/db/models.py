"""The tables of this project. `rowgate migrate create` compares them with the database."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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
    type_annotation_map: ClassVar = {str: Text(), datetime: DateTime(timezone=True)}


class Note(Base):
    """An example: a note is its owner's, and everybody's once it is public."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    owner_id: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(server_default=text("''"))
    is_public: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
