"""Lint: every rule finds what it is for and leaves alone what is right, by file and line."""

from pathlib import Path
from typing import Any

import pytest

from rowgate.base.names import QualifiedName
from rowgate.catalog.types import INT4, Catalog, Column, ForeignKey, Relation, RelationKind
from rowgate.metadata.directory import located as load
from rowgate.metadata.directory import save
from rowgate.metadata.lint.check import RULES, findings, located
from rowgate.metadata.lint.sarif import sarif
from rowgate.metadata.lint.secrets import is_secret
from rowgate.metadata.lint.types import Subject

ME = "X-Hasura-User-Id"
MINE = {"owner_id": {"_eq": ME}}
SHIPPED = Path(__file__).parents[3] / "metadata"
Json = Any


def grant(kind: str, role: str = "user", **permission: Json) -> Json:
    return {f"{kind}_permissions": [{"role": role, "permission": permission}]}


def document(*tables: Json, **more: Json) -> Json:
    source = {"name": "default", "kind": "postgres", "configuration": CONFIGURATION}
    return {"version": 3, "sources": [{**source, "tables": list(tables)}], **more}


CONFIGURATION = {"connection_info": {"database_url": {"from_env": "DATABASE_URL"}}}
NOTE = {"table": {"schema": "app", "name": "note"}}
OWNED = NOTE | grant("select", columns=["id", "owner_id"], filter=MINE)
CHILD = {
    "table": {"schema": "app", "name": "line"},
    "object_relationships": [
        {"name": "note", "using": {"foreign_key_constraint_on": "note_id"}},
    ],
}
OF_MINE = {"note": MINE}


def rules_of(subject: Json, role: str | None = "anonymous", **known: Json) -> list[str]:
    return [one.rule.name for one in findings(Subject(subject, role, **known))]


def action(**definition: Json) -> Json:
    whole = {"handler": "{{BASE}}/x", "output_type": "String", "arguments": [], **definition}
    return document(actions=[{"name": "act", "definition": whole}])


def header(name: str, value: str) -> Json:
    return action(headers=[{"name": name, "value": value}])


CASES = {
    "insert of any owner": (
        OWNED | grant("insert", columns=["owner_id"], check={}),
        "insert-without-check",
    ),
    "insert of any owner, every column": (
        OWNED | grant("insert", columns="*", check={"owner_id": {"_is_null": False}}),
        "insert-without-check every-column",
    ),
    "a check in one branch only": (
        OWNED | grant("insert", columns=["owner_id"], check={"_or": [MINE, {"id": {"_gt": 1}}]}),
        "insert-without-check",
    ),
    "a check in every branch": (
        OWNED | grant("insert", columns=["owner_id"], check={"_or": [MINE, {"_and": [MINE]}]}),
        "",
    ),
    "a check that is negated": (
        OWNED | grant("insert", columns=["owner_id"], check={"_not": MINE}),
        "insert-without-check",
    ),
    "an owner that is set": (
        OWNED | grant("insert", columns=["id"], check={}, set={"owner_id": ME}),
        "",
    ),
    "an owner that nobody sets": (
        OWNED | grant("insert", columns=["id"], check={}),
        "owner-not-preset",
    ),
    "a child of any parent": (
        CHILD
        | grant("select", columns=["id"], filter=OF_MINE)
        | grant("insert", columns=["note_id"], check={}),
        "insert-without-check",
    ),
    "a child of a parent of mine": (
        CHILD
        | grant("select", columns=["id"], filter=OF_MINE)
        | grant("insert", columns=["note_id"], check=OF_MINE),
        "",
    ),
    "a row given away": (
        OWNED | grant("update", columns=["owner_id"], filter=MINE),
        "update-changes-owner",
    ),
    "a row given away although there is a check": (
        OWNED | grant("update", columns=["owner_id"], filter=MINE, check={"id": {"_gt": 0}}),
        "update-changes-owner",
    ),
    "a row that stays with its owner": (
        OWNED | grant("update", columns=["owner_id"], filter=MINE, check=MINE),
        "",
    ),
    "a row whose owner is not writable": (OWNED | grant("update", columns=["id"], filter=MINE), ""),
    "a child moved to another parent": (
        CHILD | grant("update", columns=["note_id"], filter=OF_MINE),
        "update-changes-owner",
    ),
    "a child changed where it is": (CHILD | grant("update", columns=["text"], filter=OF_MINE), ""),
    "everybody's rows changed": (OWNED | grant("update", columns=["id"], filter={}), "open-change"),
    "everybody's rows deleted": (OWNED | grant("delete", filter={}), "open-change"),
    "own rows deleted": (OWNED | grant("delete", filter=MINE), ""),
    "everybody's rows read": (
        NOTE | grant("select", columns=["id"], filter={}) | grant("delete", filter=MINE),
        "open-read",
    ),
    "a table without owners": (NOTE | grant("select", columns=["id"], filter={}), ""),
    "a secret": (NOTE | grant("select", columns=["id", "api_key"], filter={}), "secret-readable"),
    "every column": (NOTE | grant("select", columns="*", filter={}), "every-column"),
    "the role is no owner": (
        NOTE
        | grant("select", columns=["role"], filter={"role": "X-Hasura-Role"})
        | grant("delete", filter={}),
        "open-change",
    ),
    "aggregates of a part": (
        NOTE | grant("select", columns=["id"], filter=MINE, allow_aggregations=True),
        "aggregate-over-filter",
    ),
    "aggregates of all": (
        NOTE | grant("select", columns=["id"], filter={}, allow_aggregations=True),
        "",
    ),
    "anybody, by header": (
        NOTE | grant("select", "anonymous", columns=["id"], filter=MINE, limit=9),
        "unauthorized-role-uses-session",
    ),
    "anybody, without limit": (
        NOTE | grant("select", "anonymous", columns=["id"], filter={}),
        "unauthorized-role-unlimited",
    ),
    "anybody writes": (
        NOTE | grant("insert", "anonymous", columns=["id"], check={}),
        "unauthorized-role-writes",
    ),
    "a key that is unknown": (
        NOTE | grant("select", columns=["id"], filter={}, fliter={}),
        "malformed",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_of_permissions(name: str) -> None:
    table, expected = CASES[name]
    assert sorted(rules_of(document(table))) == sorted(expected.split())


VALUES = {
    "a header": (header("Authorization", "Bearer abc"), "literal-secret"),
    "a header from a template": (header("Authorization", "Bearer {{TOKEN}}"), ""),
    "a header that is none": (header("content-language", "de"), ""),
    "a handler by http": (action(handler="http://example.org/x"), "plain-http"),
    "a handler by https": (action(handler="https://example.org/x"), ""),
    "a handler of this network": (action(handler="http://actions:3000/x"), ""),
    "a key in a URL": (action(handler="https://example.org/x?api_key=abc"), "literal-secret"),
    "a password in a URL": (
        {
            "sources": [
                {
                    "name": "a",
                    "configuration": {"connection_info": {"database_url": "postgres://u:p@h/d"}},
                }
            ]
        },
        "literal-secret",
    ),
    "a private key": (
        {
            "sources": [
                {
                    "name": "a",
                    "configuration": {
                        "connection_info": {
                            "database_url": {"from_env": "URL"},
                            "ssl_configuration": {
                                "sslkey": "-----BEGIN PRIVATE KEY-----",
                                "sslpassword": {"from_env": "PASSWORD"},
                            },
                        }
                    },
                }
            ]
        },
        "literal-secret",
    ),
    "a password in parameters": (
        {
            "sources": [
                {
                    "name": "a",
                    "configuration": {
                        "connection_info": {
                            "database_url": {
                                "connection_parameters": {"username": "u", "password": "p"}
                            }
                        }
                    },
                }
            ]
        },
        "literal-secret",
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_of_values(name: str) -> None:
    subject, expected = VALUES[name]
    assert rules_of(subject) == expected.split()


def test_a_secret_is_not_told_again() -> None:
    found = findings(Subject(header("x-api-key", "very-secret-value")))
    assert found
    assert not any("very-secret-value" in one.message for one in found)


@pytest.mark.parametrize("name", ["password", "passwordHash", "refresh_token", "api_key", "ssn"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    ["token_type", "password_changed_at", "content_hash", "primary_key", "pinned", "secretary"],
)
def test_names_of_what_is_no_secret(name: str) -> None:
    assert not is_secret(name)


def test_without_an_unauthorized_role_nobody_is_anybody() -> None:
    table, _ = CASES["anybody writes"]
    assert rules_of(document(table), None) == []


NOTE_NAME, LINE_NAME = QualifiedName("app", "note"), QualifiedName("app", "line")


def catalog() -> Catalog:
    note = {name: Column(name, INT4) for name in ("id", "owner_id", "token")}
    line = {name: Column(name, INT4) for name in ("id", "note_id", "kind")}
    key = ForeignKey("k", ("note_id",), NOTE_NAME, ("id",))
    return Catalog(
        relations={
            NOTE_NAME: Relation(NOTE_NAME, RelationKind.TABLE, note),
            LINE_NAME: Relation(LINE_NAME, RelationKind.TABLE, line, foreign_keys=(key,)),
        }
    )


@pytest.mark.parametrize(
    ("leading", "expected"),
    [
        ({NOTE_NAME: {"owner_id"}, LINE_NAME: {"kind"}}, 0),
        ({NOTE_NAME: {"id"}, LINE_NAME: {"kind"}}, 1),
        ({NOTE_NAME: {"owner_id"}}, 1),
        ({}, 2),
    ],
)
def test_filters_without_an_index(leading: Json, expected: int) -> None:
    condition = {"_and": [OF_MINE, {"kind": {"_gt": 1}}]}
    table = CHILD | grant("select", columns=["id"], filter=condition)
    known: Json = {"catalogs": {"default": catalog()}, "indexes": {"default": leading}}
    found = rules_of(document(NOTE, table), **known)
    assert found == ["unindexed-filter"] * expected


def test_every_column_of_a_known_table_is_looked_at() -> None:
    table = NOTE | grant("select", columns="*", filter={})
    known: Json = {"catalogs": {"default": catalog()}}
    assert sorted(rules_of(document(table), **known)) == ["every-column", "secret-readable"]


@pytest.mark.parametrize(
    "subject",
    [
        {},
        [],
        None,
        {"sources": 7},
        {"sources": [7, {}, {"tables": [7, {}, {"table": 7, "select_permissions": [1, {}]}]}]},
        {"sources": [{"tables": [{"table": "t", "insert_permissions": [{"permission": []}]}]}]},
        {"actions": [{"definition": {"headers": [{"value": "x"}]}}]},
    ],
)
def test_any_document_can_be_looked_at(subject: Json) -> None:
    assert all(one.rule.fix and one.rule.why for one in findings(Subject(subject, "anonymous")))


def put(directory: Path, comment: str = "", head: str = "") -> list[tuple[str, int, str | None]]:
    """What is found in a directory whose table has two findings in lines of their own."""
    save(document(NOTE), directory)
    (directory / "databases/default/tables/app_note.yaml").write_text(
        f"{head}table: {{schema: app, name: note}}\n"
        "select_permissions:\n"
        f"{comment}  - role: user\n"
        "    permission:\n"
        "      columns:\n"
        "        - id\n"
        "        - password\n"
        "      filter: {}\n"
        "  - role: other\n"
        "    permission: {columns: [token], filter: {}}\n"
    )
    subject, places = load(directory)
    found = located(Subject(subject), places)
    assert {one.file for one in found} == {"databases/default/tables/app_note.yaml"}
    return [(one.finding.rule.name, one.line, one.allowed) for one in found]


def test_findings_have_their_lines(tmp_path: Path) -> None:
    rule = "secret-readable"
    assert put(tmp_path) == [(rule, 7, None), (rule, 10, None)]


def test_a_comment_allows_one_finding_and_the_head_all(tmp_path: Path) -> None:
    rule, text = "secret-readable", "# lint: allow open-read, secret-readable (a test)\n"
    assert put(tmp_path / "a", comment=f"  {text}") == [(rule, 8, "a test"), (rule, 11, None)]
    assert put(tmp_path / "b", head=text) == [(rule, 8, "a test"), (rule, 11, "a test")]
    without_reason = "# lint: allow secret-readable\n"
    assert put(tmp_path / "c", head=without_reason) == [(rule, 8, None), (rule, 11, None)]
    of_another = "# lint: allow open-read (no)\n"
    assert put(tmp_path / "d", head=of_another) == [(rule, 8, None), (rule, 11, None)]


def test_the_shipped_metadata_lints_clean() -> None:
    subject, places = load(SHIPPED)
    found = located(Subject(subject, "anonymous"), places)
    assert [one for one in found if one.allowed is None] == []
    assert {one.finding.rule.name for one in found} == {"open-read"}


def test_sarif_names_rule_file_and_line(tmp_path: Path) -> None:
    put(tmp_path, comment="  # lint: allow secret-readable (a test)\n")
    subject, places = load(tmp_path)
    log = sarif(located(Subject(subject), places), RULES, "1.2.3", "metadata")
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.name for rule in RULES]
    allowed, open_one = run["results"]
    assert allowed["suppressions"] == [{"kind": "inSource", "justification": "a test"}]
    assert "suppressions" not in open_one
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "secret-readable"
    [place] = open_one["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "metadata/databases/default/tables/app_note.yaml"},
        "region": {"startLine": 11},
    }


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
