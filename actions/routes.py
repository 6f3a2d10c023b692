"""The HTTP face: one route an action, as the metadata names them, and photos for everybody."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from actions.agenda import routes as agenda
from actions.calls import (
    ActionRoute,
    Call,
    CompleteImageUpload,
    FromTheEngine,
    Login,
    Refresh,
    Register,
    RequestImageUpload,
    UploadImage,
    person_of,
)
from actions.clinic import routes as clinic
from actions.gallery import routes as gallery
from actions.photos import Photos, StoredPhoto
from actions.reports import routes as reports
from actions.signing_in import AuthService


class Tokens(BaseModel):
    """What signing in gives; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class Registration(BaseModel):
    """Who somebody has become."""

    id: UUID
    username: str


class UploadedImage(BaseModel):
    """A photo as it was stored."""

    id: UUID
    url: str
    content_type: str
    width: int
    height: int
    bytes: int


class UploadField(BaseModel):
    """A field of the form to post."""

    name: str
    value: str


class ImageUpload(BaseModel):
    """A form to post to `url` as multipart: `fields` first, then the file, named `file`."""

    upload_id: UUID
    url: str
    fields: list[UploadField]
    expires_at: datetime


def _photos(request: Request) -> Photos:
    photos: Photos = request.app.state.photos
    return photos


def _auth(request: Request) -> AuthService:
    service: AuthService = request.app.state.auth
    return service


WithPhotos = Annotated[Photos, Depends(_photos)]
WithAuth = Annotated[AuthService, Depends(_auth)]
Through = Annotated[str | None, Header(alias="x-forwarded-for", include_in_schema=False)]


def routes() -> APIRouter:
    """Every route of the service but health."""
    router = APIRouter()
    router.include_router(_action_routes(), prefix="/actions", tags=["actions"])
    router.include_router(gallery.routes(), tags=["gallery"])
    router.add_api_route("/images/{name}", image, methods=["GET"], tags=["images"])
    return router


def _action_routes() -> APIRouter:
    router = APIRouter(dependencies=[FromTheEngine], route_class=ActionRoute)
    router.include_router(agenda.routes())
    router.include_router(clinic.routes())
    router.include_router(reports.routes())
    router.add_api_route("/login", login, methods=["POST"])
    router.add_api_route("/register", register, methods=["POST"])
    router.add_api_route("/refresh", refresh, methods=["POST"])
    router.add_api_route("/uploadImage", upload_image, methods=["POST"])
    router.add_api_route("/requestImageUpload", request_image_upload, methods=["POST"])
    router.add_api_route("/completeImageUpload", complete_image_upload, methods=["POST"])
    return router


async def login(call: Call[Login], auth: WithAuth, through: Through = None) -> Tokens:
    """Sign in with username and password, and a code where there is a second factor."""
    given = call.input
    body = {"username": given.username, "password": given.password.get_secret_value()}
    if given.code is not None:
        body["code"] = given.code.get_secret_value()
    return Tokens(**await auth.ask("/login", body, through))


async def register(call: Call[Register], auth: WithAuth, through: Through = None) -> Registration:
    """Become a user."""
    given = call.input
    password = given.password.get_secret_value()
    body = {"username": given.username, "email": given.email, "password": password}
    return Registration(**await auth.ask("/register", body, through))


async def refresh(call: Call[Refresh], auth: WithAuth) -> Tokens:
    """Swap a refresh token for new tokens."""
    body = {"refresh_token": call.input.refresh_token.get_secret_value()}
    return Tokens(**await auth.ask("/refresh", body))


async def upload_image(call: Call[UploadImage], photos: WithPhotos) -> UploadedImage:
    """Add a photo to an animal."""
    given = call.input
    return _uploaded(await photos.upload(given.animal_id, given.image, person_of(call)))


async def request_image_upload(call: Call[RequestImageUpload], photos: WithPhotos) -> ImageUpload:
    """A form with which a file can be posted straight to the object store."""
    asked = await photos.request(call.input.animal_id, person_of(call))
    fields = [UploadField(name=name, value=value) for name, value in asked.form.fields.items()]
    return ImageUpload(
        upload_id=asked.id, url=asked.form.url, fields=fields, expires_at=asked.expires_at
    )


async def complete_image_upload(
    call: Call[CompleteImageUpload], photos: WithPhotos
) -> UploadedImage:
    """Make a photo of what was posted with such a form."""
    return _uploaded(await photos.complete(call.input.upload_id, person_of(call)))


async def image(name: str, photos: WithPhotos) -> StreamingResponse:
    """The bytes of a photo."""
    content_type, pieces = await photos.read(name)
    headers = {
        "cache-control": "public, max-age=300",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
    }
    return StreamingResponse(pieces, media_type=content_type, headers=headers)


def _uploaded(photo: StoredPhoto) -> UploadedImage:
    picture = photo.picture
    return UploadedImage(
        id=photo.id,
        url=photo.url,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.content),
    )
