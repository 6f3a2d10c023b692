"""The walk-through of an agenda: its cheat-sheet's commands at its own paths, through the front
door, then everything else that an agenda needs, and what is refused."""

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.e2e.conftest import Running

Json = Any
PASSWORD = "a-password-of-mine"


class Person:
    """Somebody who has registered and signed in."""

    def __init__(self, front: str) -> None:
        self.front = front
        name = f"p_{uuid4().hex[:12]}"
        body = {"username": name, "password": PASSWORD, "email": f"{name}@example.org"}
        registered = requests.post(f"{front}/register", json=body, timeout=30)
        assert registered.status_code == 201, registered.text
        login = {"username": name, "password": PASSWORD}
        tokens = requests.post(f"{front}/login", json=login, timeout=30).json()
        assert {"access_token", "refresh_token"} <= set(tokens)
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def ask(self, method: str, path: str, body: Json = None) -> tuple[int, Json]:
        url = f"{self.front}{path}"
        answer = requests.request(method, url, json=body, headers=self.headers, timeout=30)
        return answer.status_code, answer.json()

    def add(self, **changes: Json) -> Json:
        """A new event."""
        body = {"date": "2026-12-24", "time": "8pm", "venue": "Hall", "address": "1 Quay Street"}
        status, answer = self.ask("POST", "/events", body | changes)
        assert status == 200, answer
        return answer["createEvent"]


@pytest.fixture
def person(run: Running) -> Person:
    return Person(run.urls["front"])


def test_an_agenda_from_registering_to_deleting(person: Person) -> None:
    event = person.add()
    assert event.pop("id")
    assert event == {
        "date": "2026-12-24",
        "time": "20:00:00",
        "venue": "Hall",
        "address": "1 Quay Street",
    }
    first = person.add(date="1 December 2026", time="08:30")
    status, listed = person.ask("GET", "/events")
    assert status == 200
    assert [one["date"] for one in listed["agenda_events"]] == ["2026-12-01", "2026-12-24"]
    _, some = person.ask("GET", "/events?from=2026-12-02&to=2026-12-31")
    assert [one["date"] for one in some["agenda_events"]] == ["2026-12-24"]
    path = f"/events/{first['id']}"
    assert person.ask("GET", path)[1]["agenda_events_by_pk"]["time"] == "08:30:00"
    _, changed = person.ask("PATCH", path, {"time": "9 am", "venue": "Barn"})
    assert changed["updateEvent"] == first | {"time": "09:00:00", "venue": "Barn"}
    assert person.ask("DELETE", path)[1] == {"delete_agenda_events_by_pk": {"id": first["id"]}}
    assert person.ask("GET", path)[1] == {"agenda_events_by_pk": None}
    assert person.ask("PATCH", path, {"venue": "Gone"})[1]["code"] == "not-found"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("date", "someday", "date: 'someday' cannot be read"),
        ("date", "01/02/2026", "date: '01/02/2026' may be two days"),
        ("date", "2026-02-30", "date: "),
        ("time", "25:00", "time: '25:00' cannot be read"),
        ("time", "2026-01-01", "time: '2026-01-01' is no time of the day"),
        ("time", "8" * 100, "time: is longer than 40 characters"),
        ("venue", "", "venue: is empty or too long"),
        ("venue", "x" * 201, "venue: is empty or too long"),
        ("address", "", "address: is empty or too long"),
        ("address", "a\0b", "character"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    person: Person, field: str, value: str, told: str
) -> None:
    body = {"date": "2026-12-24", "time": "8pm", "venue": "Hall", "address": "1 Quay Street"}
    status, answer = person.ask("POST", "/events", body | {field: value})
    assert (status, told in answer["error"]) == (400, True), answer
    assert person.ask("GET", "/events")[1] == {"agenda_events": []}


@pytest.mark.parametrize("field", ["date", "time", "venue", "address"])
def test_a_field_that_is_missing_or_of_another_kind_is_named(person: Person, field: str) -> None:
    body = {"date": "2026-12-24", "time": "8pm", "venue": "Hall", "address": "1 Quay Street"}
    status, answer = person.ask("POST", "/events", {k: v for k, v in body.items() if k != field})
    assert (status, field in answer["error"]) == (400, True), answer
    status, answer = person.ask("POST", "/events", body | {field: {"x": 1}})
    assert (status, field in str(answer)) == (400, True), answer


def test_nobody_reaches_the_agenda_of_another(person: Person, run: Running) -> None:
    event = person.add()
    other = Person(run.urls["front"])
    path = f"/events/{event['id']}"
    assert other.ask("GET", "/events")[1] == {"agenda_events": []}
    assert other.ask("GET", path)[1] == {"agenda_events_by_pk": None}
    assert other.ask("PATCH", path, {"venue": "Mine"})[1]["code"] == "not-found"
    assert other.ask("DELETE", path)[1] == {"delete_agenda_events_by_pk": None}
    assert person.ask("GET", path)[1]["agenda_events_by_pk"]["venue"] == "Hall"
    for method in ("GET", "POST"):
        nobody = requests.request(method, f"{person.front}/events", json={}, timeout=30)
        assert nobody.status_code == 400
        assert "agenda_events" not in nobody.json() or method == "POST"
