"""The metadata directory: what is written is read back, what has not changed keeps its bytes."""

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rowgate.base.errors import ApiError, NotFound, ParseFailed
from rowgate.base.json import decode, encode
from rowgate.metadata.directory import load, save

TABLE = """\
# who may see authors
table:
  schema: app
  name: author
select_permissions:
- role: user   # signed in
  permission:
    columns: '*'
    filter: {}
"""
DIRECTORY = {
    "version.yaml": "version: 3\n",
    "databases/databases.yaml": """\
- name: default
  kind: postgres
  configuration:
    connection_info: {database_url: {from_env: DATABASE_URL}}
  tables: "!include default/tables/tables.yaml"
  functions: !include default/functions/functions.yaml
""",
    "databases/default/tables/tables.yaml": """\
# all tables
- "!include app_author.yaml"   # first
- !include app_article.yaml
""",
    "databases/default/tables/app_author.yaml": TABLE,
    "databases/default/tables/app_article.yaml": "table: {schema: app, name: article}\n",
    "databases/default/functions/functions.yaml": "[]\n",
    "actions.graphql": "type Mutation {\n  # sign in\n  login(a: Int!): Tokens\n}\n\n"
    "type Tokens {\n  token: String!\n}\n",
    "actions.yaml": "actions:\n- name: login\n  definition:\n    handler: h   # local\n"
    "custom_types:\n  objects:\n  - name: Tokens\n",
    "api_limits.yaml": "{}\n",
    "cron_triggers.yaml": "",
    "inherited_roles.yaml": "- role_name: both\n  role_set: [a, b]\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in DIRECTORY.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def contents(directory: Path) -> dict[str, str]:
    return {
        file.relative_to(directory).as_posix(): file.read_text()
        for file in directory.rglob("*")
        if file.is_file()
    }


def test_loading_follows_both_forms_of_include(directory: Path) -> None:
    document = load(directory)
    assert document["version"] == 3
    source = document["sources"][0]
    assert [table["table"]["name"] for table in source["tables"]] == ["author", "article"]
    assert source["functions"] == []
    assert document["inherited_roles"] == [{"role_name": "both", "role_set": ["a", "b"]}]
    assert "cron_triggers" not in document
    assert "api_limits" not in document


def test_actions_are_joined_from_both_halves(directory: Path) -> None:
    document = load(directory)
    assert document["actions"] == [
        {
            "name": "login",
            "definition": {
                "type": "mutation",
                "handler": "h",
                "output_type": "Tokens",
                "arguments": [{"name": "a", "type": "Int!"}],
            },
        }
    ]
    assert document["custom_types"] == {
        "objects": [{"name": "Tokens", "fields": [{"name": "token", "type": "String!"}]}]
    }


def test_saving_what_was_loaded_changes_no_byte(directory: Path) -> None:
    before = contents(directory)
    save(load(directory), directory)
    assert contents(directory) == before


def test_a_change_touches_its_own_file_and_keeps_its_comments(directory: Path) -> None:
    before = contents(directory)
    document = load(directory)
    document["sources"][0]["tables"][0]["select_permissions"][0]["permission"]["limit"] = 7
    save(document, directory)
    after = contents(directory)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"databases/default/tables/app_author.yaml"}
    text = after["databases/default/tables/app_author.yaml"]
    assert text == TABLE + "    limit: 7\n"
    assert load(directory) == document


def test_a_new_table_gets_a_file_and_a_dropped_one_loses_it(directory: Path) -> None:
    document = load(directory)
    tables = document["sources"][0]["tables"]
    del tables[1]
    tables.append({"table": {"schema": "app", "name": "tag"}})
    save(document, directory)
    names = set(contents(directory))
    assert "databases/default/tables/app_tag.yaml" in names
    assert "databases/default/tables/app_article.yaml" not in names
    assert load(directory) == document
    listing = (directory / "databases/default/tables/tables.yaml").read_text()
    assert "# all tables" in listing
    assert "# first" in listing


def test_tables_move_with_their_files(directory: Path) -> None:
    document = load(directory)
    document["sources"][0]["tables"].reverse()
    before = contents(directory)
    save(document, directory)
    after = contents(directory)
    assert load(directory) == document
    assert {name for name in after if after[name] != before[name]} == {
        "databases/default/tables/tables.yaml"
    }


def test_a_dropped_source_takes_its_files_along(directory: Path) -> None:
    save({"version": 3, "sources": []}, directory)
    assert load(directory) == {"version": 3, "sources": []}
    assert not (directory / "databases" / "default").exists()


def test_names_that_are_no_file_names_stay_inside(tmp_path: Path) -> None:
    names = ["../../evil", ".hidden", "a/b", "a\\b", "ä" * 60, "x" * 63, 'q"uote', "A", "a", ""]
    document = {
        "version": 3,
        "sources": [
            {
                "name": "../out",
                "kind": "postgres",
                "tables": [{"table": {"schema": "..", "name": name}} for name in names],
            }
        ],
    }
    inside = tmp_path / "metadata"
    save(document, inside)
    assert load(inside) == document
    assert [child.name for child in tmp_path.iterdir()] == ["metadata"]
    assert len(list(inside.rglob("databases/*/tables/*.yaml"))) == len(names) + 1


def test_tables_whose_file_names_clash_get_two_files(tmp_path: Path) -> None:
    tables = [
        {"table": {"schema": "a_b", "name": "c"}},
        {"table": {"schema": "a", "name": "b_c"}},
    ]
    document = {"version": 3, "sources": [{"name": "s", "kind": "postgres", "tables": tables}]}
    save(document, tmp_path)
    assert load(tmp_path) == document


@pytest.mark.parametrize(
    "path", ["../../secret.yaml", "/etc/hostname", "../../../x", "default/../../../s"]
)
@pytest.mark.parametrize("form", ['"!include {}"', "!include {}"])
def test_an_include_may_not_leave_the_directory(directory: Path, path: str, form: str) -> None:
    file = directory / "databases/databases.yaml"
    file.write_text(f"- name: default\n  kind: postgres\n  tables: {form.format(path)}\n")
    with pytest.raises(ParseFailed, match=r"databases/databases.yaml:3: .* leads out"):
        load(directory)


def test_a_link_may_not_leave_the_directory(tmp_path: Path) -> None:
    inside = tmp_path / "metadata"
    (inside / "databases").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("[]")
    (inside / "databases" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "databases/databases.yaml").write_text('- name: s\n  tables: "!include link.yaml"\n')
    with pytest.raises(ParseFailed, match="leads out"):
        load(inside)


def test_a_circle_of_includes_is_refused(directory: Path) -> None:
    (directory / "databases/default/tables/tables.yaml").write_text('- "!include tables.yaml"\n')
    with pytest.raises(ParseFailed, match=r"tables.yaml:1: .* includes itself"):
        load(directory)


def test_a_comment_cannot_include(directory: Path) -> None:
    document = load(directory)
    table = document["sources"][0]["tables"][0]
    table["select_permissions"][0]["comment"] = "!include ../../../actions.yaml"
    save(document, directory)
    assert load(directory) == document


def test_a_value_that_would_include_is_not_written(directory: Path) -> None:
    document = load(directory)
    document["sources"][0]["tables"][0] = "!include app_article.yaml"
    with pytest.raises(ParseFailed):
        save(document, directory)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("inherited_roles.yaml", "- a: [\n", r"inherited_roles.yaml:\d+: "),
        ("inherited_roles.yaml", "- a: 1\n  a: 2\n", r"inherited_roles.yaml:2: "),
        ("inherited_roles.yaml", "- a: 1\n- b: !x 3\n", r"inherited_roles.yaml:2: the tag !x"),
        ("inherited_roles.yaml", "- .nan\n", r"inherited_roles.yaml:1: "),
        ("inherited_roles.yaml", "- !!binary aGk=\n", r"inherited_roles.yaml:1: "),
        ("inherited_roles.yaml", "- [*x]\n", r"inherited_roles.yaml:1: "),
        ("actions.graphql", "type Mutation {\n  a(: Int\n}\n", r"actions.graphql:2: "),
        ("actions.graphql", "query { a }\n", r"actions.graphql:1: "),
        ("actions.yaml", "actions:\n- name: other\n", r"action other is not present"),
        ("actions.yaml", "actions: 3\n", r"actions.yaml: "),
        ("actions.yaml", "- 3\n", r"actions.yaml: "),
        ("actions.yaml", "custom_types:\n  objects: [1]\n", r"actions.yaml: "),
        ("version.yaml", "version: 2\n", r"version.yaml: only version 3"),
        (
            "databases/default/tables/tables.yaml",
            '\n- "!include nowhere.yaml"\n',
            r"tables.yaml:2: there is no file databases/default/tables/nowhere.yaml",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    directory: Path, file: str, text: str, message: str
) -> None:
    (directory / file).write_text(text)
    with pytest.raises(ParseFailed, match=message):
        load(directory)


def test_bytes_that_are_no_text_are_refused(directory: Path) -> None:
    (directory / "inherited_roles.yaml").write_bytes(b"- \xff\xfe\n")
    with pytest.raises(ParseFailed, match=r"inherited_roles.yaml"):
        load(directory)


def test_no_directory_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load(tmp_path / "none")


def test_a_part_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="no file for 'surprise'"):
        save({"version": 3, "sources": [], "surprise": 1}, tmp_path)


def test_dates_and_words_stay_text(directory: Path) -> None:
    (directory / "inherited_roles.yaml").write_text("- role_name: 2020-01-01\n  role_set: [yes]\n")
    assert load(directory)["inherited_roles"] == [{"role_name": "2020-01-01", "role_set": ["yes"]}]


def test_numbers_keep_their_digits(directory: Path) -> None:
    exact = "1234567890.1234567890123456789"
    text = TABLE.replace("filter: {}", f"filter: {{worth: {{_gt: {exact}}}}}   # a lot")
    file = directory / "databases/default/tables/app_author.yaml"
    file.write_text(text)
    document = load(directory)
    assert f'"_gt":{exact}'.encode() in encode(document)
    save(document, directory)
    assert file.read_text() == text
    more = decode(encode(document).replace(exact.encode(), exact.replace("9", "8").encode()))
    save(more, directory)
    assert exact.replace("9", "8") in file.read_text()
    assert load(directory) == more != document


def test_a_number_too_long_is_refused_with_its_file(directory: Path) -> None:
    (directory / "inherited_roles.yaml").write_text("- role_name: 1.5e9999\n")
    with pytest.raises(ParseFailed, match=r"^inherited_roles.yaml: a number may have at most"):
        load(directory)


ODD_TEXTS = (
    *("yes", "null", "~", "2020-01-01", "0x10", "1e3", "!include x", "a\n b\n", "\n x", "- a", "#"),
    *("", "a: b", "\x85", "\u2028", "\r\n", "\t", "x\n\n", " lead\nx", "*", "&a", "<<", "%", "@"),
    *("`", "\ufeff", "a \nb", "a\nb", "---", "...", "\x00", "\x7f", "\U0001f600", "x" * 200),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(ODD_TEXTS)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers().map(lambda digits: decode(f"0.{10**17 + abs(digits)}"))
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.lists(
    st.builds(
        lambda schema, name, permission, comment: {
            "table": {"schema": schema, "name": name},
            "select_permissions": [{"role": "r", "permission": permission, "comment": comment}],
        },
        TEXT.filter(bool),
        TEXT,
        st.dictionaries(TEXT, VALUE, max_size=3),
        TEXT,
    ),
    max_size=3,
    unique_by=lambda table: (table["table"]["schema"], table["table"]["name"]),  # type: ignore[index]
)
GRAPHQL_NAME = st.from_regex(r"\A[A-Za-z][A-Za-z0-9]{0,5}\Z")
ACTIONS = st.lists(
    st.builds(
        lambda name, operation, output, arguments, comment: {
            "name": name,
            "definition": {
                "type": operation,
                "output_type": output,
                "handler": "h",
                **({"arguments": arguments} if arguments else {}),
            },
            **({} if comment is None else {"comment": comment}),
        },
        GRAPHQL_NAME | TEXT,
        st.sampled_from(["query", "mutation"]),
        st.sampled_from(["Int", "[Foo!]!", "[ Int ]", "not a type", ""]),
        st.lists(
            st.builds(
                lambda name, description: {
                    "name": name,
                    "type": "Int!",
                    **({} if description is None else {"description": description}),
                },
                GRAPHQL_NAME,
                st.none() | TEXT,
            ),
            max_size=2,
        ),
        st.none() | TEXT,
    ),
    max_size=3,
    unique_by=lambda action: str(action["name"]),
)
DOCUMENTS = st.builds(
    lambda tables, actions, limits: {
        "version": 3,
        "sources": [{"name": "default", "kind": "postgres", "tables": tables}],
        **({"actions": actions} if actions else {}),
        **({"api_limits": limits} if limits else {}),
    },
    TABLES,
    ACTIONS,
    st.dictionaries(TEXT, VALUE, max_size=3),
)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_an_odd_text_is_read_back_as_key_and_value(tmp_path: Path, text: str) -> None:
    limits = {text: [text, {"below": text, text: {text: text}}], "after": 1}
    for document in (
        {"version": 3, "sources": [], "api_limits": {"first": "x\ny"}},
        {"version": 3, "sources": [], "api_limits": limits},
    ):
        save(document, tmp_path)
        assert load(tmp_path) == document


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes here
)
@given(DOCUMENTS, DOCUMENTS)
def test_any_document_is_read_back_also_over_another(first: Any, second: Any) -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        for document in (first, second):
            save(copy.deepcopy(document), directory)
            assert load(directory) == document
            before = contents(directory)
            save(document, directory)
            assert contents(directory) == before
