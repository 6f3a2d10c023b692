"""What every model shares: the base class, names of constraints, generated columns."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

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


def generated_key() -> Mapped[UUID]:
    """A primary key that Postgres generates."""
    return mapped_column(primary_key=True, server_default=func.gen_random_uuid())


def now() -> Mapped[datetime]:
    """The time at which the row is inserted."""
    return mapped_column(server_default=func.now())
