"""The operations of the gallery: add images, all of a request or none; read one."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from actions.calls import Person
from actions.gallery.descriptor import descriptor
from actions.gallery.intake import Posted, content_of, require_type
from actions.gallery.rows import NewImage, Rows
from actions.ledger import Ledger
from actions.photos import Studio
from actions.picture import require_nothing_after
from actions.storage import MissingError, Storage
from service.failures import Refusal

IMAGES = "gallery/"


@dataclass(frozen=True, slots=True)
class AddedImage:
    """An image as it was added."""

    id: UUID
    path: str
    image: NewImage


@dataclass(frozen=True, slots=True)
class Gallery:
    """Everything that an operation needs."""

    rows: Rows
    ledger: Ledger
    storage: Storage
    studio: Studio

    async def add(self, files: Sequence[Posted], owner: Person) -> list[AddedImage]:
        """Add every image, or none. One picture at a time is in memory. Raises `Refusal`."""
        images = list[NewImage]()
        keys = list[str]()
        try:
            for file in files:
                images.append(await self._store(file, keys))
            added = await self.rows.add(images, owner)
        except Refusal:
            await self.ledger.give_up(keys)
            raise
        return [AddedImage(*row, image) for row, image in zip(added, images, strict=True)]

    async def read(
        self, image_id: UUID, person: Person | None
    ) -> tuple[str, bool, AsyncIterator[bytes]]:
        """MIME type, whether it is public, and bytes. Raises `Refusal` 404 where there is no such
        image, or none that this person may see."""
        seen = await self.rows.visible(image_id, person)
        if seen is not None:
            try:
                pieces = await self.storage.pieces(seen.object_key)
                return seen.content_type, seen.access == "public", pieces
            except MissingError:
                pass
        raise Refusal(404, "not-found", "no such image")

    async def _store(self, posted: Posted, keys: list[str]) -> NewImage:
        """Store one picture; its key is among `keys` before its object is written."""
        content = await content_of(posted.file, self.studio.limits)
        picture = await self.studio.develop(content)
        require_type(posted.file, picture.content_type)
        await asyncio.to_thread(require_nothing_after, content)
        numbers = await asyncio.to_thread(descriptor, picture)
        key = f"{IMAGES}{secrets.token_urlsafe(24)}.{picture.extension}"
        await self.ledger.intend(key)
        keys.append(key)
        await self.storage.put(key, picture)
        return NewImage.of(key, picture, numbers, posted.said)
