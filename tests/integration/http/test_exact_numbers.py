"""Numbers with more digits than a double has, from the body of a request to the row and back."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio

from rowgate.app import create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN = {"x-hasura-admin-secret": SECRET}
LONG = "123456789012345678901234567890.123456789"
TABLE = """
create table sum (
    id int primary key, amount numeric, big bigint, many numeric[], doc jsonb, raw json, f float8
);
"""
STORED = (
    "query ($n: numeric, $j: jsonb) "
    "{ sum(where: {amount: {_eq: $n}, doc: {_contains: $j}}) { id } }"
)
QUERY = {
    "source": "default",
    "root_field_name": "plus",
    "code": "select {{n}} + 1 as n",
    "arguments": {"n": {"type": "numeric"}},
    "returns": "one_number",
}
MODEL = {"name": "one_number", "fields": [{"name": "n", "type": {"scalar": "numeric"}}]}


@dataclass
class Sums:
    """A served engine with the table `sum`; bodies are sent and compared as texts."""

    http: httpx.AsyncClient

    async def post(self, path: str, body: str, **headers: str) -> httpx.Response:
        return await self.http.post(path, content=body, headers={**ADMIN, **headers})

    async def command(self, kind: str, args: str, path: str = "/v1/metadata") -> str:
        response = await self.post(path, f'{{"type": "{kind}", "args": {args}}}')
        assert response.status_code == 200, response.text
        return response.text

    async def ask(self, query: str, variables: str = "{}", **headers: str) -> str:
        body = f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
        return (await self.post("/v1/graphql", body, **headers)).text

    async def rows(self, expression: str) -> Any:
        """What Postgres holds, as texts."""
        sql = json.dumps(f"select {expression} from sum order by id")
        answer = json.loads(await self.command("run_sql", f'{{"sql": {sql}}}', "/v2/query"))
        return [row[0] for row in answer["result"][1:]]


@pytest.fixture(scope="module", autouse=True)
def _logging() -> Iterator[None]:
    yield from doubles.logging_kept()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(module_database_url: str) -> AsyncIterator[Sums]:
    urls = dict.fromkeys(("metadata_database_url", "database_url"), module_database_url)
    engine = create(doubles.with_jwt(settings_given=urls))
    async with (
        doubles.served(engine) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as http,
    ):
        made = Sums(http)
        await made.command("run_sql", json.dumps({"sql": TABLE}), "/v2/query")
        await made.command("pg_track_table", '{"source": "default", "table": "sum"}')
        await made.command("pg_track_logical_model", json.dumps({"source": "default", **MODEL}))
        await made.command("pg_track_native_query", json.dumps(QUERY))
        stored = {"queries": [{"name": "sums", "query": STORED}]}
        collection = json.dumps({"name": "stored", "definition": stored})
        await made.command("create_query_collection", collection)
        asked = {"query": {"collection_name": "stored", "query_name": "sums"}}
        endpoint = {"name": "sums", "url": "sums", "methods": ["GET", "POST"], "definition": asked}
        await made.command("create_rest_endpoint", json.dumps(endpoint))
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def sums(opened: Sums) -> Sums:
    """The table with one row."""
    sql = (
        f"truncate sum; insert into sum (id, amount, doc) values (1, {LONG}, '{{\"a\": [{LONG}]}}')"
    )
    await opened.command("run_sql", json.dumps({"sql": sql}), "/v2/query")
    return opened


INSERT = (
    "mutation ($o: sum_insert_input!) { insert_sum_one(object: $o) { amount big many doc raw } }"
)
VALUES = (
    f'"id": 2, "amount": {LONG}, "big": 9007199254740993.0, "many": [{LONG}, 1.5], '
    f'"doc": {{"a": [{LONG}]}}, "raw": {{"b": {LONG}}}'
)


@pytest.mark.parametrize("written", ["variable", "literal"])
async def test_an_insert_keeps_every_digit(sums: Sums, written: str) -> None:
    if written == "variable":
        answer = await sums.ask(INSERT, f'{{"o": {{{VALUES}}}}}')
    else:
        literal = VALUES.replace('"', "")
        answer = await sums.ask(INSERT.replace("$o)", f"{{{literal}}})").replace(
            "($o: sum_insert_input!)", ""))  # fmt: skip
    assert answer.count(LONG) == 4, answer
    assert "9007199254740993" in answer
    assert (await sums.rows("amount"))[1] == LONG
    assert (await sums.rows("big"))[1] == "9007199254740993"
    assert (await sums.rows("many"))[1] == f"{{{LONG},1.5}}"
    assert (await sums.rows("doc"))[1] == f'{{"a": [{LONG}]}}'
    assert json.loads((await sums.rows("raw"))[1], parse_float=str) == {"b": LONG}


async def test_a_change_keeps_every_digit(sums: Sums) -> None:
    change = "mutation ($n: numeric!, $j: jsonb) { update_sum(where: {}, _inc: {amount: $n}, _append: {doc: $j}) { returning { amount doc } } }"  # noqa: E501
    answer = await sums.ask(change, '{"n": 0.000000000000000000000000000001, "j": {"b": 1e-30}}')
    assert await sums.rows("amount") == [LONG + "000000000000000000001"], answer
    assert '"b": 0.000000000000000000000000000001' in (await sums.rows("doc"))[0]
    await sums.ask(
        f"mutation {{ update_sum(where: {{}}, _set: {{amount: -{LONG}}}) {{ affected_rows }} }}"
    )
    assert await sums.rows("amount") == [f"-{LONG}"]


@pytest.mark.parametrize(
    ("type_", "where", "held"),
    [
        ("numeric", "{amount: {_eq: $n}}", LONG),
        ("[numeric!]", "{amount: {_in: $n}}", f"[1, {LONG}]"),
        ("jsonb", "{doc: {_contains: $n}}", f'{{"a": [{LONG}]}}'),
        ("sum_bool_exp", "$n", f'{{"_or": [{{"amount": {{"_eq": {LONG}}}}}]}}'),
    ],
)
async def test_a_condition_sees_every_digit(sums: Sums, type_: str, where: str, held: str) -> None:
    query = f"query ($n: {type_}) {{ sum(where: {where}) {{ id }} }}"
    found = {"data": {"sum": [{"id": 1}]}}
    for _ in range(2):
        assert json.loads(await sums.ask(query, f'{{"n": {held}}}')) == found
        near = held.replace(LONG, LONG[:-1] + "8")
        assert json.loads(await sums.ask(query, f'{{"n": {near}}}')) == {"data": {"sum": []}}


async def test_a_number_inside_a_json_literal_decides_by_all_digits(sums: Sums) -> None:
    query = "query ($n: jsonb) { sum(where: {doc: {_contains: {a: [$n]}}}) { id } }"
    for number, found in ((LONG, [{"id": 1}]), (LONG[:-1] + "8", []), (LONG, [{"id": 1}])):
        answer = await sums.ask(query, f'{{"n": {number}}}')
        assert json.loads(answer) == {"data": {"sum": found}}


async def test_a_native_query_takes_every_digit(sums: Sums) -> None:
    answer = await sums.ask(
        "query ($n: numeric!) { plus(args: {n: $n}) { n } }", f'{{"n": {LONG}}}'
    )
    assert LONG.replace("890.", "891.") in answer
    assert LONG.replace("890.", "891.") in await sums.ask(
        f"{{ plus(args: {{n: {LONG}}}) {{ n }} }}"
    )


async def test_a_stored_operation_takes_every_digit(sums: Sums) -> None:
    in_body = await sums.post("/api/rest/sums", f'{{"n": {LONG}, "j": {{"a": [{LONG}]}}}}')
    assert in_body.json() == {"sum": [{"id": 1}]}
    for number, found in ((LONG, [{"id": 1}]), (LONG[:-1] + "8", [])):
        response = await sums.post(f"/api/rest/sums?n={number}", '{"j": {}}')
        assert response.json() == {"sum": found}


async def test_the_legacy_api_keeps_every_digit(sums: Sums) -> None:
    objects = f'[{{"id": 5, "amount": {LONG}, "doc": {{"a": {LONG}}}}}]'
    await sums.command("insert", f'{{"table": "sum", "objects": {objects}}}', "/v1/query")
    asked = (
        f'{{"table": "sum", "columns": ["amount", "doc"], "where": {{"amount": {LONG}, "id": 5}}}}'
    )
    assert (await sums.command("select", asked, "/v1/query")).count(LONG) == 2
    change = f'{{"table": "sum", "where": {{"id": 5}}, "$inc": {{"amount": {LONG}}}}}'
    await sums.command("update", change, "/v1/query")
    assert (await sums.rows("amount"))[1] == "246913578024691357802469135780.246913578"


async def test_a_permission_keeps_every_digit(sums: Sums) -> None:
    permission = f'{{"columns": ["id"], "filter": {{"amount": {{"_lte": {LONG}}}}}}}'
    args = f'{{"source": "default", "table": "sum", "role": "user", "permission": {permission}}}'
    await sums.command("pg_create_select_permission", args)
    try:
        assert LONG in await sums.command("export_metadata", "{}")
        user = {"x-hasura-role": "user"}
        assert json.loads(await sums.ask("{ sum { id } }", **user)) == {
            "data": {"sum": [{"id": 1}]}
        }
        above = "mutation { update_sum(where: {}, _inc: {amount: 0.000000001}) { affected_rows } }"
        await sums.ask(above)
        assert json.loads(await sums.ask("{ sum { id } }", **user)) == {"data": {"sum": []}}
    finally:
        args = '{"source": "default", "table": "sum", "role": "user"}'
        await sums.command("pg_drop_select_permission", args)


HOSTILE = {
    "1e1000000000": "parse-failed",
    "-1e-1000000000": "parse-failed",
    "1e99999999999999999999": "parse-failed",
    "1" * 10_000: "parse-failed",
    "0." + "1" * 10_000: "parse-failed",
    "NaN": "invalid-json",
    "Infinity": "invalid-json",
    "1e": "invalid-json",
    '"1e1000000000"': "data-exception",
    '"1.2.3"': "data-exception",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
async def test_a_hostile_number_is_refused_at_once(sums: Sums, text: str) -> None:
    for type_, column in (("numeric", "amount"), ("bigint", "big"), ("float8", "f")):
        query = f"query ($n: {type_}!) {{ sum(where: {{{column}: {{_eq: $n}}}}) {{ id }} }}"
        started = time.perf_counter()
        error = json.loads(await sums.ask(query, f'{{"n": {text}}}'))["errors"][0]
        assert error["extensions"]["code"] == HOSTILE[text]
        assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("literal", ["1e1000000000", "1" * 10_000, "0." + "1" * 10_000])
async def test_a_hostile_literal_is_refused_at_once(sums: Sums, literal: str) -> None:
    started = time.perf_counter()
    answer = await sums.ask(f"{{ sum(where: {{amount: {{_eq: {literal}}}}}) {{ id }} }}")
    assert json.loads(answer)["errors"][0]["extensions"]["code"] == "parse-failed"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("given", "held"),
    [("-0", "0"), ("-0.0", "0"), ("1e3", "1000"), ("1e400", "1e400"), ("1e-400", "1e-400")],
)
async def test_edges_that_are_numbers(sums: Sums, given: str, held: str) -> None:
    add = "mutation ($n: numeric) { insert_sum_one(object: {id: 9, amount: $n}) { amount } }"
    await sums.ask(add, f'{{"n": {given}}}')
    assert Decimal((await sums.rows("amount"))[1]) == Decimal(held)


async def test_the_text_nan_is_a_value_of_numeric(sums: Sums) -> None:
    add = "mutation ($n: numeric) { insert_sum_one(object: {id: 9, amount: $n}) { amount } }"
    answer = json.loads(await sums.ask(add, '{"n": "NaN"}'))
    assert answer == {"data": {"insert_sum_one": {"amount": "NaN"}}}


async def test_what_does_not_fit_the_type_is_a_data_exception(sums: Sums) -> None:
    for type_, column in (("float8", "f"), ("bigint", "big")):
        query = f"query ($n: {type_}!) {{ sum(where: {{{column}: {{_eq: $n}}}}) {{ id }} }}"
        answer = json.loads(await sums.ask(query, '{"n": 1e400}'))
        assert answer["errors"][0]["extensions"]["code"] == "data-exception"
    answer = json.loads(await sums.ask("{ sum(limit: 1e400) { id } }"))
    assert answer["errors"][0]["extensions"]["code"] == "parse-failed"
    answer = json.loads(await sums.ask("{ sum(offset: 1e400) { id } }"))
    assert answer["errors"][0]["extensions"]["code"] == "data-exception"


SPELLED = (
    '"id": 3, "amount": 1.10, "many": [2.50, 1e2], "doc": {"a": 1.10, "b": [1e2, 0.00001]}, '
    '"raw": {"a": 1.10, "b": 1e2}, "f": 2.50'
)


@pytest.mark.parametrize("written", ["variable", "literal"])
async def test_digits_are_kept_as_they_were_sent(sums: Sums, written: str) -> None:
    insert = "mutation ($o: sum_insert_input!) { insert_sum_one(object: $o) { amount doc raw } }"
    if written == "variable":
        answer = await sums.ask(insert, f'{{"o": {{{SPELLED}}}}}')
    else:
        literal = SPELLED.replace('"', "")
        answer = await sums.ask(insert.replace("$o)", f"{{{literal}}})").replace(
            "($o: sum_insert_input!)", ""))  # fmt: skip
    assert (await sums.rows("amount"))[1] == "1.10", answer
    assert (await sums.rows("many"))[1] == "{2.50,100}"
    assert (await sums.rows("doc"))[1] == '{"a": 1.10, "b": [100, 0.00001]}'
    assert (await sums.rows("raw"))[1] == '{"a":1.10,"b":1e2}'
    assert (await sums.rows("f"))[1] == "2.5"
    assert '"amount" : 1.10' in answer


async def test_the_legacy_api_keeps_them_and_the_scale_of_a_product(sums: Sums) -> None:
    await sums.command("insert", f'{{"table": "sum", "objects": [{{{SPELLED}}}]}}', "/v1/query")
    assert (await sums.rows("raw"))[1] == '{"a":1.10,"b":1e2}'
    where = '"table": "sum", "where": {"id": 3}'
    for change, amount in (
        ('"$set": {"amount": 45.00}', "45.00"),
        ('"$mul": {"amount": 1.10}', "49.5000"),
        ('"$inc": {"amount": -1.5e0}', "48.0000"),
        ('"$mul": {"amount": 1e1}', "480.0000"),
    ):
        await sums.command("update", f"{{{where}, {change}}}", "/v1/query")
        assert (await sums.rows("amount"))[1] == amount


async def test_numbers_that_mean_one_integer_stay_integers(sums: Sums) -> None:
    for text in ("1", "1.0", "1.00", "1e0", '"1"', "10e-1"):
        query = "query ($n: Int!) { sum(where: {id: {_eq: $n}}, limit: 1) { id } }"
        assert await sums.ask(query, f'{{"n": {text}}}') == '{"data":{"sum":[{"id":1}]}}', text
