"""Pictures from strangers: what is refused, and what is left of those that are taken."""

import contextlib
import io
import resource
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from actions.photos import decoded
from actions.picture import Picture, reencoded, require_nothing_after
from actions.settings import ImageLimits
from service.failures import Refusal

LIMITS = ImageLimits(most_bytes=2_000_000, most_pixels=1_000_000)


def made(
    kind: str, mode: str = "RGB", size: tuple[int, int] = (32, 20), **options: object
) -> bytes:
    """A picture of that format."""
    written = io.BytesIO()
    Image.new(mode, size, "red" if mode.startswith("RGB") else 1).save(written, kind, **options)
    return written.getvalue()


def refused(content: bytes, limits: ImageLimits = LIMITS) -> tuple[int, str]:
    """Status and code of the refusal of `content`."""
    with pytest.raises(Refusal) as caught:
        reencoded(content, limits)
    return caught.value.status_code, caught.value.code


def reopened(picture: Picture) -> Image.Image:
    """What a client gets."""
    image = Image.open(io.BytesIO(picture.content))
    image.load()
    return image


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header claims that size."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "content_type", "extension"),
    [
        ("JPEG", "image/jpeg", "jpg"),
        ("PNG", "image/png", "png"),
        ("WEBP", "image/webp", "webp"),
    ],
)
def test_a_picture_keeps_its_format_and_size(kind: str, content_type: str, extension: str) -> None:
    picture = reencoded(made(kind), LIMITS)
    assert (picture.content_type, picture.extension) == (content_type, extension)
    assert (picture.width, picture.height) == (32, 20)
    image = reopened(picture)
    assert image.format == kind
    assert image.size == (32, 20)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_mode_of_png_is_taken(mode: str) -> None:
    assert reopened(reencoded(made("PNG", mode), LIMITS)).size == (32, 20)


def test_transparency_stays() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(written, "PNG")
    assert reopened(reencoded(written.getvalue(), LIMITS)).getpixel((0, 0)) == (0, 0, 0, 0)


def test_cmyk_jpeg_becomes_rgb() -> None:
    written = io.BytesIO()
    Image.new("CMYK", (4, 4)).save(written, "JPEG")
    assert reopened(reencoded(written.getvalue(), LIMITS)).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "EPS", "PPM", "TGA", "ICO"])
def test_other_formats_are_refused_whatever_they_are_called(kind: str) -> None:
    assert refused(made(kind)) == (415, "unsupported-image")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        b"<html><body>photo.jpg</body></html>",
        b"\0" * 100,
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBP",
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert refused(content)[0] in (415, 422)


def test_nothing_is_refused_as_empty() -> None:
    assert refused(b"") == (422, "broken-image")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_bytes_after_the_end_are_dropped(kind: str) -> None:
    script = b"<script>alert(document.cookie)</script>"
    picture = reencoded(made(kind) + script, LIMITS)
    assert b"script" not in picture.content


def test_comments_profiles_texts_and_places_are_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret-description"
    exif.get_ifd(0x8825)[1] = "N"
    texts = PngInfo()
    texts.add_text("note", "secret-note")
    texts.add_itxt("html", "<script>secret</script>")
    contents = [
        made("JPEG", exif=exif, comment=b"secret-comment", icc_profile=b"secret-profile" * 20),
        made("PNG", exif=exif, pnginfo=texts, icc_profile=b"secret-profile" * 20),
        made("WEBP", exif=exif, xmp=b"secret-xmp"),
    ]
    for content in contents:
        picture = reencoded(content, LIMITS)
        assert b"secret" in content
        assert b"secret" not in picture.content
        image = reopened(picture)
        assert dict(image.getexif()) == {}
        assert not {"comment", "icc_profile", "exif", "xmp", "note", "html"} & set(image.info)


def test_orientation_is_applied_before_it_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = reencoded(made("JPEG", exif=exif), LIMITS)
    assert (picture.width, picture.height) == (20, 32)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_one_frame_stays(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:])
    assert getattr(reopened(reencoded(written.getvalue(), LIMITS)), "n_frames", 1) == 1


@pytest.mark.parametrize("size", [(50_000, 50_000), (1_000_001, 1), (1001, 1000), (2**31 - 1, 9)])
def test_a_bomb_is_refused_before_a_pixel_is_read(size: tuple[int, int]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(png_of_size(*size)) == (413, "image-too-large")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20 * 1024


def test_a_picture_at_the_limits_is_taken() -> None:
    content = made("PNG", size=(1000, 1000))
    limits = ImageLimits(most_bytes=len(content), most_pixels=1_000_000)
    assert reencoded(content, limits).width == 1000
    smaller = ImageLimits(most_bytes=len(content) - 1, most_pixels=1_000_000)
    assert refused(content, smaller) == (413, "image-too-large")


def test_a_hundred_thousand_chunks_are_refused() -> None:
    start, header = (
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
    )
    content = start + header + chunk(b"tEXt", b"a\0b") * 100_000
    assert refused(content) == (422, "broken-image")


def test_a_text_bomb_in_a_png_is_refused() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000))
    plain = made("PNG")
    assert refused(plain[:33] + bomb + plain[33:])[0] == 422


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_in_the_middle_is_refused(kind: str) -> None:
    content = made(kind, size=(300, 300))
    assert refused(content[: len(content) // 2]) == (422, "broken-image")


_SAMPLES: dict[str, bytes] = {kind: made(kind) for kind in ("JPEG", "PNG", "WEBP")}


def _mutated(kind: str, changes: list[tuple[int, int]]) -> bytes:
    content = bytearray(_SAMPLES[kind])
    for position, value in changes:
        content[position % len(content)] = value
    return bytes(content)


_changes = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=20)


@settings(max_examples=400, deadline=None)
@given(st.builds(_mutated, st.sampled_from(sorted(_SAMPLES)), _changes))
def test_a_damaged_picture_is_taken_or_refused_but_never_breaks(content: bytes) -> None:
    statuses = []
    try:
        picture = reencoded(content, LIMITS)
        statuses.append(200)
        assert reopened(picture).size == (picture.width, picture.height)
    except Refusal as refusal:
        statuses.append(refusal.status_code)
    assert statuses[0] in (200, 413, 415, 422)


def test_base64_is_strict_and_measured_before_it_is_decoded() -> None:
    tiny = ImageLimits(most_bytes=3)
    assert decoded("AAAA", tiny) == b"\0\0\0"
    refusals: list[tuple[str, int]] = [("AAAAAAAA", 413), ("AA*A", 422), ("AAA", 422), ("ä", 422)]
    for text, status in refusals:
        with pytest.raises(Refusal) as caught:
            decoded(text, tiny)
        assert caught.value.status_code == status


def mpo(*colours: str) -> bytes:
    """Several pictures in one JPEG file."""
    written = io.BytesIO()
    first, *others = [Image.new("RGB", (32, 20), colour) for colour in colours]
    first.save(written, "MPO", save_all=True, append_images=others)
    return written.getvalue()


def test_of_several_pictures_in_one_the_first_counts() -> None:
    content = mpo("red", "blue")
    with Image.open(io.BytesIO(content)) as several:
        assert (several.format, several.n_frames) == ("MPO", 2)  # type: ignore[attr-defined]
    picture = reencoded(content, LIMITS)
    assert (picture.content_type, picture.extension) == ("image/jpeg", "jpg")
    image = reopened(picture)
    assert (image.format, image.size) == ("JPEG", (32, 20))
    red, _, blue = image.getpixel((3, 3))  # type: ignore[misc]
    assert red > 200
    assert blue < 50
    assert picture.content.count(b"\xff\xd9") == 1


def with_scans(count: int) -> bytes:
    """A progressive JPEG with so many scans: its last one again and again."""
    content = made("JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    scan, end = content[last:-2], content[-2:]
    return content[:-2] + scan * (count - content.count(b"\xff\xda")) + end


def test_scans_are_counted_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reencoded(with_scans(32), LIMITS).width == 32
    monkeypatch.setattr(Image, "open", None)
    for count in (33, 400, 20_000):
        assert refused(with_scans(count)) == (422, "broken-image")


def test_scans_that_are_not_decoded_do_not_count() -> None:
    thumbnails = b"\xff\xda" * 1_000
    segment = b"\xff\xe5" + struct.pack(">H", 2 + len(thumbnails)) + thumbnails
    plain = made("JPEG")
    assert reencoded(plain[:2] + segment + plain[2:], LIMITS).width == 32
    assert reencoded(plain + with_scans(400), LIMITS).width == 32


@pytest.mark.parametrize(
    "content", [b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"\xff" * 999]
)
def test_what_only_begins_like_a_jpeg_is_refused(content: bytes) -> None:
    assert refused(content)[0] in (415, 422)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("behind", [b"<html></html>", b"\0\0x", b"PK\x03\x04", b"*/=1;"])
def test_what_follows_a_picture_is_found(kind: str, behind: bytes) -> None:
    content = made(kind)
    require_nothing_after(content)
    require_nothing_after(content + b"\0\0")
    with pytest.raises(Refusal) as caught:
        require_nothing_after(content + behind)
    assert (caught.value.status_code, caught.value.code) == (422, "broken-image")


def test_further_pictures_of_a_file_may_follow() -> None:
    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    written = io.BytesIO()
    first.save(written, "MPO", save_all=True, append_images=[second])
    require_nothing_after(written.getvalue())
    require_nothing_after(made("JPEG", progressive=True, optimize=True))
    with pytest.raises(Refusal):
        require_nothing_after(written.getvalue() + b"<html>")


@given(st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF", b""]))
def test_any_bytes_are_read_or_refused(content: bytes, start: bytes) -> None:
    with contextlib.suppress(Refusal):
        require_nothing_after(start + content)
