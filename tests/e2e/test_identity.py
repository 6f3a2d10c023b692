"""Accounts at the front door: who sees what of the audit log, what roles and API keys open."""

from typing import Any

import pytest
import requests

from tests.e2e.conftest import Running

Json = Any
AUDIT = "{ identity_audit_log(order_by: {id: desc}) { event user_id at } }"


class Person:
    """Somebody who is signed in, at the front door."""

    def __init__(self, run: Running, username: str) -> None:
        self.front = run.urls["front"]
        body = {"username": username, "password": run.secrets["SEED_PASSWORD"]}
        answer = requests.post(f"{self.front}/login", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        self.id = self.auth("GET", "/me").json()["id"]

    def auth(self, method: str, path: str, body: Json = None) -> requests.Response:
        """Ask the auth service."""
        headers = {"authorization": f"Bearer {self.token}"}
        url = f"{self.front}/auth{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=30)

    def ask(self, query: str, token: str = "", **headers: str) -> Json:
        """Ask GraphQL."""
        bearer = {"authorization": f"Bearer {token or self.token}"}
        answer = requests.post(
            f"{self.front}/graphql", json={"query": query}, headers=bearer | headers, timeout=30
        )
        return answer.json()


def test_the_audit_log_shows_everybody_their_own_rows(run: Running) -> None:
    alice, bob = Person(run, "alice"), Person(run, "bob")
    for person in (alice, bob):
        answer = person.ask(AUDIT)
        assert "errors" not in answer, answer
        rows = answer["data"]["identity_audit_log"]
        assert rows[0]["event"] == "signed-in"
        assert {row["user_id"] for row in rows} == {person.id}
    where = f'(where: {{user_id: {{_eq: "{bob.id}"}}}})'
    foreign = alice.ask(f"{{ identity_audit_log{where} {{ id }} }}")
    assert foreign == {"data": {"identity_audit_log": []}}
    assert "errors" in alice.ask("{ identity_audit_log { address_hash } }")
    changed = alice.ask("mutation { delete_identity_audit_log(where: {}) { affected_rows } }")
    assert "errors" in changed


def test_the_therapist_sees_the_appointments_of_the_linked_therapist(run: Running) -> None:
    therapist = Person(run, "therapist")
    query = "{ clinic_appointments { created_by therapist { last_name } } }"
    rows = therapist.ask(query)["data"]["clinic_appointments"]
    assert rows
    assert {row["therapist"]["last_name"] for row in rows} == {"Berg"}
    assert "errors" in therapist.ask(query, **{"x-hasura-role": "user"})


@pytest.mark.parametrize("username", ["therapist", "analyst"])
def test_a_role_is_one_of_ones_own(run: Running, username: str) -> None:
    person = Person(run, username)
    assert person.auth("GET", "/me").json()["allowed_roles"] == [username, "user"]
    own = person.ask("{ identity_users { id } }", **{"x-hasura-role": "user"})
    assert own == {"data": {"identity_users": [{"id": person.id}]}}
    refused = person.ask("{ __typename }", **{"x-hasura-role": "admin"})
    assert refused["errors"][0]["extensions"]["code"] == "access-denied"


def test_an_api_key_is_exchanged_for_a_bearer_that_the_engine_takes(run: Running) -> None:
    analyst = Person(run, "analyst")
    wish = {"name": "reports", "scopes": ["user"]}
    key = analyst.auth("POST", "/api-keys", wish).json()
    exchanged = analyst.auth("POST", "/api-keys/exchange", {"api_key": key["api_key"]})
    token = exchanged.json()["access_token"]
    own = analyst.ask("{ identity_users { id } }", token)
    assert own == {"data": {"identity_users": [{"id": analyst.id}]}}
    refused = analyst.ask("{ __typename }", token, **{"x-hasura-role": "analyst"})
    assert refused["errors"][0]["extensions"]["code"] == "access-denied"
    assert analyst.ask("{ __typename }", key["api_key"])["errors"]
    assert analyst.auth("DELETE", f"/api-keys/{key['id']}").status_code == 204
    again = analyst.auth("POST", "/api-keys/exchange", {"api_key": key["api_key"]})
    assert again.status_code == 401
