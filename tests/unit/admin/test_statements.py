"""Splitting SQL scripts by Postgres' lexical rules."""

import pytest

from rowgate.admin.statements import copies_over_connection, split, words


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        ("", []),
        (" ;; -- nothing\n;/* ; */", []),
        ("select 1", ["select 1"]),
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';' ; select 2", ["select ';'", "select 2"]),
        ("select 'it''s; fine'; x", ["select 'it''s; fine'", "x"]),
        (r"select E'\';'; x", [r"select E'\';'", "x"]),
        ('select ";" ; x', ['select ";"', "x"]),
        ("select $$ ; $$; x", ["select $$ ; $$", "x"]),
        ("select $a$ ; $$ ; $a$; x", ["select $a$ ; $$ ; $a$", "x"]),
        ("select $1; x", ["select $1", "x"]),
        ("select /* a /* ; */ ; */ 1; x", ["select /* a /* ; */ ; */ 1", "x"]),
        ("-- a; b\nselect 1", ["-- a; b\nselect 1"]),
        (
            "create rule r as on insert to t do (select 1; select 2); x",
            ["create rule r as on insert to t do (select 1; select 2)", "x"],
        ),
        (
            "create or replace function f() returns int language sql begin atomic "
            "select case when true then 1 end; select 2; end; x",
            [
                "create or replace function f() returns int language sql begin atomic "
                "select case when true then 1 end; select 2; end",
                "x",
            ],
        ),
        ("begin; commit", ["begin", "commit"]),
        ("select 'never closed; x", ["select 'never closed", "x"]),
    ],
)
def test_split(script: str, statements: list[str]) -> None:
    assert split(script) == statements


def test_words_leave_out_texts_names_and_comments() -> None:
    script = """-- drop\nALTER /* create */ table "drop" set x = 'alter' $$ do $$"""
    assert words(script) == ["alter", "table", "set", "x"]


@pytest.mark.parametrize(
    ("statement", "is_one"),
    [
        ("copy a from stdin", True),
        ("COPY /* a */ s.a (x, y) FROM -- b\n STDIN WITH (format csv)", True),
        ("copy binary a to stdout", True),
        ("copy a from stdout", True),
        ("copy (select 1) to stdin", True),
        ("copy (select * from stdin) to '/stdout'", False),
        ("copy a (stdin) from 'stdin'", False),
        ('copy "from" from program $$stdin$$', False),
        ("select * from stdin", False),
        ("", False),
    ],
)
def test_a_copy_over_the_connection_is_told_apart(statement: str, is_one: bool) -> None:
    assert copies_over_connection(statement) is is_one
