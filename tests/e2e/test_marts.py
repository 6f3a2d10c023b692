"""Marts over the same tables: built and tested by dbt, read by analysts alone."""

import os
import subprocess
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Running

Json = Any
MARTS = """
{
  marts_appointments_per_specialism_week(
    where: {week: {_eq: "2027-01-11"}}, order_by: {specialism: asc}
  ) { specialism appointments minutes }
  marts_events_per_venue { venue }
}
"""


@pytest.fixture(scope="module")
def built(run: Running) -> str:
    """The marts as one command builds them; what dbt told."""
    answer = subprocess.run(
        ("make", "--no-print-directory", "marts"),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": run.database_url},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def as_role(run: Running, role: str) -> Json:
    secret = run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]
    headers = {"x-hasura-admin-secret": secret, "x-hasura-role": role, "x-hasura-user-id": "x"}
    return run.graphql(MARTS, headers=headers)


def test_the_marts_are_built_tested_and_read_by_analysts(run: Running, built: str) -> None:
    assert "ERROR=0" in built
    assert "PASS=8" in built
    answer = as_role(run, "analyst")["data"]
    found = answer["marts_appointments_per_specialism_week"]
    assert {"specialism": "Addiction", "appointments": 1, "minutes": 50} in found
    assert {"specialism": "ADHD", "appointments": 2, "minutes": 100} in found


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("role", ["user", "therapist", "anonymous"])
def test_nobody_else_reads_them(run: Running, role: str) -> None:
    assert as_role(run, role)["errors"][0]["extensions"]["code"] == "validation-failed"
