"""Values of enum tables under both naming conventions: `graphql-default` spells them in upper case,
and the table keeps its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table color (value text primary key, comment text);
insert into color values ('red', 'the warm one'), ('darkBlue', null);
create table car (id int primary key, paint text not null default 'red' references color (value));
insert into car values (1, 'red'), (2, 'darkBlue');
"""


@pytest.fixture(params=["graphql-default", "hasura-default"])
def cars(request: pytest.FixtureRequest, database_url: str) -> Iterator[tuple[Served, Json]]:
    tables = [{"table": "color", "is_enum": True}, {"table": "car"}]
    document = source(database_url, tables)
    document["sources"][0]["customization"] = {"naming_convention": request.param}
    camel = request.param == "graphql-default"
    names = ("RED", "DARKBLUE", "ColorEnum") if camel else ("red", "darkBlue", "color_enum")
    with serving(database_url, SCHEMA, document, enums=("color",)) as served:
        yield served, names


def test_values_are_spelled_by_the_convention(cars: tuple[Served, Json]) -> None:
    served, (red, blue, enum) = cars
    query = f'{{ __type(name: "{enum}") {{ enumValues {{ name description }} }} }}'
    values = served.data(query)["__type"]["enumValues"]
    assert {one["name"]: one["description"] for one in values} == {red: "the warm one", blue: None}
    assert served.data("{ car(where: {id: {_eq: 2}}) { paint } }")["car"] == [{"paint": "darkBlue"}]
    for literal in (f"_eq: {blue}", f"_in: [{blue}]", f"_neq: {red}", f"_nin: [{red}]"):
        query = f"{{ car(where: {{paint: {{{literal}}}}}) {{ id }} }}"
        assert served.data(query) == {"car": [{"id": 2}]}
    query = f"query ($c: {enum}!) {{ car(where: {{paint: {{_eq: $c}}}}) {{ id }} }}"
    assert served.data(query, {"c": blue}) == {"car": [{"id": 2}]}
    assert served.refusal(query, {"c": "green"})["code"] == "validation-failed"
    where = {"paint": {"_in": [blue]}}
    boolean = "CarBoolExp" if red == "RED" else "car_bool_exp"
    query = f"query ($w: {boolean}!) {{ car(where: $w) {{ id }} }}"
    assert served.data(query, {"w": where}) == {"car": [{"id": 2}]}


def test_the_table_keeps_its_own_spelling(cars: tuple[Served, Json]) -> None:
    served, (red, blue, enum) = cars
    insert, update = ("insertCar", "updateCar") if red == "RED" else ("insert_car", "update_car")
    rows = "affectedRows" if red == "RED" else "affected_rows"
    served.data(f"mutation {{ {insert}(objects: [{{id: 3, paint: {blue}}}]) {{ {rows} }} }}")
    query = f"mutation ($c: {enum}!) {{ {update}(where: {{id: {{_eq: 1}}}}, _set: {{paint: $c}}) "
    served.data(query + f"{{ {rows} }} }}", {"c": blue})
    assert served.sql("select string_agg(paint, ' ' order by id) from car") == (
        "darkBlue darkBlue darkBlue"
    )
