"""The walk-through of drafting reports: a model behind an API writes them, each is its owner's."""

from typing import Any

import pytest
import requests

from tests.chat_double import Chat
from tests.e2e.conftest import CHAT_KEY, Running
from tests.e2e.test_clinic import Patient, code

Json = Any
DRAFT = "mutation ($findings: String!) { draftReport(findings: $findings) { id text model } }"
LIST = "{ reports_drafts(order_by: {created_at: asc}) { id findings text model } }"


@pytest.fixture
def author(run: Running) -> Patient:
    return Patient(run, "alice")


def test_a_draft_is_written_and_kept_for_its_owner(
    run: Running, author: Patient, chat: Chat
) -> None:
    drafted = author.ask(DRAFT, {"findings": "two cracks in the wall"})["data"]["draftReport"]
    assert drafted["text"] == "Report: two cracks in the wall."
    assert drafted["model"] == "stand-in"
    assert chat.asked[-1]["stream"] is True
    assert {"findings": "two cracks in the wall", **drafted} in author.ask(LIST)["data"][
        "reports_drafts"
    ]
    other = Patient(run, "bob")
    assert other.ask(LIST)["data"]["reports_drafts"] == []
    delete = f'mutation {{ delete_reports_drafts_by_pk(id: "{drafted["id"]}") {{ id }} }}'
    assert other.ask(delete)["data"]["delete_reports_drafts_by_pk"] is None
    assert author.ask(delete)["data"]["delete_reports_drafts_by_pk"] == {"id": drafted["id"]}


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ("stall", "the model took longer than 2 s"),
        ("break", "the model ended before it was done"),
        ("garbage", "the model answered in a form that is not the chat API's"),
        ("status", "the model answered with status 401"),
        ("endless", "the model wrote more than"),
        ("silent", "the model ended before it was done"),
    ],
)
def test_a_model_that_does_not_do_its_work_is_told(
    author: Patient, findings: str, told: str
) -> None:
    answer = author.ask(DRAFT, {"findings": findings})
    assert code(answer) == "model-unavailable"
    assert answer["errors"][0]["message"].startswith(told)
    assert CHAT_KEY not in str(answer)
    kept = author.ask(LIST)["data"]["reports_drafts"]
    assert [one for one in kept if one["findings"] == findings] == []


@pytest.mark.parametrize("findings", ["", "x" * 20_001, "a\0b"])
def test_findings_that_do_not_fit_are_refused(author: Patient, findings: str) -> None:
    answer = author.ask(DRAFT, {"findings": findings})
    assert code(answer) in {"parse-failed", "data-exception"}
    assert author.ask(DRAFT, {"findings": 7})["errors"]


def test_nobody_drafts_without_signing_in(run: Running) -> None:
    url = f"{run.urls['front']}/graphql"
    for query in ('mutation { draftReport(findings: "x") { id } }', "{ reports_drafts { id } }"):
        answer = requests.post(url, json={"query": query}, timeout=30).json()
        assert code(answer) == "validation-failed"


def test_the_status_says_that_it_works(run: Running) -> None:
    answer = requests.get(f"{run.urls['front']}/status", timeout=30)
    assert answer.status_code == 200
    status = {"status": "ok", "database": True, "model": True}
    assert answer.json() == {"systemStatus": status}
