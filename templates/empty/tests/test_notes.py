"""Who sees and changes which notes. Run with `pytest` while `rowgate run` runs in this folder."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[1]


def ask(query: str, role: str, user: str = "") -> Any:
    """The engine's answer to a role, or to a user of the role."""
    running = json.loads((ROOT / ".rowgate" / "run.json").read_text())
    lines = (ROOT / ".env").read_text().splitlines()
    secrets = dict(line.split("=", 1) for line in lines if "=" in line)
    headers = {
        "x-hasura-admin-secret": secrets["HASURA_GRAPHQL_ADMIN_SECRET"],
        "x-hasura-role": role,
        "x-hasura-user-id": user,
    }
    url = f"{running['urls']['engine']}/v1/graphql"
    return httpx.post(url, json={"query": query}, headers=headers).json()


@pytest.fixture
def note() -> Any:
    """A private note of ann, deleted afterwards."""
    made = ask('mutation { insert_notes_one(object: {title: "mine"}) { id } }', "user", "ann")
    yield made["data"]["insert_notes_one"]["id"]
    ask("mutation { delete_notes(where: {}) { affected_rows } }", "user", "ann")


def test_a_private_note_is_its_owners(note: int) -> None:
    query = f"{{ notes(where: {{id: {{_eq: {note}}}}}) {{ title }} }}"
    assert ask(query, "user", "ann")["data"]["notes"] == [{"title": "mine"}]
    assert ask(query, "user", "bob")["data"]["notes"] == []
    assert ask(query, "anonymous")["data"]["notes"] == []


def test_a_note_is_changed_by_its_owner_alone(note: int) -> None:
    publish = f"""mutation {{
        update_notes(where: {{id: {{_eq: {note}}}}}, _set: {{is_public: true}}) {{ affected_rows }}
    }}"""
    assert ask(publish, "user", "bob")["data"]["update_notes"] == {"affected_rows": 0}
    assert ask(publish, "user", "ann")["data"]["update_notes"] == {"affected_rows": 1}
    query = f"{{ notes(where: {{id: {{_eq: {note}}}}}) {{ title }} }}"
    assert ask(query, "anonymous")["data"]["notes"] == [{"title": "mine"}]


def test_nobody_writes_in_another_name() -> None:
    answer = ask('mutation { insert_notes_one(object: {owner_id: "x"}) { id } }', "user", "ann")
    assert "owner_id" in answer["errors"][0]["message"]
