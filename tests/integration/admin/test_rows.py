"""Rows through the legacy API: for admins and for other roles, with the contract's refusals."""

from dataclasses import replace

import pytest

from rowgate.base.json import Json
from rowgate.base.session import Session
from tests.integration.admin.conftest import Desk

USER = Session("user", {"x-hasura-user-id": "1", "x-hasura-role": "user"})


@pytest.fixture
async def filled(library: Desk) -> Desk:
    authors = [{"name": "Ada"}, {"name": "Bob"}, {"name": "Cyd", "active": False}]
    articles = [
        {"title": "b", "author_id": 1},
        {"title": "a", "author_id": 1},
        {"title": "c", "author_id": 3},
    ]
    await library.do("insert", {"table": "author", "objects": authors})
    await library.do("insert", {"table": "article", "objects": articles})
    return library


async def test_select_with_relationships_order_and_limits(filled: Desk) -> None:
    query = {
        "table": "author",
        "columns": [
            "name",
            {"name": "articles", "alias": "works", "columns": ["title"], "order_by": "+title"},
        ],
        "where": {"articles": {"title": {"$in": ["a", "b", "c"]}}},
        "order_by": ["-id"],
        "limit": 5,
        "offset": 1,
    }
    assert await filled.do("select", query) == [
        {"name": "Ada", "works": [{"title": "a"}, {"title": "b"}]}
    ]


async def test_order_by_a_relationship(filled: Desk) -> None:
    query = {
        "table": "article",
        "columns": ["title"],
        "order_by": [{"column": "author.name", "type": "desc"}, "+title"],
    }
    answer = await filled.do("select", query, to="/v2/query")
    assert [row["title"] for row in answer] == ["c", "a", "b"]


async def test_null_in_where_and_a_row_without_a_value(filled: Desk) -> None:
    await filled.do("insert", {"table": "author", "objects": [{"active": None}]})
    query = {"table": "author", "columns": ["id"], "order_by": ["id"]}
    for where, ids in (
        ({"name": {"$eq": None}}, [4]),
        ({"name": None}, [4]),
        ({"name": {"$ne": None}}, [1, 2, 3]),
        ({"name": {"_neq": "Ada"}}, [2, 3]),
        ({"active": {"_ne": True}}, [3]),
        ({"id": {"$eq": None}}, []),
        ({"id": {"$ne": None}}, []),
    ):
        answer = await filled.do("select", {**query, "where": where})
        assert [row["id"] for row in answer] == ids, where
    hidden = {"columns": ["id"], "filter": {"active": {"$ne": True}}}
    args = {"table": "author", "role": "guest", "permission": hidden}
    await filled.do("create_select_permission", args)
    command = {"type": "select", "args": {"table": "author", "columns": ["id"]}}
    assert await filled.send(command, session=Session("guest", {})) == (200, [{"id": 3}])


async def test_a_refusal_shows_a_role_only_what_it_reaches(filled: Desk) -> None:
    await filled.sql("alter table article rename constraint article_author_id_fkey to hidden_fkey")
    wide = {"table": "author", "role": "user", "permission": {"columns": "*", "filter": {}}}
    await filled.do("create_update_permission", wide)
    narrow = {"table": "author", "role": "user", "permission": {"filter": {}}}
    await filled.do("create_delete_permission", narrow)
    await filled.do("drop_select_permission", {"table": "article", "role": "user"})
    delete = {"type": "delete", "args": {"table": "author", "where": {"id": 1}}}
    status, answer = await filled.send(delete, session=USER)
    assert (status, answer["error"]) == (
        400,
        'Foreign key violation. update or delete on table "author" violates foreign key '
        "constraint on another table",
    )
    assert "hidden_fkey" in (await filled.send(delete))[1]["error"]
    change = {"table": "author", "where": {}, "$set": {"id": "many"}}
    status, answer = await filled.send({"type": "update", "args": change}, session=USER)
    assert answer["error"] == 'invalid input syntax for type integer: "many"'


async def test_star_shows_what_the_role_may_see(filled: Desk) -> None:
    command = {"type": "select", "args": {"table": "author", "columns": ["*"]}}
    assert (await filled.send(command))[1][2] == {"id": 3, "name": "Cyd", "active": False}
    assert await filled.send(command, session=USER) == (200, [{"id": 1, "name": "Ada"}])


async def test_related_rows_stand_under_their_own_filter(filled: Desk) -> None:
    columns = ["title", {"name": "author", "columns": ["name"]}]
    command = {"type": "select", "args": {"table": "article", "columns": columns}}
    status, rows = await filled.send(command, session=USER)
    assert status == 200
    assert {row["title"] for row in rows} == {"a", "b"}, "an inactive author's article is hidden"
    assert all(row["author"] == {"name": "Ada"} for row in rows)


@pytest.mark.parametrize(
    ("kind", "args", "code", "path"),
    [
        ("select", {"table": "nobody", "columns": ["id"]}, "not-exists", "$.args.table"),
        ("select", {"table": "author", "columns": ["x"]}, "permission-denied", "$.args.columns[0]"),
        ("select", {"table": "author"}, "parse-failed", "$"),
        (
            "select",
            {"table": "author", "columns": [], "offset": -1},
            "not-supported",
            "$.args.offset",
        ),
        ("select", {"table": "author", "columns": [], "limit": "1"}, "parse-failed", "$.limit"),
        (
            "count",
            {"table": "author", "distinct": ["x"]},
            "permission-denied",
            "$.args.distinct[0]",
        ),
        (
            "select",
            {"table": "author", "columns": ["id"], "where": {"x": 1}},
            "not-exists",
            "$.args.where",
        ),
        (
            "insert",
            {"table": "author", "objects": [{"id": 1}], "on_conflict": {}},
            "parse-failed",
            "$.on_conflict",
        ),
        (
            "insert",
            {"table": "author", "objects": [{"id": 1}], "on_conflict": {"action": "update"}},
            "unexpected-payload",
            "$.args.on_conflict",
        ),
        ("insert", {"table": "author", "objects": [{"id": 1}]}, "constraint-violation", "$.args"),
        ("update", {"table": "author", "where": {}}, "unexpected-payload", "$.args"),
        (
            "update",
            {"table": "author", "where": {}, "$set": {"name": "x"}, "$default": ["name"]},
            "validation-failed",
            "$.args",
        ),
        (
            "update",
            {"table": "author", "where": {}, "$default": {"id": 1}},
            "parse-failed",
            '$["$default"]',
        ),
        (
            "update",
            {"table": "author", "where": {}, "$default": [1]},
            "parse-failed",
            '$["$default"][0]',
        ),
        (
            "update",
            {"table": "author", "where": {}, "$default": ["x"]},
            "permission-denied",
            '$.args["$default"]',
        ),
        ("delete", {"table": "author"}, "parse-failed", "$"),
    ],
)
async def test_refusals(filled: Desk, kind: str, args: Json, code: str, path: str) -> None:
    answer = await filled.refused(kind, args)
    assert (answer["code"], answer["path"]) == (code, path)


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("insert", {"table": "author", "objects": [{"name": "Eve"}]}),
        ("update", {"table": "author", "where": {}, "$set": {"name": "Eve"}}),
        ("delete", {"table": "author", "where": {}}),
        ("select", {"table": "author", "columns": ["active"]}),
        ("select", {"table": "author", "columns": ["id"], "where": {"active": True}}),
        ("count", {"table": "author", "where": {"active": True}}),
    ],
)
async def test_a_role_does_only_what_it_may(filled: Desk, kind: str, args: Json) -> None:
    status, answer = await filled.send({"type": kind, "args": args}, session=USER)
    assert (status, answer["code"]) == (400, "permission-denied")
    assert "internal" not in answer
    assert await filled.do("count", {"table": "author"}) == {"count": 3}


async def test_writes(filled: Desk) -> None:
    updated = {"table": "author", "where": {"id": 2}, "$set": {"name": "Ben"}, "$inc": {"id": 10}}
    assert await filled.do("update", {**updated, "returning": ["id", "name"]}) == {
        "affected_rows": 1,
        "returning": [{"id": 12, "name": "Ben"}],
    }
    upsert = {"action": "update", "constraint_on": ["name"]}
    row = {"name": "Ada", "active": False}
    args = {"table": "author", "objects": [row], "on_conflict": upsert, "returning": ["*"]}
    assert await filled.do("insert", args) == {
        "affected_rows": 1,
        "returning": [{"id": 1, **row}],
    }
    args["on_conflict"] = {"action": "ignore", "constraint": "author_name_key"}
    assert await filled.do("insert", args) == {"affected_rows": 0, "returning": []}
    gone = await filled.do("delete", {"table": "article", "where": {"author": {"name": "Cyd"}}})
    assert gone == {"affected_rows": 1}
    counted = {"table": "article", "distinct": ["author_id"]}
    assert await filled.do("count", counted) == {"count": 1}


@pytest.mark.parametrize("key", ["$default", "_default"])
async def test_columns_take_their_defaults(filled: Desk, key: str) -> None:
    await filled.do("update", {"table": "author", "where": {}, "$set": {"active": False}})
    changes = {"$set": {"name": "Ben"}, key: ["active"]}
    updated = {"table": "author", "where": {"id": 2}, **changes, "returning": ["name", "active"]}
    assert await filled.do("update", updated) == {
        "affected_rows": 1,
        "returning": [{"name": "Ben", "active": True}],
    }
    whole = {"table": "article", "where": {}, key: ["author_id"], "returning": ["author_id"]}
    answer = await filled.do("update", whole)
    assert {row["author_id"] for row in answer["returning"]} == {None}, "no default: null"


async def test_a_role_gives_no_default_to_what_it_may_not_set(filled: Desk) -> None:
    permission: Json = {"columns": ["name"], "filter": {}, "check": None}
    given = {"table": "author", "role": "user", "permission": permission}
    await filled.do("create_update_permission", given)
    command = {"table": "author", "where": {}, "$default": ["active"]}
    status, answer = await filled.send({"type": "update", "args": command}, session=USER)
    assert (status, answer["code"], answer["path"]) == (
        400,
        "permission-denied",
        '$.args["$default"]',
    )
    allowed = {**command, "where": {"id": 1}, "$default": ["name"]}
    status, answer = await filled.send({"type": "update", "args": allowed}, session=USER)
    assert (status, answer) == (200, {"affected_rows": 1})


async def test_values_are_data(filled: Desk) -> None:
    hostile = "x'); drop table author; -- $1 %s X-Hasura-User-Id"
    await filled.do("insert", {"table": "author", "objects": [{"name": hostile}]})
    query = {"table": "author", "columns": ["name"], "where": {"name": hostile}}
    assert await filled.do("select", query) == [{"name": hostile}]


def parts(levels: int) -> Json:
    """Columns of an author behind so many relationships."""
    columns: Json = ["id"]
    for level in range(levels, 0, -1):
        columns = [{"name": "articles" if level % 2 else "author", "columns": columns}]
    return columns


def related(levels: int) -> Json:
    """A condition on an author behind so many relationships."""
    where: Json = {}
    for level in range(levels, 0, -1):
        where = {"$or": [{"articles" if level % 2 else "author": where}]}
    return where


@pytest.mark.parametrize(
    "asked",
    [
        lambda n: {"columns": parts(n)},
        lambda n: {"columns": ["id"], "where": related(n)},
        lambda n: {
            "columns": [
                {
                    "name": "articles",
                    "columns": [{"name": "author", "columns": ["id"], "where": related(n - 2)}],
                }
            ]
        },
        lambda n: {
            "columns": [
                {
                    "name": "articles",
                    "columns": ["id"],
                    "where": {"$exists": {"_table": "author", "_where": related(n - 2)}},
                }
            ]
        },
    ],
)
async def test_levels_of_relationships_are_limited_for_roles(filled: Desk, asked: Json) -> None:
    def command(levels: int) -> Json:
        return {"type": "select", "args": {"table": "author", **asked(levels)}}

    status, answer = await filled.send(command(13), session=USER)
    assert (status, answer["code"]) == (400, "validation-failed")
    assert answer["error"] == "too many levels of relationships"
    assert (await filled.send(command(12), session=USER))[0] == 200
    assert (await filled.send(command(13)))[0] == 200


async def test_sorting_counts_as_a_level(filled: Desk) -> None:
    limits = replace(filled.settings, relationship_limit=1)
    filled.world.settings = limits
    one = {"columns": ["id"], "order_by": "+author.name"}
    command = {"type": "select", "args": {"table": "article", **one}}
    assert (await filled.send(command, session=USER))[0] == 200
    two = {"columns": [{"name": "articles", **one}]}
    command = {"type": "select", "args": {"table": "author", **two}}
    status, answer = await filled.send(command, session=USER)
    assert (status, answer["error"]) == (400, "too many levels of relationships")
    assert (await filled.send(command))[0] == 200


@pytest.mark.parametrize(
    "args",
    [
        {"columns": ["id"], "where": {"$or": [{"id": 1}] * 3_000}},
        {"columns": ["id"], "where": {"id": {"$in": [1] * 15_000}}},
        {"columns": ["id"] * 15_000},
        {"columns": ["id"], "order_by": ["+id"] * 15_000},
    ],
)
async def test_what_a_query_holds_is_limited(filled: Desk, args: Json) -> None:
    command = {"type": "select", "args": {"table": "author", **args}}
    for who in (USER, None):
        status, answer = await filled.send(command, session=who)
        assert (status, answer) == (
            400,
            {
                "error": "the query has more than 15000 tokens",
                "path": "$.args",
                "code": "validation-failed",
            },
        )


async def test_rows_to_insert_are_not_counted(filled: Desk) -> None:
    rows = [{"name": f"many {number}"} for number in range(6_000)]
    answer = await filled.do("insert", {"table": "author", "objects": rows})
    assert answer == {"affected_rows": 6_000}
