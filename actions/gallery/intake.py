"""What is posted to the gallery: files, and what is said of each, checked before any is decoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData, UploadFile

from actions.picture import too_large
from actions.settings import GalleryLimits, ImageLimits
from service.failures import Refusal

FILES = "files"
FIELDS = ("title", "description", "tags", "access")
MOST_TAGS = 20
_UNKNOWN_TYPES = {"", "application/octet-stream"}
_NO_NUL = r"^[^\x00]*$"
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Description(BaseModel):
    """What is said of one image; `tags` in the form have commas between."""

    model_config = ConfigDict(hide_input_in_errors=True)

    title: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_NUL)]
    description: Annotated[str, StringConstraints(max_length=5000, pattern=_NO_NUL)] = ""
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    access: Literal["public", "private", "shared"] = "private"


@dataclass(frozen=True, slots=True)
class Posted:
    """One file, and what is said of it."""

    file: UploadFile
    said: Description


def posted(form: FormData, limits: GalleryLimits) -> list[Posted]:
    """What was posted. A field that is given once counts for all files, otherwise it is given once
    a file, in the files' order. Raises `Refusal` 400, and 413 for too many files."""
    unknown = sorted(set(form) - {FILES, *FIELDS})
    if unknown:
        raise _wrong(f"{ascii(unknown[0])[1:-1][:100]}: no such field")
    files = [one for one in form.getlist(FILES) if isinstance(one, UploadFile)]
    if not files:
        raise _wrong(f"{FILES}: at least one file is needed")
    if len(files) > limits.most_images:
        told = f"a request may have at most {limits.most_images} images"
        raise Refusal(413, "too-many-images", told)
    columns = {name: _column(form, name, len(files)) for name in FIELDS}
    return [Posted(file, _said(columns, place)) for place, file in enumerate(files)]


async def content_of(file: UploadFile, limits: ImageLimits) -> bytes:
    """The bytes of a file. Raises `Refusal` 413 where there are too many."""
    if (file.size or 0) > limits.most_bytes:
        raise too_large(limits)
    return await file.read()


def require_type(file: UploadFile, content_type: str) -> None:
    """Raises `Refusal` 415 where the file was sent as something else than it is."""
    claimed = (file.content_type or "").partition(";")[0].strip().lower()
    if claimed not in _UNKNOWN_TYPES and claimed.replace("/jpg", "/jpeg") != content_type:
        told = f"the file is {content_type}, but was sent as something else"
        raise Refusal(415, "content-type-mismatch", told)


def _column(form: FormData, name: str, count: int) -> Sequence[str] | None:
    values = form.getlist(name)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise _wrong(f"{name}: is a text, not a file")
    if not texts:
        return None
    if len(texts) not in (1, count):
        raise _wrong(f"{name}: give it once, or once for each of the {count} files")
    return texts if len(texts) == count else texts * count


def _said(columns: dict[str, Sequence[str] | None], place: int) -> Description:
    given: dict[str, object] = {}
    for name, column in columns.items():
        if column is not None:
            given[name] = _tags(column[place]) if name == "tags" else column[place]
    try:
        return Description.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(f"{first['loc'][0]}: {first['msg']}") from None


def _tags(text: str) -> list[str]:
    if "\0" in text:
        raise _wrong("tags: must not have NUL characters")
    return list(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def _wrong(message: str) -> Refusal:
    return Refusal(400, "parse-failed", message)
