"""The operations on photos: store one, ask for an upload, complete it, read one."""

import asyncio
import base64
import binascii
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from actions.calls import Person
from actions.ledger import Ledger, NewPhoto
from actions.picture import Picture, reencoded, too_large
from actions.settings import ImageLimits
from actions.storage import Form, MissingError, Storage
from service.failures import Refusal, busy

PHOTOS, UPLOADS = "photos/", "uploads/"
_DECODERS, _WAITING = 2, 32


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo as it was added."""

    id: UUID
    url: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class RequestedUpload:
    """An upload as it was asked for."""

    id: UUID
    form: Form
    expires_at: datetime


@dataclass(slots=True)
class Studio:
    """Where pictures are decoded: two at a time, a bounded number waiting."""

    limits: ImageLimits
    _at_work: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_DECODERS))
    _present: int = 0

    async def develop(self, content: bytes) -> Picture:
        """The picture in `content`, written anew. Raises `Refusal` 413, 415, 422, 503."""
        if self._present >= _WAITING:
            raise busy("overloaded", "too many pictures at once")
        self._present += 1
        try:
            async with self._at_work:
                return await asyncio.to_thread(reencoded, content, self.limits)
        finally:
            self._present -= 1


@dataclass(frozen=True, slots=True)
class Photos:
    """Everything that an operation needs. `url_prefix` ends with `/images/`."""

    ledger: Ledger
    storage: Storage
    studio: Studio
    url_prefix: str
    upload_seconds: int

    async def upload(self, animal_id: UUID, text: str, person: Person) -> StoredPhoto:
        """Store the Base64 picture `text` for an animal. Raises `Refusal`."""
        content = decoded(text, self.studio.limits)
        await self.ledger.require_owner(animal_id, person)
        picture = await self.studio.develop(content)
        return await self._store(animal_id, picture, person)

    async def request(self, animal_id: UUID, person: Person) -> RequestedUpload:
        """A form for one upload to the object store. Raises `Refusal`."""
        await self.ledger.require_owner(animal_id, person)
        key, seconds = UPLOADS + secrets.token_urlsafe(24), self.upload_seconds
        form = await self.storage.form(key, self.studio.limits.most_bytes, seconds)
        upload_id, expires_at = await self.ledger.request(animal_id, person, key, seconds)
        return RequestedUpload(upload_id, form, expires_at)

    async def complete(self, upload_id: UUID, person: Person) -> StoredPhoto:
        """Make a photo of what was uploaded. Raises `Refusal`; the upload stays where it failed,
        to be posted again until it expires."""
        upload = await self.ledger.upload(upload_id, person)
        await self.ledger.require_owner(upload.animal_id, person)
        limits = self.studio.limits
        try:
            content = await self.storage.read(upload.object_key, limits.most_bytes)
        except MissingError:
            raise Refusal(409, "nothing-uploaded", "nothing was uploaded yet") from None
        picture = await self.studio.develop(content)
        return await self._store(upload.animal_id, picture, person, upload.id)

    async def read(self, name: str) -> tuple[str, AsyncIterator[bytes]]:
        """MIME type and bytes of the photo called `name`. Raises `Refusal` 404."""
        key = PHOTOS + name
        content_type = await self.ledger.content_type(key) if "\0" not in name else None
        if content_type is not None:
            try:
                return content_type, await self.storage.pieces(key)
            except MissingError:
                pass
        raise Refusal(404, "not-found", "no such photo")

    async def _store(
        self, animal_id: UUID, picture: Picture, person: Person, upload_id: UUID | None = None
    ) -> StoredPhoto:
        name = f"{secrets.token_urlsafe(24)}.{picture.extension}"
        key, url = PHOTOS + name, self.url_prefix + name
        await self.ledger.intend(key)
        try:
            await self.storage.put(key, picture)
            photo = NewPhoto(animal_id, key, url, picture, upload_id)
            return StoredPhoto(await self.ledger.add(photo, person), url, picture)
        except Refusal:
            await self.ledger.give_up([key])
            raise


def decoded(text: str, limits: ImageLimits) -> bytes:
    """The bytes of a Base64 text. Raises `Refusal`: 413 before decoding what is too large, 422
    where it is no Base64."""
    if len(text) > (limits.most_bytes + 2) // 3 * 4:
        raise too_large(limits)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(422, "broken-image", "the image is not Base64") from None
