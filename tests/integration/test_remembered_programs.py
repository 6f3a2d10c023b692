"""A program is remembered for a document and the shape of its variables: what decides the SQL
inside a variable is part of that shape."""

import pytest

from tests.integration.security.bench import Json, bench


@pytest.mark.parametrize("first", [True, False])
async def test_a_boolean_inside_a_variable_that_shapes_the_sql(
    database_url: str, first: bool
) -> None:
    text = "query ($w: person_bool_exp) { person(where: $w, order_by: {id: asc}) { id } }"

    def counted(distinct: bool) -> Json:
        count = {"arguments": ["status"], "distinct": distinct, "predicate": {"_gt": 1}}
        return {"w": {"notes_aggregate": {"count": count}}}

    def missing(null: bool) -> Json:
        return {"w": {"notes_aggregate": {"count": {"predicate": {"_is_null": null}}}}}

    async with bench(database_url) as engine:
        for flag in (first, not first, first):
            answer = await engine.ask(text, variables=counted(flag))
            assert answer == {"data": {"person": [] if flag else [{"id": 1}]}}
            answer = await engine.ask(text, variables=missing(flag))
            assert len(answer["data"]["person"]) == (0 if flag else 3)
