"""What a picture looks like, in numbers of which near ones mean pictures that look alike.

It is the colour layout descriptor of MPEG-7: the picture shrunk to 8 by 8 pixels in YCbCr, of each
channel the lowest frequencies of its discrete cosine transform. Scale, format and compression
hardly change it.
"""

import io
import math

from PIL import Image

from actions.picture import Picture

_SIDE = 8
_KEPT = {"Y": 10, "Cb": 3, "Cr": 3}
LENGTH = sum(_KEPT.values())
_ZIGZAG = ((0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2), (2, 1), (3, 0))
_COSINES = [
    [
        math.cos((2 * at + 1) * frequency * math.pi / (2 * _SIDE))
        * math.sqrt((2 if frequency else 1) / _SIDE)
        for at in range(_SIDE)
    ]
    for frequency in range(_SIDE)
]


def descriptor(picture: Picture) -> list[float]:
    """The descriptor of a picture, `LENGTH` numbers. What is transparent counts as white."""
    with Image.open(io.BytesIO(picture.content)) as image:
        small = image.convert("RGBA").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    white = Image.new("RGBA", small.size, "white")
    flat = Image.alpha_composite(white, small).convert("YCbCr")
    numbers: list[float] = []
    for channel, kept in zip(flat.split(), _KEPT.values(), strict=True):
        values = list(channel.tobytes())
        numbers += [round(_coefficient(values, *at), 3) for at in _ZIGZAG[:kept]]
    return numbers


def _coefficient(values: list[int], down: int, across: int) -> float:
    return sum(
        value * _COSINES[down][place // _SIDE] * _COSINES[across][place % _SIDE]
        for place, value in enumerate(values)
    )
