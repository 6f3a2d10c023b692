"""One OpenAPI document of several: no path is lost, and equal names stay apart."""

from typing import Any

from rowgate.features.rest.merged import Part, merged, part_of

Json = Any
OWN: Json = {
    "openapi": "3.0.0",
    "info": {"title": "Rest Endpoints", "version": ""},
    "paths": {"/api/rest/events": {"get": {}}, "/healthz": {"get": {"summary": "own"}}},
    "components": {"schemas": {"Error": {"type": "object"}}},
}


def service(kind: str) -> Json:
    reference = {"$ref": "#/components/schemas/Error"}
    return {
        "openapi": "3.1.0",
        "info": {"title": kind, "version": "1"},
        "paths": {
            "/healthz": {"get": {"summary": kind}},
            "/login": {"post": {"security": [{"bearer": []}], "responses": {"400": reference}}},
        },
        "components": {
            "schemas": {"Error": {"type": kind, "items": [reference]}},
            "securitySchemes": {"bearer": {"type": "http"}},
        },
    }


def test_paths_have_their_prefix_and_components_stay_apart() -> None:
    found = merged("All", OWN, [Part("/auth", service("a")), Part("", service("b"))])
    assert set(found["paths"]) == {
        "/api/rest/events",
        "/healthz",
        "/auth/healthz",
        "/auth/login",
        "/login",
    }
    assert found["paths"]["/healthz"]["get"] == {"summary": "own"}
    assert found["info"]["title"] == "All"
    schemas = found["components"]["schemas"]
    assert set(schemas) == {"Error", "part1_Error", "part2_Error"}
    assert schemas["part1_Error"] == {
        "type": "a",
        "items": [{"$ref": "#/components/schemas/part1_Error"}],
    }
    login = found["paths"]["/auth/login"]["post"]
    assert login["responses"]["400"] == {"$ref": "#/components/schemas/part1_Error"}
    assert login["security"] == [{"part1_bearer": []}]
    assert set(found["components"]["securitySchemes"]) == {"part1_bearer", "part2_bearer"}
    assert OWN["paths"].keys() == {"/api/rest/events", "/healthz"}


def test_an_entry_is_an_address_with_or_without_a_prefix() -> None:
    assert part_of("http://a/openapi.json?x=1") == ("", "http://a/openapi.json?x=1")
    assert part_of("/auth/=http://a?x=1") == ("/auth", "http://a?x=1")
