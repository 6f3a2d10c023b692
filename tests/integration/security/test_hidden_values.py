"""What fails on a row that a role does not see: it is not evaluated there, and what fails on a row
that it does see quotes nothing that the request did not send."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from rowgate.pipeline import Endpoint
from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table home (id int primary key, open boolean not null);
create table kid (
    id int primary key, home int not null references home (id), body text, age int, day date
);
insert into home values (1, true), (2, false);
insert into kid (id, home, body, age) values
    (1, 1, '5', 1), (2, 2, 'secret words', 2), (3, 2, 'more words', 3);
create view joined as select k.id, k.body::int as num, k.body, h.open, k.home, k.age
    from kid k join home h on h.id = k.home;
create view plain as select id, body::int as num, home from kid;
create view above as select id, num, home from plain;
create view loud as select id, home, (body || ' of')::int as num from kid;
create function number_of(k kid) returns int language sql stable as $$ select k.body::int $$;
create function kids_of(h home) returns setof kid language sql stable as
    $$ select * from kid where home = h.id and body::int > 0 $$;
create function twins(k kid) returns setof kid language sql stable as
    $$ select k.id, k.home, k.body::int::text, k.age, k.day $$;
create function since(young int) returns setof kid language plpgsql stable as
    $$ begin return query select id, home, body, body::int, day from kid where age >= young; end $$;
create function looked() returns trigger language plpgsql as $$
begin
    perform body::int from kid where id = 2;
    return new;
end $$;
create trigger looked before update on home for each row execute function looked();
"""
OPEN = {"home_of": {"open": {"_eq": True}}}
GUEST = Session("guest", {})
MOST = {"filter": OPEN, "columns": "*", "allow_aggregations": True}


def _select(**more: Json) -> Json:
    return [
        {"role": "guest", "permission": {**MOST, **more}},
        {"role": "left", "permission": {**MOST, **more}},
        {"role": "right", "permission": {**MOST, "columns": ["id"], "filter": {"id": {"_eq": 0}}}},
    ]


def _home(name: str = "home_of") -> Json:
    between = {"remote_table": "home", "column_mapping": {"home": "id"}}
    return [{"name": name, "using": {"manual_configuration": between}}]


def _tables() -> list[Json]:
    kid: Json = {
        "table": "kid",
        "object_relationships": _home(),
        "computed_fields": [
            {"name": "number", "definition": {"function": "number_of"}},
            {"name": "twins", "definition": {"function": "twins"}},
        ],
        "select_permissions": _select(computed_fields=["number"]),
        "update_permissions": [
            {"role": "guest", "permission": {"columns": ["age", "day"], "filter": OPEN}}
        ],
        "delete_permissions": [{"role": "guest", "permission": {"filter": OPEN}}],
        "insert_permissions": [{"role": "guest", "permission": {"columns": "*", "check": {}}}],
    }
    kid["select_permissions"][2]["permission"]["computed_fields"] = []
    home: Json = {
        "table": "home",
        "array_relationships": [
            {
                "name": "kids",
                "using": {"foreign_key_constraint_on": {"table": "kid", "column": "home"}},
            }
        ],
        "computed_fields": [{"name": "found", "definition": {"function": "kids_of"}}],
        "select_permissions": [
            {"role": "guest", "permission": {"columns": ["id", "open"], "filter": {"open": True}}}
        ],
        "update_permissions": [
            {"role": "guest", "permission": {"columns": ["open"], "filter": {"open": True}}}
        ],
    }
    views = [
        {"table": name, "object_relationships": _home(), "select_permissions": _select()}
        for name in ("joined", "plain", "above", "loud")
    ]
    return [kid, home, *views]


@pytest.fixture(scope="module")
def homes(module_database_url: str) -> Iterator[Served]:
    functions = [{"function": "since"}]
    inherited = {"both": ["left", "right"]}
    document = source(module_database_url, _tables(), functions, inherited)
    with serving(module_database_url, SCHEMA, document) as served:
        yield served


@pytest.mark.parametrize(
    "query",
    [
        "{ joined(where: {num: {_gt: 0}}) { id } }",
        "{ joined(where: {num: {_is_null: false}}) { id } }",
        "{ joined(where: {_or: [{num: {_gt: 0}}, {id: {_eq: 1}}]}) { id } }",
        "{ joined(where: {_not: {num: {_lt: 0}}}) { id } }",
        '{ joined(where: {body: {_neq: ""}, num: {_in: [5]}}) { id num } }',
        "{ plain(where: {num: {_gt: 0}}) { id } }",
        "{ above(where: {num: {_gt: 0}}) { id } }",
        "{ above(order_by: {num: asc}) { id } }",
        "{ above(order_by: {num: asc}, distinct_on: num) { id } }",
        "{ joined_aggregate(where: {num: {_gt: 0}}) { aggregate { count sum { num } } } }",
        "{ kid(where: {number: {_gt: 0}}) { id number } }",
        "{ kid(where: {twins: {age: {_gt: 0}}}) { id } }",
        "{ kid(order_by: {number: desc}) { id } }",
        "{ kid_aggregate(where: {number: {_gt: 0}}) { aggregate { count } nodes { number } } }",
        "{ home(where: {kids: {number: {_gt: 0}}}) { id } }",
        "{ home(where: {found: {age: {_gt: 0}}}) { id } }",
        "{ home { id kids(where: {number: {_gt: 0}}) { id } } }",
        "{ home { id kids_aggregate(where: {number: {_gt: 0}}) { aggregate { count } } } }",
        "{ home(where: {kids_aggregate: {count: {predicate: {_eq: 1},"
        " filter: {number: {_gt: 0}}}}}) { id } }",
        '{ kid(where: {body: {_like: "secret \\\\"}}) { id } }',
        '{ kid(where: {body: {_nlike: "secret \\\\"}}) { id } }',
        "mutation { update_kid(where: {number: {_gt: 0}}, _set: {age: 1}) { affected_rows } }",
        "mutation { delete_kid(where: {number: {_gt: 9}}) { affected_rows } }",
        "mutation { insert_kid(objects: [{id: 1, home: 1}], on_conflict: {constraint: kid_pkey,"
        " update_columns: [age], where: {number: {_gt: 9}}}) { affected_rows } }",
    ],
)
def test_nothing_is_evaluated_on_a_hidden_row(query: str, homes: Served) -> None:
    answer = homes.ask(query, who=GUEST)
    assert "errors" not in answer, answer
    ((_, value),) = answer["data"].items()
    if isinstance(value, list):
        assert [row["id"] for row in value] == [1] if "_like" not in query else value == []


def test_an_inherited_role_evaluates_nothing_either(homes: Served) -> None:
    who = Session("both", {})
    query = "{ kid(where: {number: {_gt: 0}}) { id } joined(where: {num: {_gt: 0}}) { id } }"
    assert homes.data(query, who=who) == {"kid": [{"id": 1}], "joined": [{"id": 1}]}


@pytest.mark.parametrize("pattern", ["(", "[", "a{2,1}"])
@pytest.mark.parametrize("operator", ["_regex", "_nregex", "_iregex", "_niregex", "_similar"])
def test_a_broken_pattern_does_not_tell_of_hidden_rows(
    operator: str, pattern: str, homes: Served
) -> None:
    where = f"{{id: {{_eq: 2}}, body: {{{operator}: $p}}}}"
    query = f"query ($p: String!) {{ kid(where: {where}) {{ id }} }}"
    there = homes.ask(query, {"p": pattern}, GUEST)
    assert there == homes.ask(query.replace("_eq: 2", "_eq: 99"), {"p": pattern}, GUEST)
    assert there == {"data": {"kid": []}}


def test_an_open_escape_is_refused_before_any_row(homes: Served) -> None:
    query = "query ($p: String!) { kid(where: {body: {_like: $p}}) { id } }"
    for pattern in ("secret \\", "nobody \\"):
        assert homes.refusal(query, {"p": pattern}, GUEST) == {
            "message": "LIKE pattern must not end with escape character",
            "path": "$",
            "code": "bad-request",
        }
    assert homes.data(query, {"p": "5\\\\"}, GUEST) == {"kid": []}


def test_a_page_after_a_cursor_evaluates_nothing_on_hidden_rows(homes: Served) -> None:
    def page(after: str) -> Json:
        query = f"""{{ kid_connection(first: 1, order_by: {{number: asc}}{after}) {{
            edges {{ cursor node {{ number }} }} }} }}"""
        answer = homes.ask(query, who=GUEST, endpoint=Endpoint.RELAY)
        assert "errors" not in answer, answer
        return answer["data"]["kid_connection"]["edges"]

    (first,) = page("")
    assert first["node"] == {"number": 5}
    assert page(f', after: "{first["cursor"]}"') == []


def test_stored_columns_of_views_stand_beside_the_filter(homes: Served) -> None:
    """So that their indexes serve them: only expressions stand behind it."""
    for table, column, behind in (
        ("joined", "age", False),
        ("joined", "num", True),
        ("above", "id", False),
        ("above", "num", True),
        ("kid", "age", False),
        ("kid", "number", True),
    ):
        with homes.watched() as ran:
            homes.data(f"{{ {table}(where: {{{column}: {{_eq: 1}}}}) {{ id }} }}", who=GUEST)
        assert ("case when" in ran[-1].text) is behind, (table, column)


@pytest.mark.parametrize(
    "query",
    [
        "{ loud { num } }",
        "{ loud(order_by: {num: asc}) { id } }",
        "{ loud_aggregate { aggregate { max { num } } } }",
        "{ loud(where: {num: {_gt: 0}}) { id } }",
        "{ home { id } loud { num } }",
    ],
)
def test_no_value_is_quoted_that_was_not_sent(query: str, homes: Served) -> None:
    """The row is the role's to see; what it holds where it fails may be another column's."""
    refusal = homes.refusal(query, who=GUEST)
    assert refusal == {
        "message": 'invalid input syntax for type integer: "…"',
        "path": "$",
        "code": "data-exception",
    }
    assert 'of"' in homes.refusal(query)["message"], "admins are told"


def test_batches_and_large_requests_quote_as_little(homes: Served) -> None:
    query = "{ loud { num } }"
    batch = [{"query": query}, {"query": query + " " * 300_000}]
    answers = json.loads(homes.send(json.dumps(batch).encode(), GUEST).body)
    large = json.dumps({"query": query + " " * 200_000}).encode()
    for answer in (*answers, json.loads(homes.send(large, GUEST).body)):
        assert "5 of" not in json.dumps(answer)
        assert "errors" in answer


def test_a_function_that_fails_on_what_it_reads_quotes_nothing(homes: Served) -> None:
    query = "query ($d: Int!) { since(args: {young: $d}) { age } }"
    refusal = homes.refusal(query, {"d": 2}, GUEST)
    assert refusal["message"] == 'invalid input syntax for type integer: "…"'


def test_a_trigger_that_fails_on_what_it_reads_quotes_nothing(homes: Served) -> None:
    query = "mutation { update_home(where: {}, _set: {open: true}) { affected_rows } }"
    refusal = homes.refusal(query, who=GUEST)
    assert refusal["message"] == 'invalid input syntax for type integer: "…"'
    assert "secret words" in homes.refusal(query)["message"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ kid(where: {day: {_eq: "no day"}}) { id } }', None),
        ("query ($d: date!) { kid(where: {day: {_eq: $d}}) { id } }", {"d": "no day"}),
        ('mutation { update_kid(where: {}, _set: {day: "no day"}) { affected_rows } }', None),
    ],
)
def test_a_value_that_was_sent_is_quoted(query: str, variables: Json, homes: Served) -> None:
    refusal = homes.refusal(query, variables, GUEST)
    assert refusal["message"] == 'invalid input syntax for type date: "no day"'
