"""GeoJSON geometries (RFC 7946, 3.1): what is none is refused here, before PostGIS fails on it in
words that nobody may see.

Apart from the other scalars since it is the only one with a structure of its own.
"""

import math
from collections.abc import Callable
from functools import partial

from rowgate.base.errors import ParseFailed
from rowgate.base.json import Json

_KINDS = {dict: "Object", list: "Array", str: "String", bool: "Boolean", type(None): "Null"}


def check_geometry(value: Json) -> None:
    """Raises `ParseFailed`, without a path, where `value` is no geometry. What its coordinate
    system is, and whether the shape makes sense, is for PostGIS to say."""
    _expect(value, dict, "Geometry")
    kind = _member(value, "type")
    _expect(kind, str, "Text")
    if kind == "GeometryCollection":
        _each(check_geometry, _member(value, "geometries"))
    elif kind in _COORDINATES:
        _COORDINATES[kind](_member(value, "coordinates"))
    else:
        raise ParseFailed(f"unexpected geometry type: {kind}")
    if value.get("crs") is not None:
        _expect(value["crs"], dict, "CRS")


def _member(value: dict[str, Json], key: str) -> Json:
    if key not in value:
        raise ParseFailed(f'key "{key}" not found')
    return value[key]


def _expect(value: Json, wanted: type, name: str) -> None:
    if not isinstance(value, wanted):
        found = _KINDS.get(type(value), "Number")
        raise ParseFailed(
            f"parsing {name} failed, expected {_KINDS[wanted]}, but encountered {found}"
        )


def _each(check: Callable[[Json], None], value: Json) -> None:
    _expect(value, list, "[]")
    for one in value:
        check(one)


def _position(value: Json) -> None:
    _expect(value, list, "Position")
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int | float):
            found = _KINDS.get(type(one), "String")
            raise ParseFailed(f"parsing Double failed, unexpected {found}")
        if isinstance(one, float) and not math.isfinite(one):
            raise ParseFailed("a number must be finite")
    if len(value) < 2:
        raise ParseFailed("A Position needs at least 2 elements")


def _line(value: Json) -> None:
    _expect(value, list, "LineString")
    _each(_position, value)
    if len(value) < 2:
        raise ParseFailed("A LineString needs at least 2 Positions")


def _ring(value: Json) -> None:
    _expect(value, list, "LinearRing")
    _each(_position, value)
    if len(value) < 4:
        raise ParseFailed("A LinearRing needs at least 4 Positions")
    if value[0][:3] != value[-1][:3]:
        raise ParseFailed("the first and last locations have to be equal for a LinearRing")


_polygon = partial(_each, _ring)

_COORDINATES: dict[str, Callable[[Json], None]] = {
    "Point": _position,
    "MultiPoint": partial(_each, _position),
    "LineString": _line,
    "MultiLineString": partial(_each, _line),
    "Polygon": _polygon,
    "MultiPolygon": partial(_each, _polygon),
}
