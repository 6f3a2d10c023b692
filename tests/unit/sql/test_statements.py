"""Statements: names quoted, values as parameters, equal shapes in equal words."""

import pytest

from rowgate.algebra.types import Constant, SessionValue, Value, Variable
from rowgate.base.errors import ValidationFailed
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import INT4, TEXT, PgType, TypeKind, builtin
from rowgate.sql.names import literal, qualified, quote, type_name
from rowgate.sql.outputs import json_object
from rowgate.sql.parameters import Parameters
from tests.unit.small_world import rendered


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("a", '"a"'),
        ("A b", '"A b"'),
        ('a"b', '"a""b"'),
        ('""', '""""""'),
        ("a;--", '"a;--"'),
        ("$1", '"$1"'),
        ("ä", '"ä"'),
    ],
)
def test_identifiers(name: str, quoted: str) -> None:
    assert quote(name) == quoted
    assert qualified(QualifiedName(name, name)) == f"{quoted}.{quoted}"


@pytest.mark.parametrize(
    ("text", "written"),
    [("a", "'a'"), ("a'b", "'a''b'"), ("a\\b", "E'a\\\\b'"), ("a\\'b", "E'a\\\\''b'")],
)
def test_fixed_texts(text: str, written: str) -> None:
    assert literal(text) == written


def test_types() -> None:
    assert type_name(INT4) == '"pg_catalog"."int4"'
    assert type_name(builtin("_int4")) == '"pg_catalog"."int4"[]'
    assert type_name(PgType("a b", 'x"y', TypeKind.ENUM)) == '"a b"."x""y"'


def test_equal_values_share_a_parameter() -> None:
    parameters = Parameters()

    def written(value: Value) -> str:
        return parameters.statement(parameters.plain(value)).text

    assert written(Constant(1, INT4)) == '$1::"pg_catalog"."int4"'
    assert written(Constant("1", INT4)) == '$2::"pg_catalog"."int4"'
    assert written(Constant(1, INT4)) == '$1::"pg_catalog"."int4"'
    assert written(SessionValue("x", TEXT)) == "$3::text"
    assert written(Variable(("a",), TEXT)) == "$4::text"
    assert written(Constant([1], INT4, as_array=True)) == '$5::"pg_catalog"."int4"[]'
    assert len(parameters.statement("").binders) == 5


def test_a_statement_for_many_lists_of_arguments() -> None:
    parameters = Parameters()
    values: list[Constant | Variable | SessionValue] = [
        Constant("$1", TEXT),
        Variable(("a",), INT4),
        SessionValue("x", TEXT, as_array=True),
    ]
    text = ", ".join(parameters.plain(one) for one in values)
    statement = parameters.statement(f"select '$2' as \"$3\", {text}", is_read=True)
    integer = '"pg_catalog"."int4"'
    assert statement.text == f"select '$2' as \"$3\", $1::text, $2::{integer}, $3::text[]"
    assert statement.many == (
        f"""select (select '$2' as "$3", "$".p1::text, "$".p2::{integer}, "$".p3::text[]) """
        f"from (select a.p1::text as p1, a.p2::{integer} as p2, a.p3::text[] as p3, a.n "
        "from unnest((select $1::text[]), (select $2::text[]), (select $3::text[])) "
        'with ordinality as a(p1, p2, p3, n) offset 0) as "$" order by "$".n'
    )


def test_what_is_alike_for_all_is_no_statement_for_many() -> None:
    parameters = Parameters()
    assert parameters.statement("select 1", is_read=True).many is None
    variable = parameters.plain(Variable(("a",), INT4))
    assert parameters.statement(f"select {variable}", is_read=True).many is not None
    parameters.repeatable = False
    assert parameters.statement(f"select {variable}", is_read=True).many is None


def test_a_write_or_what_has_very_many_parameters_is_asked_for_one_alone() -> None:
    parameters = Parameters()
    text = ", ".join(parameters.plain(Variable((str(n),), INT4)) for n in range(64))
    assert parameters.statement(f"select {text}").many is None
    assert parameters.statement(f"select {text}", is_read=True).many is not None
    text += parameters.plain(Variable(("one more",), INT4))
    assert parameters.statement(f"select {text}", is_read=True).many is None


def test_parameters_are_limited() -> None:
    parameters = Parameters()
    for number in range(32_767):
        parameters.plain(Constant(number, INT4))
    parameters.plain(Constant(5, INT4))
    with pytest.raises(ValidationFailed, match="at most 32767 values"):
        parameters.plain(Constant(-1, INT4))


def test_large_objects_are_built_in_pieces() -> None:
    few = json_object([(f"k{n}", "1") for n in range(50)])
    many = json_object([(f"k{n}", "1") for n in range(51)])
    assert few.count("json_build_object") == 1
    assert many.count("json_build_object") == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            '{ author(where: {name: {_eq: "a"}}) { id } }',
            '{ author(where: {name: {_eq: "b"}}) { id } }',
        ),
        (
            "{ author(limit: 1) { id } }",
            "{ author(limit: 2) { id } }",
        ),
        (
            "{ author(where: {id: {_in: [1]}}) { id } }",
            "{ author(where: {id: {_in: [1, 2, 3]}}) { id } }",
        ),
        (
            'mutation { insert_author(objects: [{name: "a"}]) { affected_rows } }',
            'mutation { insert_author(objects: [{name: "b\'--"}]) { affected_rows } }',
        ),
    ],
)
def test_equal_shapes_give_equal_text(one: str, other: str) -> None:
    first, second = rendered(one), rendered(other)
    assert first.text == second.text
    assert first.binders != second.binders


def test_the_limit_of_rows_that_bring_others_is_in_the_text() -> None:
    for given, text in (
        ("limit: 10", " limit 10"),
        ("limit: 10, offset: 0", " limit 10"),
        ("limit: 10, offset: 5", " limit 10 offset 5"),
        ("offset: -1", ' offset $1::"pg_catalog"."int8"'),
        ("limit: 2147483647", " limit 2147483647"),
        ('offset: "9; drop table author"', ' offset $1::"pg_catalog"."int8"'),
    ):
        statement = rendered(f"{{ author({given}) {{ id articles {{ id }} }} }}")
        assert statement.text.endswith(f' from "public"."author" as t0{text}) as "{{}}"'), given


def test_no_value_is_in_the_text() -> None:
    secret = "quite a secret"
    for query in (
        f'{{ author(where: {{name: {{_like: "{secret}"}}}}) {{ id }} }}',
        f'{{ author(where: {{profile: {{_has_key: "{secret}"}}}}) {{ id }} }}',
        f'{{ author {{ profile(path: "{secret}") }} }}',
        f'mutation {{ insert_author_one(object: {{name: "{secret}"}}) {{ id }} }}',
        f'mutation {{ update_author(where: {{}}, _set: {{name: "{secret}"}}) {{ __typename }} }}',
        f'mutation {{ update_author(where: {{}}, _delete_key: {{profile: "{secret}"}}) '
        "{ __typename } }",
    ):
        statement = rendered(query)
        assert secret not in statement.text
        assert any(secret in repr(one) for one in statement.binders)


def test_aliases_of_the_request_are_texts_not_names() -> None:
    long = "k" * 80
    statement = rendered(f"{{ author {{ {long}: id }} }}")
    assert f"'{long}'" in statement.text
    assert f'"{long}"' not in statement.text


def test_a_jsonb_column_is_shown_as_it_is() -> None:
    statement = rendered("{ author { profile } }")
    assert statement.binders == ()
    assert 't0."profile"' in statement.text
    assert "::text" not in statement.text
