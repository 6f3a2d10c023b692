"""Descriptors: near for pictures that look alike, far for others, whatever the file is like."""

import io
import math
import random

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from actions.gallery.descriptor import LENGTH, descriptor
from actions.picture import Picture


def scenery(seed: int) -> Image.Image:
    made = random.Random(seed)
    blots = bytes(made.randrange(256) for _ in range(6 * 6 * 3))
    small = Image.frombytes("RGB", (6, 6), blots)
    return small.resize((160, 120), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))


def numbers(image: Image.Image, kind: str = "PNG") -> list[float]:
    written = io.BytesIO()
    image.save(written, kind)
    return descriptor(Picture(written.getvalue(), "", "", image.width, image.height))


def drawn_on(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).text((5, 5), "a caption", fill="white")
    return image


VARIANTS = [
    lambda image: image.resize((40, 30)),
    lambda image: image.resize((640, 480)),
    lambda image: image.crop((4, 3, 156, 117)),
    lambda image: ImageEnhance.Brightness(image).enhance(1.05),
    lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    drawn_on,
]


def test_it_has_its_length_and_its_meaning() -> None:
    plain = numbers(Image.new("RGB", (30, 20), "gray"))
    assert len(plain) == LENGTH == 16
    brightness, *others = plain
    assert brightness == pytest.approx(8 * 128, abs=1)
    assert [round(one) for one in others[:9]] == [0] * 9


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("variant", range(len(VARIANTS)))
def test_a_variant_is_nearer_than_every_other_picture(kind: str, variant: int) -> None:
    others = [numbers(scenery(seed)) for seed in range(1, 40)]
    original = numbers(scenery(0))
    changed = numbers(VARIANTS[variant](scenery(0)), kind)
    assert math.dist(original, changed) < min(math.dist(changed, other) for other in others) / 2


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert numbers(clear) == numbers(Image.new("RGB", (20, 20), "white"))
