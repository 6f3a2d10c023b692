"""One document of every endpoint, and a page that shows it: a route that is missing fails here."""

import re
from pathlib import Path

import requests

from rowgate.metadata.directory import load
from tests.e2e.conftest import ROOT, Running

HIDDEN = r"(add_api_route|APIRouter|include_router)\([^()]*include_in_schema"


def routes_of(url: str, prefix: str = "") -> set[tuple[str, str]]:
    """The routes of a service; FastAPI names all but those that are hidden from its document."""
    paths = requests.get(f"{url}/openapi.json", timeout=30).json()["paths"]
    return {(prefix + path, method) for path, item in paths.items() for method in item}


def stored_endpoints() -> set[tuple[str, str]]:
    found = load(Path(ROOT, "metadata"))["rest_endpoints"]
    return {
        ("/api/rest/" + "/".join(_shown(part) for part in one["url"].split("/")), method.lower())
        for one in found
        for method in one["methods"]
    }


def _shown(part: str) -> str:
    return f"{{{part[1:]}}}" if part.startswith(":") else part


def test_every_route_is_in_the_one_document(run: Running) -> None:
    answer = requests.get(f"{run.urls['front']}/openapi.json", timeout=30)
    assert answer.status_code == 200
    document = answer.json()
    assert "x-missing" not in document
    told = {(path, method) for path, item in document["paths"].items() for method in item}
    services = routes_of(run.urls["auth"], "/auth") | routes_of(run.urls["actions"])
    wanted = services | stored_endpoints()
    assert wanted - told == set()
    assert len(wanted) > 20


def test_no_route_of_a_service_is_hidden() -> None:
    for part in ("auth", "actions", "service"):
        for file in Path(ROOT, part).rglob("*.py"):
            hidden = re.search(HIDDEN, file.read_text())
            assert hidden is None, file


def test_the_page_shows_that_document(run: Running) -> None:
    front = run.urls["front"]
    page = requests.get(f"{front}/docs", timeout=30)
    assert page.status_code == 200
    assert "/openapi.json" in page.text
    scripts = [part.split('"')[0] for part in page.text.split('src="')[1:]]
    assert scripts
    for script in scripts:
        assert requests.get(f"{front}{script}", timeout=30).status_code == 200, script
