"""The HTTP face of the gallery: files come and go here, everything else is GraphQL."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from actions.bearer import Bearers
from actions.calls import Person
from actions.gallery.images import AddedImage, Gallery
from actions.gallery.intake import FIELDS, FILES, posted
from actions.settings import ActionsSettings
from service.failures import Refusal, busy

_MOST_TEXT = 64 * 1024
_MOST_AT_ONCE = 8
_bearer = HTTPBearer(auto_error=False, description="An access token of the auth service.")
_api_key = APIKeyHeader(name="x-api-key", auto_error=False, description="An API key.")
_TEXT = {"type": "array", "items": {"type": "string"}}
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FILES, "title"],
                    "properties": {
                        FILES: {"type": "array", "items": {"type": "string", "format": "binary"}},
                        **dict.fromkeys(FIELDS, _TEXT),
                    },
                }
            }
        },
    }
}


class StoredImage(BaseModel):
    """An image as it was added."""

    id: UUID
    url: str
    title: str
    description: str
    tags: list[str]
    access: str
    content_type: str
    width: int
    height: int
    bytes: int


class StoredImages(BaseModel):
    """The images of one request, in its order."""

    images: list[StoredImage]


def _gallery(request: Request) -> Gallery:
    gallery: Gallery = request.app.state.gallery
    return gallery


async def _caller(
    request: Request,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
) -> Person | None:
    bearers: Bearers = request.app.state.bearers
    if token is not None:
        return await bearers.by_token(token.credentials)
    return await bearers.by_api_key(api_key) if api_key else None


Caller = Annotated[Person | None, Depends(_caller)]
WithGallery = Annotated[Gallery, Depends(_gallery)]


def routes() -> APIRouter:
    """The routes of the gallery."""
    router = APIRouter()
    router.add_api_route("/images", add, methods=["POST"], status_code=201, openapi_extra=_FORM)
    router.add_api_route("/images/{image_id}/content", content, methods=["GET"])
    return router


async def add(request: Request, caller: Caller, gallery: WithGallery) -> StoredImages:
    """Add one image or many: all of them, or none.

    Files are named `files`. `title`, `description`, `tags` (commas between) and `access`
    (`private`, `public`, `shared`) are given once for all files, or once for each.
    """
    if caller is None:
        challenge = {"www-authenticate": "Bearer"}
        raise Refusal(401, "missing-token", "an access token is needed", challenge)
    state, settings = request.app.state, _settings(request)
    if state.receiving >= _MOST_AT_ONCE:
        raise busy("overloaded", "too many uploads at once")
    state.receiving += 1
    try:
        most = settings.gallery.most_images + 1
        async with request.form(
            max_files=most, max_fields=most * len(FIELDS), max_part_size=_MOST_TEXT
        ) as form:
            added = await gallery.add(posted(form, settings.gallery), caller)
    except ClientDisconnect:
        raise Refusal(400, "bad-request", "the request ended before its body did") from None
    finally:
        state.receiving -= 1
    return StoredImages(images=[_stored(one, settings.public_url) for one in added])


async def content(image_id: UUID, caller: Caller, gallery: WithGallery) -> StreamingResponse:
    """The bytes of an image that the caller may see."""
    content_type, is_public, pieces = await gallery.read(image_id, caller)
    headers = {
        "cache-control": "public, max-age=60" if is_public else "private, no-store",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
    }
    return StreamingResponse(pieces, media_type=content_type, headers=headers)


def _settings(request: Request) -> ActionsSettings:
    settings: ActionsSettings = request.app.state.settings
    return settings


def _stored(added: AddedImage, public_url: str) -> StoredImage:
    image, said = added.image, added.image.said
    return StoredImage(
        id=added.id,
        url=public_url + added.path,
        **said.model_dump(),
        content_type=image.content_type,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
    )
