"""Geometry, geography and raster over a real PostGIS; skipped where the server has none."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

SQUARE = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))"
SCRIPT = f"""
create extension postgis;
create extension postgis_raster;
create table place (
    id int primary key, owner text not null default 'ann',
    shape geometry, spot geography(Point, 4326)
);
insert into place (id, shape, spot) values
    (1, 'SRID=4326;POINT(5 5)', 'SRID=4326;POINT(13.4 52.5)'),
    (2, 'SRID=4326;LINESTRING(-5 5, 5 5)', 'SRID=4326;POINT(13.5 52.5)'),
    (3, 'SRID=4326;{SQUARE}', 'SRID=4326;POINT(2.35 48.85)'),
    (4, 'SRID=4326;POLYGON((10 0, 20 0, 20 10, 10 10, 10 0))', null),
    (5, 'SRID=4326;POLYGON((5 5, 15 5, 15 15, 5 15, 5 5))', null),
    (6, 'SRID=4326;POLYGON((-1 -1, 11 -1, 11 11, -1 11, -1 -1))', null),
    (7, 'SRID=4326;POINT Z (5 5 100)', null),
    (8, null, null);
create table picture (id int primary key, image raster);
insert into picture select n, st_addband(st_addband(
    st_makeemptyraster(10, 10, n * 100, 10, 1, -1, 0, 0, 4326),
    '8BUI'::text, 1, 0), '8BUI'::text, n - 1, 0)
from generate_series(1, 2) as n;
"""
EVERYONE = {"columns": "*", "filter": {}, "allow_aggregations": True}
INSIDE = {"columns": ["id", "shape"], "filter": {"shape": {"_st_within": "X-Hasura-Area"}}}
NEAR = {
    "columns": ["id", "spot"],
    "filter": {"spot": {"_st_d_within": {"distance": "X-Hasura-Reach", "from": "X-Hasura-Spot"}}},
}
TABLES = [
    {
        "table": "place",
        "select_permissions": [
            {"role": "inside", "permission": INSIDE},
            {"role": "near", "permission": NEAR},
        ],
        "insert_permissions": [
            {
                "role": "inside",
                "permission": {"columns": ["id", "shape"], "check": INSIDE["filter"]},
            }
        ],
    },
    {"table": "picture"},
]


@pytest.fixture(scope="module")
def served(module_database_url: str) -> Iterator[Served]:
    names = "select count(*) from pg_available_extensions where name like 'postgis%'"
    with psycopg.connect(module_database_url) as connection:
        found = connection.execute(names).fetchone()
    if found is None or found[0] < 2:
        pytest.skip("this Postgres has no PostGIS: its package is postgresql-<version>-postgis-3")
    with serving(module_database_url, SCRIPT, source(module_database_url, TABLES)) as one:
        yield one


def point(x: float, y: float) -> Any:
    return {"type": "Point", "coordinates": [x, y]}


def square(low: float, high: float) -> Any:
    corners = [[low, low], [high, low], [high, high], [low, high], [low, low]]
    return {"type": "Polygon", "coordinates": [corners]}


def written(value: Any) -> str:
    """A JSON value as a GraphQL literal."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(written(one) for one in value) + "]"
    return json.dumps(value)


def found(served: Served, where: str, variables: Any = None, declared: str = "") -> list[int]:
    """The places of a condition, by id."""
    query = f"query {declared} {{ place(where: {where}, order_by: {{id: asc}}) {{ id }} }}"
    return [row["id"] for row in served.data(query, variables)["place"]]


LINE = {"type": "LineString", "coordinates": [[-5, 5], [5, 5]]}
CROSSING = {"type": "LineString", "coordinates": [[0, 0], [0, 10]]}
OPERATORS = [
    ("_st_contains", point(2, 2), [3, 6]),
    ("_st_crosses", CROSSING, [2]),
    ("_st_equals", square(0, 10), [3]),
    ("_st_equals", LINE, [2]),
    ("_st_intersects", point(5, 5), [1, 2, 3, 5, 6, 7]),
    ("_st_3d_intersects", {"type": "Point", "coordinates": [5, 5, 50]}, [1, 2, 3, 5, 6]),
    ("_st_overlaps", square(5, 15), [3, 4, 6]),
    ("_st_touches", square(10, 20), [3, 4]),
    ("_st_within", square(0, 10), [1, 3, 7]),
    ("_eq", point(5, 5), [1]),
    ("_neq", point(5, 5), [2, 3, 4, 5, 6, 7]),
    ("_in", [point(5, 5), LINE], [1, 2]),
    ("_nin", [point(5, 5), LINE], [3, 4, 5, 6, 7]),
]


@pytest.mark.parametrize(
    ("operator", "value", "ids"), OPERATORS, ids=[f"{one[0]}-{len(one[2])}" for one in OPERATORS]
)
def test_every_operator_of_geometry(
    served: Served, operator: str, value: Any, ids: list[int]
) -> None:
    type_ = "[geometry!]" if isinstance(value, list) else "geometry"
    assert found(served, f"{{shape: {{{operator}: {written(value)}}}}}") == ids
    by_variable = f"{{shape: {{{operator}: $v}}}}"
    assert found(served, by_variable, {"v": value}, f"($v: {type_}!)") == ids
    whole = {"w": {"shape": {operator: value}}}
    assert found(served, "$w", whole, "($w: place_bool_exp)") == ids


def test_distances_of_geometry(served: Served) -> None:
    for operator, distance, ids in (
        ("_st_d_within", 0, [4]),
        ("_st_d_within", 5, [3, 4, 5, 6]),
        ("_st_3d_d_within", 5, [3, 4, 5, 6]),
        ("_st_3d_d_within", 200, [1, 2, 3, 4, 5, 6, 7]),
    ):
        given = {"distance": distance, "from": point(15, 2)}
        assert found(served, f"{{shape: {{{operator}: {written(given)}}}}}") == ids
        by_variable = f"{{shape: {{{operator}: {{distance: $d, from: $p}}}}}}"
        variables = {"d": distance, "p": point(15, 2)}
        assert found(served, by_variable, variables, "($d: Float!, $p: geometry!)") == ids


def test_operators_of_geography(served: Served) -> None:
    berlin = point(13.4, 52.5)
    assert found(served, f"{{spot: {{_st_intersects: {written(berlin)}}}}}") == [1]
    for distance, ids in ((1, [1]), (10_000, [1, 2]), (1_000_000, [1, 2, 3])):
        for more in ({}, {"use_spheroid": False}, {"use_spheroid": True}):
            given = {"distance": distance, "from": berlin, **more}
            assert found(served, f"{{spot: {{_st_d_within: {written(given)}}}}}") == ids
    # Two points 6,783.9 m apart on a sphere, 6,792 m on the spheroid.
    for spheroid, ids in ((False, [1, 2]), (True, [1])):
        given = {"distance": 6_785, "from": berlin, "use_spheroid": spheroid}
        assert found(served, f"{{spot: {{_st_d_within: {written(given)}}}}}") == ids
    assert found(served, f"{{spot: {{_eq: {written(berlin)}}}}}") == [1]
    assert found(served, "{spot: {_is_null: true}}") == [4, 5, 6, 7, 8]


def test_casts_between_the_two(served: Served) -> None:
    around = square(2, 53)
    inside = f"{{spot: {{_cast: {{geometry: {{_st_within: {written(around)}}}}}}}}}"
    assert found(served, inside) == [1, 2, 3]
    near = {"distance": 200_000, "from": point(5, 6)}
    assert found(
        served, f"{{shape: {{_cast: {{geography: {{_st_d_within: {written(near)}}}}}}}}}"
    ) == [1, 2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    "shape",
    [
        point(1.5, -2.25),
        point(13.404953999999999, 52.520006599999999),
        square(0, 1),
        LINE,
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "MultiPolygon", "coordinates": [square(0, 1)["coordinates"]]},
        {"type": "GeometryCollection", "geometries": [point(1, 2), LINE]},
        {"type": "Point", "coordinates": [1, 2, 3]},
    ],
    ids=lambda shape: shape["type"],
)
def test_geojson_goes_in_and_comes_out(served: Served, shape: Any) -> None:
    try:
        one, whole = {"s": shape}, {"o": {"id": 11, "shape": shape}}
        for declared, given, variables in (
            ("", f"{{id: 9, shape: {written(shape)}}}", None),
            ("($s: geometry)", "{id: 10, shape: $s}", one),
            ("($o: place_insert_input!)", "$o", whole),
        ):
            insert = f"mutation {declared} {{ insert_place_one(object: {given}) {{ shape }} }}"
            shown = served.data(insert, variables)["insert_place_one"]["shape"]
            assert shown.pop("crs")["properties"]["name"].endswith("EPSG::4326")
            assert shown == shape
        change = "where: {id: {_eq: 9}}, _set: {shape: $s}"
        update = f"mutation ($s: geometry) {{ update_place({change}) {{ returning {{ shape }} }} }}"
        (row,) = served.data(update, {"s": point(7, 8)})["update_place"]["returning"]
        assert row["shape"]["coordinates"] == [7, 8]
    finally:
        served.data("mutation { delete_place(where: {id: {_gte: 9}}) { affected_rows } }")


def test_geography_goes_in_and_comes_out(served: Served) -> None:
    insert = (
        "mutation ($s: geography) { insert_place_one(object: {id: 9, spot: $s}) { spot shape } }"
    )
    try:
        made = served.data(insert, {"s": point(13.4, 52.5)})["insert_place_one"]
        assert made["spot"]["coordinates"] == [13.4, 52.5]
        assert made["shape"] is None
    finally:
        served.data("mutation { delete_place_by_pk(id: 9) { id } }")


RASTER_AT_105 = "select encode(st_asbinary(image), 'hex') from picture where id = 1"


def test_operators_of_raster(served: Served) -> None:
    def pictures(where: str, variables: Any = None, declared: str = "") -> list[int]:
        query = f"query {declared} {{ picture(where: {where}, order_by: {{id: asc}}) {{ id }} }}"
        return [row["id"] for row in served.data(query, variables)["picture"]]

    first = served.sql(RASTER_AT_105)
    assert pictures(f'{{image: {{_st_intersects_rast: "{first}"}}}}') == [1]
    assert pictures("{image: {_st_intersects_rast: $r}}", {"r": first}, "($r: raster)") == [1]
    for shape, ids in ((point(105, 5), [1]), (point(205, 5), [2]), (point(5, 5), [])):
        geometry = written(shape)
        given = f"{{geommin: {geometry}, nband: 1}}"
        assert pictures(f"{{image: {{_st_intersects_geom_nband: {given}}}}}") == ids
        assert pictures(f"{{image: {{_st_intersects_nband_geom: {given}}}}}") == ids
        assert pictures(f"{{image: {{_st_intersects_geom_nband: {{geommin: {geometry}}}}}}}") == ids
    # The second band of the first picture holds nothing but its value for no data.
    given = f"{{geommin: {written(point(105, 5))}, nband: 2}}"
    assert pictures(f"{{image: {{_st_intersects_nband_geom: {given}}}}}") == []
    given = f"{{geommin: {written(point(205, 5))}, nband: 2}}"
    assert pictures(f"{{image: {{_st_intersects_geom_nband: {given}}}}}") == [2]
    assert pictures("{image: {_is_null: false}}") == [1, 2]
    for operator, ids in (("_eq", [1]), ("_neq", [2])):
        assert pictures(f"{{image: {{{operator}: $r}}}}", {"r": first}, "($r: raster)") == ids
    for operator, ids in (("_in", [1]), ("_nin", [2])):
        assert pictures(f"{{image: {{{operator}: [$r]}}}}", {"r": first}, "($r: raster!)") == ids


AREA = json.dumps(square(0, 10))


def test_a_permission_within_an_area_of_the_session(served: Served) -> None:
    def seen(area: Any) -> Any:
        who = Session("inside", {"x-hasura-area": json.dumps(area)})
        query = "{ place(order_by: {id: asc}) { id } }"
        return [row["id"] for row in served.data(query, who=who)["place"]]

    assert seen(square(0, 10)) == [1, 3, 7]
    assert seen(square(4, 6)) == [1, 7]
    assert seen(square(50, 60)) == []


def test_a_check_within_an_area_of_the_session(served: Served) -> None:
    who = Session("inside", {"x-hasura-area": AREA})
    insert = "mutation ($s: geometry) { insert_place_one(object: {id: 9, shape: $s}) { id } }"
    refused = served.refusal(insert, {"s": point(11, 5)}, who)
    assert refused["code"] == "permission-error"
    assert served.data(insert, {"s": point(9, 5)}, who) == {"insert_place_one": {"id": 9}}
    served.data("mutation { delete_place_by_pk(id: 9) { id } }")


def test_a_permission_near_a_spot_of_the_session(served: Served) -> None:
    variables = {"x-hasura-reach": "10000", "x-hasura-spot": json.dumps(point(13.4, 52.5))}
    query = "{ place(order_by: {id: asc}) { id } }"
    assert served.data(query, who=Session("near", variables)) == {"place": [{"id": 1}, {"id": 2}]}
    without = served.refusal(query, who=Session("near", {"x-hasura-reach": "1"}))
    assert (without["code"], without["message"]) == (
        "not-found", 'missing session variable: "x-hasura-spot"')  # fmt: skip
    for broken in ("{}", "nowhere", '{"type": "Point"}', ""):
        who = Session("near", {**variables, "x-hasura-spot": broken})
        refused = served.refusal(query, who=who)
        assert refused["code"] in ("data-exception", "unexpected", "parse-failed"), refused
        assert "POINT" not in refused["message"]


BAD = {
    "a number": (5, "parsing Geometry failed, expected Object, but encountered Number"),
    "a text": ("POINT(1 2)", "parsing Geometry failed, expected Object, but encountered String"),
    "no type": ({"coordinates": [1, 2]}, 'key "type" not found'),
    "an unknown type": (
        {"type": "Circle", "coordinates": [1, 2]},
        "unexpected geometry type: Circle",
    ),
    "a list as type": (
        {"type": ["Point"], "coordinates": [1, 2]},
        "parsing Text failed, expected String, but encountered Array",
    ),
    "no coordinates": ({"type": "Point"}, 'key "coordinates" not found'),
    "a text as coordinates": (
        {"type": "Point", "coordinates": "1 2"},
        "parsing Position failed, expected Array, but encountered String",
    ),
    "no position": ({"type": "Point", "coordinates": []}, "A Position needs at least 2 elements"),
    "half a position": (
        {"type": "MultiPoint", "coordinates": [[1, 2], [1]]},
        "A Position needs at least 2 elements",
    ),
    "texts": (
        {"type": "Point", "coordinates": ["a", "b"]},
        "parsing Double failed, unexpected String",
    ),
    "nulls": (
        {"type": "Point", "coordinates": [None, 1]},
        "parsing Double failed, unexpected Null",
    ),
    "nested too deep": (
        {"type": "Point", "coordinates": [[1, 2]]},
        "parsing Double failed, unexpected Array",
    ),
    "a line of one": (
        {"type": "LineString", "coordinates": [[1, 2]]},
        "A LineString needs at least 2 Positions",
    ),
    "a ring of three": (
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]},
        "A LinearRing needs at least 4 Positions",
    ),
    "an open ring": (
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 1], [1, 0], [0, 1]]]]},
        "the first and last locations have to be equal for a LinearRing",
    ),
    "a broken collection": (
        {"type": "GeometryCollection", "geometries": [{"type": "Point"}]},
        'key "coordinates" not found',
    ),
    "a text as coordinate system": (
        {**point(1, 2), "crs": "EPSG:4326"},
        "parsing CRS failed, expected Object, but encountered String",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_geojson_is_refused(name: str, served: Served) -> None:
    value, message = BAD[name]
    query = "query ($v: geometry) { place(where: {shape: {_st_within: $v}}) { id } }"
    served.data(query, {"v": point(1, 2)})
    refused = served.refusal(query, {"v": value})
    path = "$.selectionSet.place.args.where.shape._st_within"
    assert refused == {"message": message, "path": path, "code": "parse-failed"}
    literal = f"{{ place(where: {{shape: {{_st_within: {written(value)}}}}}) {{ id }} }}"
    assert served.refusal(literal) == refused
    own = written(value)
    insert = f"mutation {{ insert_place_one(object: {{id: 9, spot: {own}}}) {{ id }} }}"
    path = "$.selectionSet.insert_place_one.args.object.spot"
    assert served.refusal(insert) == {**refused, "path": path}


def test_an_endless_coordinate_is_refused(served: Served) -> None:
    body = b"""{"query": "query ($v: geometry) { place(where: {shape: {_eq: $v}}) { id } }",
        "variables": {"v": {"type": "Point", "coordinates": [1e400, 1]}}}"""
    (error,) = json.loads(served.send(body).body)["errors"]
    assert (error["message"], error["extensions"]["code"]) == (
        "a number must be finite",
        "parse-failed",
    )


def test_another_coordinate_system(served: Served) -> None:
    def system(name: str) -> Any:
        return {**point(1, 2), "crs": {"type": "name", "properties": {"name": name}}}

    who = Session("inside", {"x-hasura-area": AREA})
    insert = "mutation ($v: geometry) { insert_place_one(object: {id: 9, shape: $v}) { shape } }"
    shown = served.data(insert, {"v": system("EPSG:3857")})["insert_place_one"]["shape"]
    served.data("mutation { delete_place_by_pk(id: 9) { id } }")
    assert shown["crs"]["properties"]["name"].endswith("EPSG::3857")
    query = "query ($v: geometry) { place(where: {shape: {_st_within: $v}}) { id } }"
    for name in ("EPSG:3857", "nowhere"):
        refused = served.refusal(query, {"v": system(name)}, who)
        assert refused == {"message": "database query error", "path": "$", "code": "unexpected"}


def test_aggregates_leave_shapes_out(served: Served) -> None:
    query = "{ place_aggregate { aggregate { count(columns: shape) max { id } } nodes { shape } } }"
    shown = served.data(query)["place_aggregate"]
    assert shown["aggregate"] == {"count": 7, "max": {"id": 8}}
    assert shown["nodes"][0]["shape"]["coordinates"] == [5, 5]
    refused = served.refusal("{ place_aggregate { aggregate { max { shape } } } }")
    assert refused["message"] == "field 'shape' not found in type: 'place_max_fields'"


def test_an_extension_in_a_schema_of_its_own(database_url: str, served: Served) -> None:
    script = """
    create schema gis;
    create extension postgis schema gis;
    create table place (id int primary key, shape gis.geometry, spot gis.geography);
    """
    assert served is not None
    with serving(database_url, script, source(database_url, [{"table": "place"}])) as apart:
        insert = (
            "mutation ($s: geometry, $g: geography) "
            "{ insert_place_one(object: {id: 1, shape: $s, spot: $g}) { shape spot } }"
        )
        made = apart.data(insert, {"s": point(1, 2), "g": point(3, 4)})["insert_place_one"]
        assert [made[key]["coordinates"] for key in ("shape", "spot")] == [[1, 2], [3, 4]]
        for where in (
            f"{{shape: {{_st_within: {written(square(0, 5))}}}}}",
            f"{{shape: {{_st_intersects: {written(point(1, 2))}}}}}",
            f"{{shape: {{_st_d_within: {{distance: 1, from: {written(point(1, 2))}}}}}}}",
            f"{{spot: {{_st_d_within: {{distance: 1, from: {written(point(3, 4))}}}}}}}",
            f"{{shape: {{_cast: {{geography: {{_st_intersects: {written(point(1, 2))}}}}}}}}}",
            f"{{shape: {{_eq: {written(point(1, 2))}}}}}",
            f"{{shape: {{_in: [{written(point(1, 2))}]}}}}",
        ):
            assert found(apart, where) == [1], where
