"""Names of tables, columns, constraints and indexes that a role does not reach: no refusal tells
them to it, nor does its schema."""

from collections.abc import Iterator
from typing import Any

import pytest

from rowgate.base.session import Session
from tests.serving import Served, serving, source

Json = Any

SCHEMA = """
create table owner (id int primary key);
create table item (
    id int primary key, name text not null, secret text not null default 'x', code text, late text,
    owner int constraint hidden_owner_fkey references owner (id),
    constraint item_name_key unique (name),
    constraint item_late_key unique (late) deferrable,
    constraint item_code_key unique (code),
    constraint hidden_secret_key unique (secret),
    constraint name_check check (name <> ''),
    constraint hidden_secret_check check (secret <> name),
    constraint hidden_row_check check (item is not null or true)
);
create unique index item_name_index on item (lower(name));
create unique index hidden_index on item (code) where secret = 'y';
create table hidden_child (item int constraint hidden_fkey references item (id));
create table holder (id int primary key, item int constraint holder_fkey references item (id));
insert into owner values (1);
insert into item values (1, 'a', 's', 'c', 'l', 1), (2, 'b', 't', null, 'm', 1);
insert into hidden_child values (1);
insert into holder values (1, 2);
create function tell() returns trigger language plpgsql as $$
begin
    raise exception 'the row of "%" costs 4711 in hidden_child', old.secret using errcode = '23514';
end $$;
create trigger tell before update of late on item for each row execute function tell();
"""
GUEST = Session("guest", {"x-hasura-owner": "1"})
SHOWN = ["id", "name", "code", "late"]


def _all(role: str, columns: Json, presets: Json = None) -> dict[str, Json]:
    wide = {"columns": columns, "set": presets or {}}
    return {
        "select_permissions": [{"role": role, "permission": {"columns": columns, "filter": {}}}],
        "insert_permissions": [{"role": role, "permission": {**wide, "check": {}}}],
        "update_permissions": [{"role": role, "permission": {**wide, "filter": {}}}],
        "delete_permissions": [{"role": role, "permission": {"filter": {}}}],
    }


@pytest.fixture
def items(database_url: str) -> Iterator[Served]:
    tables = [
        {"table": "item", **_all("guest", SHOWN)},
        {"table": "holder", **_all("guest", ["id", "item"])},
        {"table": "owner"},
        {"table": "hidden_child"},
    ]
    with serving(database_url, SCHEMA, source(database_url, tables)) as served:
        yield served


INSERT = "mutation {{ insert_item(objects: [{{{}}}]) {{ affected_rows }} }}"
UPDATE = "mutation {{ update_item(where: {{id: {{_eq: 1}}}}, _set: {{{}}}) {{ affected_rows }} }}"
DELETE = "mutation {{ delete_item(where: {{id: {{_eq: {}}}}}) {{ affected_rows }} }}"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            DELETE.format(1),
            'Foreign key violation. update or delete on table "item" violates foreign key '
            "constraint on another table",
        ),
        (
            DELETE.format(2),
            'Foreign key violation. update or delete on table "item" violates foreign key '
            'constraint "holder_fkey" on table "holder"',
        ),
        (
            INSERT.format('id: 1, name: "n"'),
            'Uniqueness violation. duplicate key value violates unique constraint "item_pkey"',
        ),
        (
            INSERT.format('id: 3, name: "a"'),
            'Uniqueness violation. duplicate key value violates unique constraint "item_name_key"',
        ),
        (
            INSERT.format('id: 3, name: "A"'),
            "Uniqueness violation. duplicate key value violates unique constraint "
            '"item_name_index"',
        ),
        (
            INSERT.format('id: 3, name: "n"') + "",
            None,
        ),
        (
            INSERT.format('id: 3, name: ""'),
            'Check constraint violation. new row for relation "item" violates check constraint '
            '"name_check"',
        ),
        (
            INSERT.format('id: 3, name: "x"'),
            'Check constraint violation. new row for relation "item" violates check constraint',
        ),
        (
            INSERT.format("id: 3, name: null"),
            'Not-NULL violation. null value in column "name" of relation "item" violates not-null '
            "constraint",
        ),
        (
            UPDATE.format('late: "z"'),
            'Check constraint violation. the row of "…" costs … in hidden_child',
        ),
    ],
)
def test_a_violation_names_what_the_role_reaches(
    query: str, message: str | None, items: Served
) -> None:
    if message is None:
        assert items.data(query, who=GUEST)
        return
    refusal = items.refusal(query, who=GUEST)
    assert refusal["message"] == message
    assert set(refusal) == {"message", "path", "code"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "alter table item alter secret set default 's'",
            "Uniqueness violation. duplicate key value violates unique constraint",
        ),
        (
            "alter table item alter secret drop default",
            'Not-NULL violation. null value in a column of relation "item" violates not-null '
            "constraint",
        ),
        (
            "alter table item alter owner set default 99",
            'Foreign key violation. insert or update on table "item" violates foreign key '
            "constraint",
        ),
    ],
)
def test_a_violation_by_what_is_hidden_names_none_of_it(
    change: str, message: str, items: Served
) -> None:
    items.sql(change)
    query = INSERT.format('id: 3, name: "n"')
    assert items.refusal(query, who=GUEST)["message"] == message
    assert items.refusal(query)["message"] != message, "admins are told"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("alter table item drop column code", 'column "code" does not exist'),
        ("alter table item drop column secret", "a column does not exist"),
        ("alter table item rename to moved", 'relation "public.item" does not exist'),
        ("alter table owner rename to moved", "another table does not exist"),
        ("alter function priced(item) rename to moved", "a function does not exist"),
    ],
)
def test_what_the_database_lacks_is_named_where_the_role_reaches_it(
    change: str, message: str, database_url: str
) -> None:
    script = (
        SCHEMA
        + """create function priced(i item) returns int language sql stable
        as $$ select 1 $$;"""
    )
    hidden = {"secret": {"_neq": "q"}, "owned": {"id": {"_gt": 0}}}
    item = {
        "table": "item",
        "object_relationships": [
            {"name": "owned", "using": {"foreign_key_constraint_on": "owner"}}
        ],
        "computed_fields": [{"name": "price", "definition": {"function": "priced"}}],
        **_all("guest", SHOWN),
    }
    item["select_permissions"][0]["permission"] = {
        "columns": SHOWN,
        "computed_fields": ["price"],
        "filter": hidden,
    }
    document = source(database_url, [item, {"table": "owner"}])
    with serving(database_url, script, document) as served:
        served.sql(change)
        refusal = served.refusal("{ item { id code price } }", who=GUEST)
        assert refusal["message"] == f"database query error: {message}"
        assert refusal["code"] == "unexpected"
        assert "internal" not in refusal


def _constraints(items: Served, who: Session | None = None) -> Json:
    query = '{ __type(name: "item_constraint") { enumValues { name description } } }'
    values = items.data(query, who=who)["__type"]["enumValues"]
    return {one["name"]: one["description"] for one in values}


def test_a_role_upserts_on_constraints_over_columns_that_it_reaches(items: Served) -> None:
    assert _constraints(items, GUEST) == {
        "item_pkey": 'unique or primary key constraint on columns "id"',
        "item_name_key": 'unique or primary key constraint on columns "name"',
        "item_code_key": 'unique or primary key constraint on columns "code"',
    }
    assert set(_constraints(items)) == {*_constraints(items, GUEST), "hidden_secret_key"}


def test_a_deferrable_constraint_is_no_choice_since_postgres_takes_none(items: Served) -> None:
    assert "item_late_key" not in _constraints(items)
    text = INSERT.replace("}}]", "}}], on_conflict: {{constraint: {}, update_columns: []}}", 1)
    assert items.refusal(text.format("id: 3", "item_late_key"))["code"] == "validation-failed"
    for name in _constraints(items):
        items.data(text.format('id: 1, name: "a", secret: "s", code: "c", late: "o"', name))


def test_a_preset_column_counts_for_upserts(database_url: str) -> None:
    script = "create table pair (owner int, name text, constraint pair_key unique (owner, name))"
    table = {"table": "pair", **_all("guest", ["name"], {"owner": "X-Hasura-Owner"})}
    text = """mutation { insert_pair(objects: [{name: "n"}],
        on_conflict: {constraint: pair_key, update_columns: [name]}) { affected_rows } }"""
    with serving(database_url, script, source(database_url, [table])) as served:
        assert served.data(text, who=GUEST) == {"insert_pair": {"affected_rows": 1}}
        assert served.data(text, who=GUEST) == {"insert_pair": {"affected_rows": 1}}
