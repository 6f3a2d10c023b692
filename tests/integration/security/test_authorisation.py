"""The known ways to get authorisation wrong (A1–A15 of the attack catalogue), one test each.

Each names the change of the engine under which it was seen to fail.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from rowgate.base.session import Session
from rowgate.http.types import Operation, Reply, Written
from rowgate.http.websocket.polling import polled
from tests.integration.security.bench import Bench, Json, bench, code_of, session_of


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Bench]:
    async with bench(database_url) as made:
        yield made


async def _titles(engine: Bench) -> list[tuple[Json, ...]]:
    return await engine.sql("select id, title from note order by id")


async def test_a1_no_form_of_update_reaches_the_rows_of_others(engine: Bench) -> None:
    """Fails where `Scope.update` gives `Rows` a filter of `TRUE` (CVE-2022-46792)."""
    before = await _titles(engine)
    many = await engine.ask(
        'mutation { update_note_many(updates: [{where: {id: {_eq: 22}}, _set: {title: "x"}},'
        ' {where: {id: {_in: [21, 31]}}, _set: {title: "x"}}, {where: {}, _set: {title: "own"}}])'
        " { affected_rows } }"
    )
    counts = [one["affected_rows"] for one in many["data"]["update_note_many"]]
    assert counts == [0, 0, 2]
    for text in (
        'update_note(where: {id: {_eq: 21}}, _set: {title: "x"}) { affected_rows }',
        'update_note_by_pk(pk_columns: {id: 22}, _set: {title: "x"}) { id }',
        "delete_note(where: {id: {_eq: 21}}) { affected_rows }",
        "delete_note_by_pk(id: 22) { id }",
    ):
        ((_, value),) = (await engine.ask(f"mutation {{ {text} }}"))["data"].items()
        assert value in ({"affected_rows": 0}, None)
    after = await _titles(engine)
    assert after[2:] == before[2:]
    assert [title for _, title in after[:2]] == ["own", "own"]


async def test_a2_a_set_returning_field_is_no_oracle_for_hidden_rows(engine: Bench) -> None:
    """Fails where `WhereReader` leaves the target's filter out of `RelatedByFunction`
    (CVE-2026-54698)."""
    text = '{ person(where: {found: {title: {_like: "o%"}}}, order_by: {id: asc}) { id } }'
    before = await engine.ask(text)
    await engine.sql("update note set title = 'o-secret' where id = 31")
    assert await engine.ask(text) == before == {"data": {"person": [{"id": 2}]}}


async def test_a3_nothing_filters_sorts_or_merges_by_what_is_hidden(engine: Bench) -> None:
    """Fails where `_fields` of the filters, the orderings or `select_column` take all columns of
    the table, where `Scope.related` leaves the filter out, and where the filter of a related table
    is not `Rooted` in its own row."""
    for text in (
        '{ note(where: {body: {_like: "z%"}}) { id } }',
        "{ note(order_by: {body: asc}) { id } }",
        "{ note(distinct_on: [body]) { id } }",
        "{ note_aggregate { aggregate { max { body } } } }",
        "{ person(order_by: {notes_aggregate: {max: {body: asc}}}) { id } }",
        '{ person(where: {notes: {body: {_like: "z%"}}}) { id } }',
        "mutation { insert_note_one(object: {id: 11, owner: 1}, on_conflict: {"
        ' constraint: note_pkey, update_columns: [title], where: {body: {_eq: "x"}}}) { id } }',
    ):
        assert code_of(await engine.ask(text)) == "validation-failed", text
    texts = (
        '{ person(where: {notes: {title: {_eq: "z"}}}) { id } }',
        "{ person(order_by: [{notes_aggregate: {max: {title: desc}}}, {id: asc}]) { id } }",
        "{ person(where: {notes_aggregate: {count: {predicate: {_gt: 1}}}}) { id } }",
    )
    before = [await engine.ask(text) for text in texts]
    await engine.sql("update note set title = 'z' where id in (21, 31)")
    await engine.sql("insert into note (id, owner, title) values (32, 3, 'z'), (33, 3, 'z')")
    assert [await engine.ask(text) for text in texts] == before
    await engine.sql("update note set owner = 2 where id in (32, 33)")
    rooted = await engine.ask("{ person(where: {notes: {id: {_eq: 32}}}) { id } }", "peer")
    assert rooted == {"data": {"person": [{"id": 2}]}}


async def test_a4_nested_inherited_roles_keep_rows_cells_and_limits(engine: Bench) -> None:
    """Fails where `unite_selects` takes the first part's columns, or no limit (#10711)."""
    text = "{ person(order_by: {id: asc}) { id name team secret } }"
    answer = await engine.ask(text, "outer", 2)
    assert answer == {
        "data": {
            "person": [
                {"id": 1, "name": None, "team": 1, "secret": None},
                {"id": 2, "name": None, "team": 1, "secret": "b2"},
            ]
        }
    }
    by_key = await engine.ask("{ person_by_pk(id: 3) { id name team secret } }", "outer", 2)
    assert by_key["data"]["person_by_pk"] == {"id": 3, "name": "cid", "team": None, "secret": None}
    hidden = '{ person(where: {secret: {_eq: "a1"}}) { id } }'
    assert await engine.ask(hidden, "outer", 2) == {"data": {"person": []}}


async def test_a5_aggregates_count_only_what_the_role_sees(engine: Bench) -> None:
    """Fails where `Aggregate` is made over `Rows` without the filter, where `nodes` lose their cap,
    and where `allow_aggregations` is not asked (#7660)."""
    text = "{ note_aggregate { aggregate { count max { title } } nodes { id } } }"
    counted = await engine.ask(text, "counted")
    assert counted["data"]["note_aggregate"]["aggregate"] == {
        "count": 2,
        "max": {"title": "x-hasura-user-id"},
    }
    assert len(counted["data"]["note_aggregate"]["nodes"]) == 1
    nested = await engine.ask("{ person_by_pk(id: 2) { notes_aggregate { aggregate { count } } } }")
    assert nested["data"]["person_by_pk"]["notes_aggregate"]["aggregate"] == {"count": 1}
    assert code_of(await engine.ask(text, "plain")) == "validation-failed"


async def test_a6_an_upsert_is_an_update_too(engine: Bench) -> None:
    """Fails where `Scope.conflict` leaves the update's filter or its check out."""
    text = """mutation ($id: Int!, $owner: Int!, $status: String!) {
        insert_note_one(
            object: {id: $id, owner: $owner, title: "taken", status: $status},
            on_conflict: {constraint: note_pkey, update_columns: [title, status]}
        ) { id title }
    }"""
    other = await engine.ask(text, variables={"id": 21, "owner": 1, "status": "draft"})
    assert other == {"data": {"insert_note_one": None}}
    assert (21, "other") in await _titles(engine)
    bad = await engine.ask(text, variables={"id": 11, "owner": 1, "status": "bad"})
    assert code_of(bad) == "permission-error"
    new = await engine.ask(text, variables={"id": 41, "owner": 2, "status": "draft"})
    assert code_of(new) == "permission-error"
    own = await engine.ask(text, variables={"id": 11, "owner": 1, "status": "draft"})
    assert own["data"]["insert_note_one"] == {"id": 11, "title": "taken"}
    hidden = text.replace("[title, status]", "[private]")
    refused = await engine.ask(hidden, variables={"id": 11, "owner": 1, "status": "draft"})
    assert code_of(refused) == "validation-failed"


async def test_a7_a_check_sees_the_row_as_it_is_stored(engine: Bench) -> None:
    """Fails where the check is left out of the insert's `returning`. The column that is checked
    is not given: its default fills it."""
    text = 'mutation { insert_note(objects: [{id: 42, owner: 1, title: "t"}]) { affected_rows } }'
    assert code_of(await engine.ask(text, "late")) == "permission-error"
    assert await engine.sql("select id from note where id = 42") == []
    await engine.sql("alter table note alter status set default 'final'")
    done = await engine.ask(text, "late")
    assert done == {"data": {"insert_note": {"affected_rows": 1}}}


async def test_a8_a_clients_text_is_never_a_session_variable(engine: Bench) -> None:
    """Fails where `value_of` makes a `SessionValue` of a text that starts with `x-hasura-`."""
    text = '{ note(where: {title: {_eq: "x-hasura-user-id"}}) { id } }'
    found = {"data": {"note": [{"id": 12}]}}
    assert await engine.ask(text) == found
    assert await engine.frame(f"subscription {text}", session_of("user")) == found
    variables = {"where": {"title": {"_in": ["x-hasura-user-id"]}}}
    by_variable = "query ($where: note_bool_exp) { note(where: $where) { id } }"
    assert await engine.ask(by_variable, variables=variables) == found
    await engine.ask(
        'mutation { insert_note_one(object: {id: 43, owner: 1, title: "X-Hasura-Role"}) { id } }'
    )
    assert (43, "X-Hasura-Role") in await _titles(engine)


async def test_a9_a_thousand_subscribers_see_only_their_own(engine: Bench) -> None:
    """Fails where `_session_value` remembers the first session's value for a statement."""
    await engine.sql("insert into person select n, 'p' || n, 1 from generate_series(100, 1099) n")
    await engine.sql(
        "insert into note (id, owner, title) select id, id, 't' from person where id > 99"
    )
    text = """subscription ($floor: Int!) {
        note(where: {private: {_eq: true}, id: {_gt: $floor}}) { id owner }
    }"""

    async def poll(user: int) -> None:
        floor = random.Random(user).choice((0, 50, user))
        frame = await engine.frame(text, session_of("user", user), {"floor": floor})
        own = [{"id": user, "owner": user}] if user > floor else []
        assert frame == {"data": {"note": own}}

    async def disturb() -> None:
        for _ in range(5):
            await engine.sql("update note set title = title || 'x' where id > 99")
            await asyncio.sleep(0.01)

    await asyncio.gather(disturb(), *(poll(user) for user in range(100, 1100)))


async def test_a10_backend_only_needs_the_secret_and_the_header(engine: Bench) -> None:
    """Fails where `insertable` does not ask for `backend_only`. That the header alone does not
    set it is tested at the gate (tests/unit/http/test_gate.py)."""
    text = "mutation { insert_note(objects: [{id: 44, owner: 1}]) { affected_rows } }"
    assert code_of(await engine.ask(text, "back")) == "validation-failed"
    assert await engine.sql("select id from note where id = 44") == []
    behind = Session("back", {}, backend_only=True)
    assert await engine.asked(text, behind) == {"data": {"insert_note": {"affected_rows": 1}}}


async def test_a11_a_nested_insert_is_checked_at_every_level(engine: Bench) -> None:
    """Fails where `WriteWriter.returning` leaves the check out, or the statements of a nested
    insert run outside one transaction."""
    for text in (
        # the parent is the role's to add, the child then belongs to someone else
        'insert_note(objects: [{id: 45, person: {data: {id: 9, name: "n", team: 1}}}])',
        # the parent is not
        'insert_note(objects: [{id: 45, person: {data: {id: 1000, name: "n", team: 2}}}])',
        'insert_person(objects: [{id: 9, name: "n", team: 1, notes: {data: [{id: 45}]}}])',
    ):
        refused = await engine.ask(f"mutation {{ {text} {{ affected_rows }} }}")
        assert code_of(refused) == "permission-error"
    assert await engine.sql("select id from person where id not in (1, 2, 3)") == []
    assert await engine.sql("select id from note where id = 45") == []
    own = 'insert_person(objects: [{id: 9, name: "n", team: 1, notes: {data: [{id: 45}]}}])'
    done = await engine.ask(f"mutation {{ {own} {{ affected_rows }} }}", user=9)
    assert done == {"data": {"insert_person": {"affected_rows": 2}}}


async def test_a12_an_explicit_null_never_widens_a_condition(engine: Bench) -> None:
    """Fails where `_comparison` gives `TRUE` for a null without `collapse` (#704)."""
    before = await _titles(engine)
    by_variable = "mutation ($v: Int) { delete_note(where: {id: {_eq: $v}}) { affected_rows } }"
    for variables in ({"v": None}, {}):
        assert code_of(await engine.ask(by_variable, variables=variables)) == "validation-failed"
    for text in (
        "mutation { delete_note(where: {id: {_eq: null}}) { affected_rows } }",
        "mutation { delete_note(where: {id: {_in: null}}) { affected_rows } }",
        "mutation { delete_note(where: null) { affected_rows } }",
        "mutation { update_note(where: {owner: {_gt: null}}, _set: {}) { affected_rows } }",
        "mutation { delete_note_by_pk(id: null) { id } }",
    ):
        assert code_of(await engine.ask(text)) == "validation-failed", text
    whole = "mutation ($w: note_bool_exp!) { delete_note(where: $w) { affected_rows } }"
    refused = await engine.ask(whole, variables={"w": {"id": {"_eq": None}}})
    assert code_of(refused) == "validation-failed"
    assert await _titles(engine) == before


async def test_a13_a_row_that_is_lost_leaves_the_next_frame(engine: Bench) -> None:
    """Fails where `Scope.rows` leaves the role's filter out (CVE-2023-38503)."""

    async def run(operation: Operation, session: Session, headers: object) -> Reply:
        frame = await engine.frame(operation.query, session)
        return Written(200, repr(frame).encode())

    watch = polled(run, 0.005)
    text = "subscription { note(where: {owner: {_eq: 2}}, order_by: {id: asc}) { id } }"
    frames = watch(Operation(text), session_of("user"), {})
    async with contextlib.aclosing(frames):
        assert b"{'id': 22}" in (await anext(frames)).body
        await engine.sql("update note set private = true where id = 22")
        assert (await asyncio.wait_for(anext(frames), 5)).body == b"{'data': {'note': []}}"


async def test_a14_what_is_remembered_never_crosses_roles_or_users(engine: Bench) -> None:
    """Fails where the memory of prepared operations is keyed by the text alone."""
    text = (
        "query ($t: String!) { note(where: {title: {_neq: $t}}, order_by: {id: asc}) { id title } }"
    )
    person = "{ person(order_by: {id: asc}) { id name } }"
    asked = [
        (query, role, user, {"t": title} if query is text else None)
        for query in (text, person)
        for role in ("user", "plain", "counted", "outer", "team", "admin", "late")
        for user in (1, 2, 3)
        for title in (("mine", "open") if query is text else ("",))
    ]
    cold = []
    for one in asked:
        engine.forget()
        cold.append(await engine.ask(*one))
    assert len({str(answer) for answer in cold}) > 10
    engine.forget()
    order = list(range(len(asked))) * 12
    random.Random(14).shuffle(order)
    for at in order:
        assert await engine.ask(*asked[at]) == cold[at], asked[at]


async def test_a15_nothing_of_a_session_stays_on_a_connection(database_url: str) -> None:
    """Fails where `hasura.user` is set with `is_local` false: a single connection serves all."""
    async with bench(database_url, connections=1) as engine:
        change = 'update_note_by_pk(pk_columns: {id: $id}, _set: {title: "t"}) { id }'
        text = f"mutation ($id: Int!) {{ {change} }}"
        slow = (
            "create or replace function sign() returns trigger language plpgsql as $$ begin "
            "perform pg_sleep(5); return new; end $$"
        )
        for user, note in ((1, 11), (2, 21), (1, 12), (3, 31)) * 3:
            await engine.ask(text, user=user, variables={"id": note})
            (row,) = await engine.sql(f"select written_by from note where id = {note}")
            assert row == (str(user),)
            assert await engine.sql("select nullif(current_setting('hasura.user', true), '')") == [
                (None,)
            ]
        await engine.sql(slow)
        cut = asyncio.create_task(engine.ask(text, user=2, variables={"id": 21}))
        await asyncio.sleep(0.2)
        cut.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut
        left = "select nullif(current_setting('hasura.user', true), '')"
        assert await engine.sql(left) == [(None,)]
        assert await engine.sql("select pg_current_xact_id_if_assigned()") == [(None,)]
        assert (await engine.ask("{ note { id } }", user=3))["data"]["note"]
