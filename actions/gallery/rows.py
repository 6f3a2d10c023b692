"""Rows of the gallery. Objects are named by intentions first: see Note [Intentions] in `ledger`."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from actions.calls import Person
from actions.gallery.intake import Description
from actions.picture import Picture
from service.database import Pool
from service.failures import Refusal

_KEEP = """
delete from shelter.deleted_objects where object_key = any ($1::text[]) returning object_key
"""
_ADD = """
insert into gallery.images (
  owner_id, object_key, title, description, tags, access,
  content_type, width, height, bytes, descriptor
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
returning id, path
"""
_VISIBLE = """
select object_key, content_type, access from gallery.images i
where id = $1 and (
  access = 'public'
  or owner_id = $2
  or access = 'shared'
    and exists (select from gallery.shares s where s.image_id = i.id and s.user_id = $2)
)
"""


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image to add, whose object is stored: what it is, and what is said of it."""

    object_key: str
    content_type: str
    width: int
    height: int
    bytes: int
    descriptor: list[float]
    said: Description

    @classmethod
    def of(
        cls, object_key: str, picture: Picture, numbers: list[float], said: Description
    ) -> "NewImage":
        """From a picture, of which the bytes are not kept."""
        size = len(picture.content)
        what = (picture.content_type, picture.width, picture.height, size)
        return cls(object_key, *what, numbers, said)


@dataclass(frozen=True, slots=True)
class Seen:
    """An image that the caller may see."""

    object_key: str
    content_type: str
    access: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows."""

    pool: Pool

    async def add(self, images: Sequence[NewImage], owner: Person) -> list[tuple[UUID, str]]:
        """Id and path of each image, their intentions fulfilled, all or nothing.

        Raises `Refusal`: 503 where it took too long, 403 where the user is gone.
        """
        keys = [image.object_key for image in images]
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                if len(await connection.fetch(_KEEP, keys)) < len(keys):
                    raise Refusal(503, "too-slow", "storing the images took too long")
                rows = [
                    await connection.fetchrow(_ADD, owner.user_id, *_values(image))
                    for image in images
                ]
        except asyncpg.ForeignKeyViolationError:
            raise Refusal(403, "access-denied", "this user is gone") from None
        return [(row["id"], row["path"]) for row in rows if row is not None]

    async def visible(self, image_id: UUID, person: Person | None) -> Seen | None:
        """The image, where that person (None: anybody) may see it."""
        row = await self.pool.fetchrow(_VISIBLE, image_id, person and person.user_id)
        return Seen(**dict(row)) if row else None


def _values(image: NewImage) -> tuple[object, ...]:
    said = image.said
    return (
        image.object_key,
        said.title,
        said.description,
        said.tags,
        said.access,
        image.content_type,
        image.width,
        image.height,
        image.bytes,
        image.descriptor,
    )
