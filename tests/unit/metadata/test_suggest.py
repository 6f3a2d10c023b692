"""What a migration suggests: read from the file that Alembic wrote, turned into metadata."""

from pathlib import Path
from typing import Any

import pytest

from rowgate.base.names import QualifiedName
from rowgate.cli.migration_source import growth_of
from rowgate.metadata.read import read
from rowgate.metadata.suggest import Growth, NewKey, suggest

Json = Any
VERSIONS = Path(__file__).parents[3] / "db" / "migrations" / "versions"
MIGRATION = """
from alembic import op
import sqlalchemy as sa

def upgrade():
    op.create_table(
        "vet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("vet_pkey")),
    )
    more()
    op.create_foreign_key(None, "vet", "town", ["town"], ["id"], referent_schema="geo")
    op.drop_table("old", schema="shelter")

def more():
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vet_id", sa.Integer(), nullable=False),
        sa.Column("animal", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vet_id"], ["vet.id"], name=op.f("a"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["animal"], ["shelter.animals.id"]),
        sa.PrimaryKeyConstraint("id"),
        schema="shelter",
    )
    op.create_index(op.f("x"), "visit", ["vet_id"], unique=True, schema="shelter")
    op.create_index("y", "visit", ["animal"], unique=False, schema="shelter")

def downgrade():
    op.create_table("old", sa.Column("id", sa.Integer()), schema="shelter")
"""
VET, VISIT = QualifiedName("public", "vet"), QualifiedName("shelter", "visit")
ANIMALS = QualifiedName("shelter", "animals")


def of(*tables: Json) -> Json:
    return {"version": 3, "sources": [{"name": "default", "tables": list(tables)}]}


def table(name: QualifiedName, **more: Json) -> Json:
    return {"table": {"name": name.name, "schema": name.schema}, **more}


def tables(document: Json) -> dict[str, Json]:
    return {one["table"]["name"]: one for one in document["sources"][0]["tables"]}


@pytest.fixture
def growth(tmp_path: Path) -> Growth:
    file = tmp_path / "migration.py"
    file.write_text(MIGRATION)
    return growth_of(file)


def test_a_migration_is_read_and_not_run(growth: Growth) -> None:
    assert set(growth.tables) == {VET, VISIT}
    assert growth.dropped == (QualifiedName("shelter", "old"),)
    assert set(growth.keys) == {
        NewKey(VISIT, ("vet_id",), VET, unique=True),
        NewKey(VISIT, ("animal",), ANIMALS),
        NewKey(VET, ("town",), QualifiedName("geo", "town")),
    }


def test_new_tables_are_tracked_and_related(growth: Growth) -> None:
    old = QualifiedName("shelter", "old")
    gone = {
        "foreign_key_constraint_on": {"column": "x", "table": {"name": "old", "schema": "shelter"}}
    }
    before = of(table(ANIMALS, array_relationships=[{"name": "olds", "using": gone}]), table(old))
    after = suggest(before, "default", growth)
    assert read(after).problems == ()
    found = tables(after)
    assert set(found) == {"animals", "vet", "visit"}
    assert found["visit"]["object_relationships"] == [
        {"name": "vet", "using": {"foreign_key_constraint_on": "vet_id"}},
        {"name": "animals", "using": {"foreign_key_constraint_on": "animal"}},
    ]
    on_vet = {"column": "vet_id", "table": {"name": "visit", "schema": "shelter"}}
    assert found["vet"]["object_relationships"] == [
        {"name": "visit", "using": {"foreign_key_constraint_on": on_vet}}
    ], "a unique key leads to one row at most"
    on_animal = {"column": "animal", "table": {"name": "visit", "schema": "shelter"}}
    assert found["animals"]["array_relationships"] == [
        {"name": "visit", "using": {"foreign_key_constraint_on": on_animal}}
    ]
    assert suggest(after, "default", growth) == after
    assert suggest(before, "another", growth) == before


def test_names_that_are_taken_are_not_taken_again() -> None:
    keys = tuple(NewKey(VISIT, (column,), VET) for column in ("first_id", "vet", "second"))
    growth = Growth(tables=(VET, VISIT), keys=keys, columns=((VISIT, "vet"), (VISIT, "first")))
    found = tables(suggest(of(), "default", growth))
    forward = [one["name"] for one in found["visit"]["object_relationships"]]
    backward = [one["name"] for one in found["vet"]["array_relationships"]]
    assert forward == ["vet_by_first_id", "vet_by_vet", "vet_by_second"]
    assert backward == ["visit", "visit_by_vet", "visit_by_second"]


def test_the_project_s_own_migrations_suggest_what_was_written_by_hand() -> None:
    document = of()
    for file in sorted(VERSIONS.glob("0*.py")):
        document = suggest(document, "default", growth_of(file))
    animals = tables(document)["animals"]
    assert {one["name"] for one in animals["object_relationships"]} == {"owner", "store"}
    assert {one["name"] for one in animals["array_relationships"]} >= {"photos"}
