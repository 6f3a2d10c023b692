"""Rows of photos, uploads and objects to delete.

# Note [Intentions]
A row and its object are in two systems. Before an object is written, its key is entered among the
objects to delete, for later; the transaction that adds the photo's row takes it out again. Whatever
fails between, or dies, the sweeper deletes the object when the time has come; a writer that is so
slow that its intention is gone does not get its row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from actions.calls import Person
from actions.picture import Picture
from service.database import Pool
from service.failures import Refusal

INTENTION_SECONDS = 600.0

_OWNER = "select owner_id from shelter.animals where id = $1"
_INTEND = """
insert into shelter.deleted_objects (object_key, not_before)
values ($1, now() + make_interval(secs => $2))
"""
_KEEP = "delete from shelter.deleted_objects where object_key = $1 returning object_key"
_GIVE_UP = """
with due as (
  update shelter.deleted_objects set not_before = now() where object_key = any ($1::text[])
  returning object_key
)
select pg_notify('shelter_deleted_objects', '') from due limit 1
"""
_ADD = """
insert into shelter.photos (animal_id, object_key, url, content_type, width, height, bytes)
select id, $2, $3, $4, $5, $6, $7 from shelter.animals
where id = $1 and ($9 or owner_id = $8) for share
returning id
"""
_TYPE = "select content_type from shelter.photos where object_key = $1"
_REQUEST = """
insert into shelter.uploads (animal_id, user_id, object_key, expires_at)
select id, coalesce($3, owner_id), $2, now() + make_interval(secs => $4)
from shelter.animals where id = $1
returning id, expires_at
"""
_UPLOAD = """
select u.id, u.animal_id, u.object_key, u.expires_at
from shelter.uploads u
where u.id = $1 and ($3 or u.user_id = $2) and u.expires_at > now()
"""
_DONE = "delete from shelter.uploads where id = $1 returning id"
_RELOCATE = """
update shelter.photos set url = $1::text || substr(object_key, 8)
where url is distinct from $1::text || substr(object_key, 8)
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """A presigned upload that was asked for: `object_key` is where its raw bytes are."""

    id: UUID
    animal_id: UUID
    object_key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo to add: the stored picture, where it is, and the upload that it came from."""

    animal_id: UUID
    object_key: str
    url: str
    picture: Picture
    upload_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The rows."""

    pool: Pool

    async def require_owner(self, animal_id: UUID, person: Person) -> None:
        """Raises `Refusal`: 404 where there is no such animal, 403 where it is another's."""
        row = await self.pool.fetchrow(_OWNER, animal_id)
        if row is None:
            raise Refusal(404, "not-found", "no such animal")
        if not person.is_admin and row["owner_id"] != person.user_id:
            raise Refusal(403, "access-denied", "this animal is not yours")

    async def intend(self, object_key: str) -> None:
        """An object is about to be written (see Note [Intentions])."""
        await self.pool.execute(_INTEND, object_key, INTENTION_SECONDS)

    async def give_up(self, object_keys: Sequence[str]) -> None:
        """The objects are not wanted after all; the sweeper deletes them soon."""
        await self.pool.execute(_GIVE_UP, list(object_keys))

    async def add(self, photo: NewPhoto, person: Person) -> UUID:
        """The id of the photo's row, its intention fulfilled and its upload done, all or nothing.

        Raises `Refusal`: 409 where the upload was completed meanwhile, 404 where the animal is
        gone or another's by now, 503 where it took too long.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            if photo.upload_id and await connection.fetchval(_DONE, photo.upload_id) is None:
                raise Refusal(409, "upload-completed", "this upload was completed already")
            if await connection.fetchval(_KEEP, photo.object_key) is None:
                raise Refusal(503, "too-slow", "storing the picture took too long")
            added: UUID | None = await connection.fetchval(_ADD, *_values(photo, person))
            if added is None:
                raise Refusal(404, "not-found", "no such animal")
        return added

    async def content_type(self, object_key: str) -> str | None:
        """The MIME type of the photo at that key; None where there is no such photo."""
        found: str | None = await self.pool.fetchval(_TYPE, object_key)
        return found

    async def request(
        self, animal_id: UUID, person: Person, object_key: str, seconds: int
    ) -> tuple[UUID, datetime]:
        """The id and the end of a new upload for `animal_id`. Raises `Refusal` 404 where the
        animal is gone."""
        values = (animal_id, object_key, person.user_id, float(seconds))
        row = await self.pool.fetchrow(_REQUEST, *values)
        if row is None:
            raise Refusal(404, "not-found", "no such animal")
        return row["id"], row["expires_at"]

    async def upload(self, upload_id: UUID, person: Person) -> Upload:
        """That upload of that person. Raises `Refusal` 404 where there is none or it expired."""
        row = await self.pool.fetchrow(_UPLOAD, upload_id, person.user_id, person.is_admin)
        if row is None:
            raise Refusal(404, "not-found", "no such upload, or it has expired")
        return Upload(**dict(row))

    async def relocate(self, prefix: str) -> None:
        """Make every photo's URL start with `prefix`, where this service is reached from now on."""
        await self.pool.execute(_RELOCATE, prefix)


def _values(photo: NewPhoto, person: Person) -> tuple[object, ...]:
    picture = photo.picture
    return (
        photo.animal_id,
        photo.object_key,
        photo.url,
        picture.content_type,
        picture.width,
        picture.height,
        len(picture.content),
        person.user_id,
        person.is_admin,
    )
