"""The walk-through of a clinic: find a therapist's free time, make an appointment once, however
often it is asked for, and let nobody in who has not signed in."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests

from db.seeds.rows import key
from tests.e2e.conftest import Running

Json = Any
FIND = """
query (
  $from: timestamptz!, $to: timestamptz!, $type: String, $specialism: clinic_specialisms_enum
) {
  clinic_appointments(
    where: {
      starts_at: {_gte: $from, _lt: $to}
      type: {_eq: $type}
      therapist: {specialisms: {specialism: {_eq: $specialism}}}
    }
    order_by: {starts_at: asc}
  ) {
    starts_at
    duration_minutes
    type
    therapist { first_name last_name specialisms(order_by: {specialism: asc}) { specialism } }
  }
}
"""
CREATE = """
mutation ($therapist: uuid!, $type: String!, $at: timestamptz!, $minutes: Int!) {
  createAppointment(
    therapist_id: $therapist, type: $type, starts_at: $at, duration_minutes: $minutes
  ) { id starts_at ends_at type }
}
"""


class Patient:
    """Somebody who is signed in, and speaks GraphQL at the front door."""

    def __init__(self, run: Running, username: str = "test_user") -> None:
        self.run = run
        body = {"username": username, "password": run.secrets["SEED_PASSWORD"]}
        answer = requests.post(f"{run.urls['front']}/login", json=body, timeout=30)
        self.tokens = answer.json()

    def ask(self, query: str, variables: Json = None, **headers: str) -> Json:
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        body = {"query": query, "variables": variables or {}}
        url = f"{self.run.urls['front']}/graphql"
        return requests.post(url, json=body, headers=bearer | headers, timeout=30).json()

    def make(self, at: str, minutes: int = 30, once: str = "") -> Json:
        variables = {
            "therapist": str(key("therapist", "Berg")),
            "type": "one-off",
            "at": at,
            "minutes": minutes,
        }
        headers = {"Idempotency-Key": once} if once else {}
        return self.ask(CREATE, variables, **headers)


@pytest.fixture
def patient(run: Running) -> Patient:
    return Patient(run)


def code(answer: Json) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


def made(answer: Json) -> Json:
    assert "errors" not in answer, answer
    return answer["data"]["createAppointment"]


def test_filters_are_combined(patient: Patient) -> None:
    week = {"from": "2027-01-11T00:00:00Z", "to": "2027-01-18T00:00:00Z"}
    found = patient.ask(FIND, week | {"type": "consultation", "specialism": "CBT"})
    assert found["data"]["clinic_appointments"] == [
        {
            "starts_at": "2027-01-11T09:00:00+00:00",
            "duration_minutes": 50,
            "type": "consultation",
            "therapist": {
                "first_name": "Ines",
                "last_name": "Abara",
                "specialisms": [{"specialism": "ADHD"}, {"specialism": "CBT"}],
            },
        },
        {
            "starts_at": "2027-01-12T10:00:00+00:00",
            "duration_minutes": 50,
            "type": "consultation",
            "therapist": {
                "first_name": "Jonas",
                "last_name": "Berg",
                "specialisms": [{"specialism": "Addiction"}, {"specialism": "CBT"}],
            },
        },
    ]
    some = patient.ask(FIND, week | {"type": "one-off", "specialism": "Divorce"})
    assert some["data"]["clinic_appointments"] == []
    wrong = patient.ask(FIND, week | {"type": "one-off", "specialism": "Astrology"})
    assert code(wrong) == "validation-failed"


def test_the_same_request_twice_is_one_appointment(patient: Patient) -> None:
    first = made(patient.make("2027-03-01T09:00:00Z"))
    assert made(patient.make("2027-03-01T10:00:00+01:00")) == first
    one = uuid4().hex
    keyed = made(patient.make("2027-03-01T11:00:00Z", once=one))
    assert made(patient.make("2027-03-01T11:00:00Z", once=one)) == keyed
    other = patient.make("2027-03-01T15:00:00Z", once=one)
    assert code(other) == "idempotency-key-reused"


@pytest.mark.parametrize("keyed", [True, False])
def test_fifty_at_once_are_one_appointment(patient: Patient, keyed: bool) -> None:
    once = uuid4().hex if keyed else ""
    at = "2027-04-01T09:00:00Z" if keyed else "2027-04-01T12:00:00Z"
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: made(patient.make(at, once=once)), range(50)))
    assert len({one["id"] for one in answers}) == 1
    with psycopg.connect(patient.run.database_url) as connection:
        count = "select count(*) from clinic.appointments where starts_at = %s"
        assert connection.execute(count, (at,)).fetchone() == (1,)


def test_appointments_of_a_therapist_do_not_overlap(run: Running, patient: Patient) -> None:
    made(patient.make("2027-05-03T09:00:00Z", 60))
    for at in ("2027-05-03T09:30:00Z", "2027-05-03T08:45:00Z", "2027-05-03T09:15:00Z"):
        refused = patient.make(at)
        assert code(refused) == "appointment-overlaps"
        told = refused["errors"][0]["message"]
        assert told == "the therapist has another appointment at that time"
    assert code(Patient(run, "bob").make("2027-05-03T09:00:00Z", 60)) == "appointment-overlaps"
    made(patient.make("2027-05-03T10:00:00Z"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"therapist": str(uuid4())}, "therapist_id: no such therapist"),
        ({"therapist": "x"}, "therapist_id"),
        ({"type": "party"}, "type"),
        ({"at": "someday"}, "starts_at"),
        ({"at": "2027-06-01T09:00:00"}, "starts_at"),
        ({"minutes": 4}, "duration_minutes"),
        ({"minutes": 10_000}, "duration_minutes"),
        ({"at": "9999-12-31T23:59:00-14:00"}, "starts_at"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(patient: Patient, change: Json, told: str) -> None:
    wanted = {
        "therapist": str(key("therapist", "Berg")),
        "type": "one-off",
        "at": "2027-06-01T09:00:00Z",
        "minutes": 30,
    }
    answer = patient.ask(CREATE, wanted | change)
    assert told in answer["errors"][0]["message"], answer
    assert answer["errors"][0]["extensions"]["code"] != "unexpected"


def test_who_has_not_signed_in_reads_and_writes_nothing(run: Running) -> None:
    url = f"{run.urls['front']}/graphql"
    for query in (
        "{ clinic_appointments { id } }",
        "{ clinic_therapists { id } }",
        "{ clinic_specialisms { value } }",
        'mutation { createAppointment(therapist_id: "x", type: "x", starts_at: "x",'
        " duration_minutes: 1) { id } }",
        "mutation { delete_clinic_appointments(where: {}) { affected_rows } }",
    ):
        answer = requests.post(url, json={"query": query}, timeout=30).json()
        assert code(answer) == "validation-failed", query


def test_another_users_appointment_is_not_deleted(run: Running, patient: Patient) -> None:
    mine = made(patient.make("2027-07-01T09:00:00Z"))["id"]
    delete = f'mutation {{ delete_clinic_appointments_by_pk(id: "{mine}") {{ id }} }}'
    assert Patient(run, "bob").ask(delete)["data"]["delete_clinic_appointments_by_pk"] is None
    assert patient.ask(delete)["data"]["delete_clinic_appointments_by_pk"] == {"id": mine}
    hidden = patient.ask("{ clinic_appointments { created_by } }")
    assert code(hidden) == "validation-failed"


def test_a_refreshed_token_counts(run: Running, patient: Patient) -> None:
    body = {"refresh_token": patient.tokens["refresh_token"]}
    patient.tokens = requests.post(f"{run.urls['front']}/refresh", json=body, timeout=30).json()
    assert patient.ask("{ clinic_therapists(limit: 1) { last_name } }")["data"]


def test_a_failing_handler_is_reported_to_sentry(run: Running, patient: Patient) -> None:
    rename = "alter table clinic.appointments rename to {}"
    with psycopg.connect(run.database_url, autocommit=True) as connection:
        connection.execute(rename.format("appointments_away"))
        try:
            answer = patient.make("2027-08-01T09:00:00Z")
        finally:
            connection.execute("alter table clinic.appointments_away rename to appointments")
    assert answer["errors"][0]["message"] == "internal error"
    event = run.sentry.event("UndefinedTableError")
    assert "clinic.appointments" in event["exception"]["values"][-1]["value"]
    assert run.secrets["ACTIONS_SECRET"] not in str(event)
    assert patient.tokens["access_token"] not in str(event)
