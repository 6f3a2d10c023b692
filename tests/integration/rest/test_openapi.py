"""The OpenAPI document: who may read it, what it says of variables and answers, its warnings."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.rest.conftest import ADMIN, Rest, bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = {
    "found": "query ($held: uuid!, $weight: numeric, $done: Boolean! = true) { note(where: "
    "{held: {_eq: $held}, weight: {_eq: $weight}, done: {_eq: $done}}) { id weight "
    "... on note { at } ...part __typename } } fragment part on note { held }",
    "where": "query ($where: note_bool_exp!, $order: [note_order_by!]) "
    "{ list: note(where: $where, order_by: $order) { id } }",
    "stale": "query ($x: gone_bool_exp) { gone(where: $x) { id } note { id lost } }",
    "loop": "{ note { ...a } } fragment a on note { ...b } fragment b on note { id ...a }",
}


async def _document(rest: Rest) -> Any:
    response = await rest.http.get("/api/swagger/json", headers=ADMIN)
    assert response.status_code == 200, response.text
    return response.json()


async def _add(rest: Rest, name: str) -> None:
    given = {"collection_name": "notes", "query_name": name, "query": MORE[name]}
    await rest.command("add_query_to_collection", **given)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


async def test_only_admins_read_it(rest: Rest) -> None:
    await rest.open("all", "secret-path")
    refused = await rest.http.get("/api/swagger/json", headers=bearer())
    assert (refused.status_code, refused.json()["code"]) == (400, "access-denied")
    assert "secret-path" not in refused.text
    unknown = await rest.http.get("/api/swagger/json")
    assert unknown.status_code >= 400
    assert "secret-path" not in unknown.text
    wrong = await rest.http.post("/api/swagger/json", headers=ADMIN)
    assert wrong.status_code == 404


async def test_without_endpoints_it_is_empty(rest: Rest) -> None:
    document = await _document(rest)
    assert (document["openapi"], document["paths"], document["components"]) == ("3.0.0", {}, {})


async def test_variables_and_answers(rest: Rest) -> None:
    await _add(rest, "found")
    await rest.open("found", "found/:held", "GET", "POST", comment="what was found")
    document = await _document(rest)
    item = document["paths"]["/api/rest/found/{held}"]
    assert set(item) == {"get", "post"}
    operation = item["get"]
    assert operation["summary"] == "found/:held"
    assert operation["description"].startswith("what was found\n***\nThe GraphQl query")
    assert operation["responses"]["200"]["description"].startswith("Responses for GET /api/rest/")
    _, held, weight, done = operation["parameters"]
    assert (held["in"], held["required"], held["schema"]["type"]) == ("path", True, "string")
    assert re.fullmatch(held["schema"]["pattern"], "0a7c5e62-9d51-4c3e-8f0f-1b2c3d4e5f60")
    assert (weight["in"], weight["required"], weight["schema"]) == ("query", False, {})
    assert (done["required"], done["schema"]) == (False, {"default": True, "type": "boolean"})
    assert operation["requestBody"]["required"] is False
    shown = operation["responses"]["200"]["content"]["application/json"]["schema"]
    row = shown["properties"]["note"]["items"]["properties"]
    assert list(row) == ["id", "weight", "at", "held", "__typename"]
    assert row["id"] == {"title": "Int", "type": "integer", "nullable": False}
    assert row["at"] == {"$ref": "#/components/schemas/timestamptz"}
    assert row["__typename"]["nullable"] is False
    assert document["components"]["schemas"]["timestamptz"]["nullable"] is True


async def test_every_reference_and_path_variable_is_there(rest: Rest) -> None:
    for name in ("where", "found"):
        await _add(rest, name)
    await rest.open("where", "where", "POST")
    await rest.open("found", "found/:held")
    await rest.open("by_id", "notes/:id")
    await rest.open("add", "notes/:id", "PUT", name="put")
    document = await _document(rest)
    assert set(document["paths"]["/api/rest/notes/{id}"]) == {"get", "put"}
    for reference in _references(document):
        name = reference.removeprefix("#/components/schemas/")
        assert document["components"]["schemas"][name]["title"] == name.rstrip("!")
    for path, item in document["paths"].items():
        for operation in item.values():
            declared = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)
    body = document["paths"]["/api/rest/where"]["post"]["requestBody"]
    assert body["required"] is True
    given = body["content"]["application/json"]["schema"]["properties"]
    assert given["where"] == {"$ref": "#/components/schemas/note_bool_exp!"}
    enum = document["components"]["schemas"]["order_by"]
    assert "desc_nulls_last" in enum["enum"]


async def test_what_does_not_fit_the_schema_is_told(rest: Rest) -> None:
    await rest.sql("create table gone (id int); alter table note add lost int")
    await rest.command("pg_track_table", table="gone", source="default")
    await rest.command("reload_metadata")
    for name in ("stale", "loop"):
        await _add(rest, name)
        await rest.open(name, name)
    await rest.sql("drop table gone; alter table note drop lost")
    await rest.command("reload_metadata")
    document = await _document(rest)
    told = document["info"]["description"]
    assert 'Endpoint "stale":' in told
    for text in ("'gone' not found in type: 'query_root'", "'lost' not found in type: 'note'"):
        assert text in told
    assert "variable 'x': no input type 'gone_bool_exp' exists" in told
    note = document["paths"]["/api/rest/stale"]["get"]["responses"]["200"]["content"]
    assert list(note["application/json"]["schema"]["properties"]) == ["note"]
    looped = document["paths"]["/api/rest/loop"]["get"]["responses"]["200"]["content"]
    rows = looped["application/json"]["schema"]["properties"]["note"]["items"]
    assert list(rows["properties"]) == ["id"]
