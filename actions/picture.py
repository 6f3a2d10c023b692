"""Pictures from strangers: recognised by decoding, limited before decoding, written anew.

# Note [Untrusted pictures]
Nothing of a stranger's file is kept but its pixels: no metadata (places, comments, profiles), no
bytes after the end, no further frames or pictures. What a file makes the decoder do over and over
(chunks, scans) is counted before it is decoded. Formats come from an allow-list and by decoding,
never from a name or a content type; sizes are read from the header and refused before any pixel is.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from actions.settings import ImageLimits
from service.failures import Refusal

_FORMATS = {
    "JPEG": ("image/jpeg", "jpg", {"quality": 88}),
    "PNG": ("image/png", "png", {}),
    "WEBP": ("image/webp", "webp", {"quality": 86}),
}
_SEVERAL_IN_ONE = "MPO"
"""What the decoder calls a JPEG file that holds further pictures, as many cameras write them."""
_PNG_START = b"\x89PNG\r\n\x1a\n"
_JPEG_START = b"\xff\xd8"
_MOST_CHUNKS = 4096
_FILL, _END, _SCAN = 0xFF, 0xD9, 0xDA
_END_MISSING = -1
_WITHOUT_LENGTH = frozenset((0x00, 0x01, _FILL, *range(0xD0, 0xD9)))
"""Markers that no length follows, among them what stands for 0xFF in a scan."""
_MOST_SCANS = 32
"""Of a progressive JPEG: encoders write about ten, and each costs as much as a picture."""
_BROKEN = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A re-encoded picture: its bytes, MIME type, file extension and size in pixels."""

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int


def reencoded(content: bytes, limits: ImageLimits) -> Picture:
    """The picture in `content`, written anew (see Note [Untrusted pictures]).

    Raises `Refusal`: 413 beyond the limits, 415 for another format, 422 for a broken file.
    """
    if not content:
        raise Refusal(422, "broken-image", "the file is empty")
    if len(content) > limits.most_bytes:
        raise too_large(limits)
    if content.startswith(_PNG_START):
        _refuse_many_chunks(content)
    if content.startswith(_JPEG_START):
        _refuse_many_scans(content)
    try:
        with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as image:
            return _encoded(image, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(limits) from None
    except UnidentifiedImageError:
        raise Refusal(
            415, "unsupported-image", "only JPEG, PNG and WebP pictures are taken"
        ) from None
    except _BROKEN as error:
        raise Refusal(422, "broken-image", "the picture cannot be read") from error


def too_large(limits: ImageLimits) -> Refusal:
    """413, naming the limit."""
    most = limits.most_bytes
    return Refusal(413, "image-too-large", f"a picture may have at most {most} bytes")


def require_nothing_after(content: bytes) -> None:
    """Raises `Refusal` 422 where something follows the picture in its file, as in a file that is a
    page or an archive as well. Further pictures of a JPEG file may follow."""
    end = len(content)
    if content.startswith(_PNG_START):
        end = _png_end(content)
    elif content.startswith(_JPEG_START):
        end = _jpeg_end(content)
    elif content.startswith(b"RIFF"):
        size = int.from_bytes(content[4:8], "little")
        end = 8 + size + size % 2
    if content[end:].strip(b"\0"):
        raise Refusal(422, "broken-image", "something follows the picture in its file")


def _too_many_pixels(limits: ImageLimits) -> Refusal:
    most = limits.most_pixels
    return Refusal(413, "image-too-large", f"a picture may have at most {most} pixels")


def _encoded(image: Image.Image, limits: ImageLimits) -> Picture:
    if image.width * image.height > limits.most_pixels:
        raise _too_many_pixels(limits)
    kind = "JPEG" if image.format == _SEVERAL_IN_ONE else str(image.format)
    content_type, extension, options = _FORMATS[kind]
    turned = ImageOps.exif_transpose(image)
    has_alpha = turned.has_transparency_data and extension != "jpg"
    pixels = turned.convert("RGBA" if has_alpha else "RGB")
    pixels.info.clear()
    written = io.BytesIO()
    pixels.save(written, extension.replace("jpg", "jpeg"), **options)
    return Picture(written.getvalue(), content_type, extension, pixels.width, pixels.height)


def _refuse_many_chunks(content: bytes) -> None:
    for count, _ in enumerate(_chunks(content), 1):
        if count > _MOST_CHUNKS:
            raise Refusal(422, "broken-image", "the picture has too many parts")


def _png_end(content: bytes) -> int:
    return next((end for kind, end in _chunks(content) if kind == b"IEND"), len(content))


def _chunks(content: bytes) -> Iterator[tuple[bytes, int]]:
    """The type and the end of each chunk of a PNG."""
    position = len(_PNG_START)
    while position + 8 <= len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        yield content[position + 4 : position + 8], end
        position = end


def _refuse_many_scans(content: bytes) -> None:
    """Refuse a JPEG of too many scans. Those of further pictures, and of what stands in headers, do
    not count: they are not decoded."""
    scans = 0
    for marker, _ in _markers(content, 0):
        scans += marker == _SCAN
        if scans > _MOST_SCANS:
            raise Refusal(422, "broken-image", "the picture has too many parts")


def _jpeg_end(content: bytes) -> int:
    """Where the last picture of a JPEG file ends."""
    end = 0
    while content.startswith(_JPEG_START, end):
        last = _END_MISSING
        for marker, position in _markers(content, end):
            last = position if marker == _END else _END_MISSING
        if last == _END_MISSING:
            return len(content)
        end = last
    return end


def _markers(content: bytes, start: int) -> Iterator[tuple[int, int]]:
    """The markers of the JPEG at `start`, each with the position after it, up to its end."""
    position = start + len(_JPEG_START)
    while (position := content.find(b"\xff", position)) >= 0 and position + 2 <= len(content):
        marker = content[position + 1]
        if marker in _WITHOUT_LENGTH:
            position += 1 if marker == _FILL else 2
            continue
        yield marker, position + 2
        if marker == _END:
            return
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
