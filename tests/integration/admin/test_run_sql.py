"""`run_sql`: its answers, its transactions, and the metadata that stays true to the database."""

from dataclasses import replace

import pytest

from rowgate.base.json import Json
from tests.integration.admin.conftest import Desk

OK = {"result_type": "CommandOk", "result": None}


def tuples(*rows: list[str]) -> Json:
    return {"result_type": "TuplesOk", "result": list(rows)}


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("", OK),
        ("-- nothing", OK),
        ("set time zone 'UTC'", OK),
        (
            "select 1 as a, null as b, 'x\ty\\' as c",
            tuples(["a", "b", "c"], ["1", "NULL", "x\ty\\"]),
        ),
        ("select 1; select true as t -- end", tuples(["t"], ["t"])),
        ("select 1 as a, 2 as a where false", tuples(["a", "a"])),
        (
            "values (array[1, 2], '{\"a\": 1}'::json)",
            tuples(["column1", "column2"], ["{1,2}", '{"a": 1}']),
        ),
        ("show server_encoding", tuples(["server_encoding"], ["UTF8"])),
        ("create table t (a int); insert into t values (7) returning a", tuples(["a"], ["7"])),
        ("/* a */ with x as (select 1 as a) select * from x", tuples(["a"], ["1"])),
        ("select E'\\xc3\\xa9' as e", tuples(["e"], ["é"])),
    ],
)
async def test_answers(desk: Desk, sql: str, answer: Json) -> None:
    assert await desk.sql(sql) == answer


async def test_a_failure_tells_an_admin_everything_and_changes_nothing(desk: Desk) -> None:
    sql = "create table t (a int); select nothing from t"
    answer = await desk.refused("run_sql", {"sql": sql})
    assert answer == {
        "error": "query execution failed",
        "path": "$.args",
        "code": "postgres-error",
        "internal": {
            "arguments": [],
            "error": {
                "message": 'column "nothing" does not exist',
                "status_code": "42703",
                "hint": None,
                "description": None,
                "exec_status": "FatalError",
            },
            "prepared": False,
            "statement": sql,
        },
    }
    assert await desk.sql("select to_regclass('t') as t") == tuples(["t"], ["NULL"])


async def test_read_only(desk: Desk) -> None:
    answer = await desk.refused("run_sql", {"sql": "create table t ()", "read_only": True})
    assert answer["internal"]["error"]["status_code"] == "25006"


async def test_without_a_transaction(desk: Desk) -> None:
    sql = "create table t (a int); create index concurrently i on t (a)"
    assert (await desk.refused("run_sql", {"sql": sql}))["code"] == "postgres-error"
    assert await desk.sql(sql, no_transaction=True) == OK
    assert await desk.do("track_table", "t")


async def test_settings_do_not_outlive_their_script(desk: Desk) -> None:
    await desk.sql("set time zone 'Asia/Tokyo'; create temporary table mine (a int)")
    zones = await desk.sql("select current_setting('TimeZone') as z, to_regclass('mine') as m")
    assert zones["result"][1][0] != "Asia/Tokyo"
    assert zones["result"][1][1] == "NULL"


async def test_renamed_tables_and_columns(library: Desk) -> None:
    await library.sql("alter table author rename to writer; alter table writer rename id to key")
    assert library.table("author") is None
    entry = library.table("writer")
    permission = entry["select_permissions"][0]["permission"]
    assert permission == {"columns": ["key", "name"], "filter": {"key": "X-Hasura-User-Id"}}
    assert library.world.current.snapshot.inconsistencies == ()


async def test_what_depends_on_a_dropped_column_refuses_or_goes(library: Desk) -> None:
    drop = "alter table author drop column active"
    answer = await library.refused("run_sql", {"sql": drop})
    assert answer == {
        "error": "cannot drop due to the following dependent objects: "
        'permission article.user.select in source "default"',
        "path": "$.args",
        "code": "dependency-error",
    }
    assert (await library.sql("select active from author"))["result"] == [["active"]]
    await library.sql(drop, cascade=True)
    assert "select_permissions" not in library.table("article")
    assert "select_permissions" in library.table("author")


async def test_a_column_that_keeps_its_place_in_a_condition_keeps_its_type(library: Desk) -> None:
    answer = await library.refused(
        "run_sql", {"sql": "alter table author alter column active type text"}
    )
    assert answer["error"] == (
        'cannot change type of column "active" in table "author" because of the following '
        'dependencies: permission article.user.select in source "default"'
    )


async def test_a_dropped_table_is_untracked(library: Desk) -> None:
    answer = await library.refused("run_sql", {"sql": "drop table author cascade"})
    assert 'relationship article.author in source "default"' in answer["error"]
    await library.sql("drop table author cascade", cascade=True)
    assert library.table("author") is None
    assert "object_relationships" not in library.table("article")


async def test_a_tracked_function_may_not_be_overloaded(library: Desk) -> None:
    await library.sql(
        "create function found () returns setof author language sql stable "
        "as $$ select * from author $$"
    )
    await library.do("track_function", "found")
    answer = await library.refused(
        "run_sql",
        {
            "sql": "create function found (n int) returns setof author language sql stable "
            "as $$ select * from author $$"
        },
    )
    assert answer["error"] == 'the following tracked function(s) cannot be overloaded: "found"'
    await library.sql("drop function found ()")
    assert "functions" not in library.world.current.document["sources"][0]


async def test_a_check_that_is_not_wanted(library: Desk) -> None:
    await library.sql("alter table author drop column active", check_metadata_consistency=False)
    state = await library.do("get_inconsistent_metadata", {}, to="/v1/metadata")
    assert state["is_consistent"] is False
    assert state["inconsistent_objects"][0]["name"] == (
        "select_permission user in table article in source default"
    )
    await library.do("drop_inconsistent_metadata", {}, to="/v1/metadata")
    state = await library.do("get_inconsistent_metadata", {}, to="/v1/metadata")
    assert state == {"is_consistent": True, "inconsistent_objects": []}


async def test_what_a_database_has_committed_is_kept_though_the_bulk_fails(library: Desk) -> None:
    commands = [
        {"type": "run_sql", "args": {"sql": "alter table author rename to writer"}},
        {"type": "track_table", "args": "nowhere"},
    ]
    answer = await library.refused("bulk", commands)
    assert answer["path"] == "$.args[1].args"
    assert library.table("writer") is not None
    assert library.world.current.snapshot.inconsistencies == ()


@pytest.mark.parametrize("endpoint", ["/v1/query", "/v2/query"])
@pytest.mark.parametrize("options", [{}, {"no_transaction": True}, {"read_only": True}])
@pytest.mark.parametrize(
    "copy", ["copy a from stdin", "copy a to stdout", "COPY (select 1) TO\nSTDOUT; select 1"]
)
async def test_a_copy_over_the_connection_is_refused_before_anything_has_run(
    desk: Desk, endpoint: str, options: Json, copy: str
) -> None:
    sql = f"create table a (x int); {copy}"
    answer = await desk.refused("run_sql", {"sql": sql, **options}, to=endpoint)
    assert answer == {
        "error": "COPY FROM STDIN and COPY TO STDOUT are not supported; COPY a file, or use "
        "pg_dump",
        "path": "$.args.sql",
        "code": "not-supported",
    }
    assert await desk.sql("select to_regclass('a') as a") == tuples(["a"], ["NULL"])


@pytest.mark.parametrize("no_transaction", [False, True])
@pytest.mark.parametrize(
    "waits",
    [
        "select pg_sleep(3600)",
        # A text that Postgres ends sooner than the standard does: the copy is not seen.
        "set standard_conforming_strings = off; select '\\''; copy a from stdin; --'; show tables",
    ],
)
async def test_a_script_has_a_limit_of_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, waits: str, no_transaction: bool
) -> None:
    await desk.sql("create table a (x int)")
    monkeypatch.setattr(desk.world, "settings", replace(desk.settings, script_timeout=0.2))
    sql = f"lock table a; {waits}" if not no_transaction else waits
    answer = await desk.refused("run_sql", {"sql": sql, "no_transaction": no_transaction})
    assert answer == {
        "error": "the script did not end within ROWGATE_SCRIPT_TIMEOUT",
        "path": "$.args",
        "code": "timeout",
    }
    monkeypatch.undo()
    assert await desk.sql("alter table a add y int") == OK
