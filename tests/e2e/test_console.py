"""The console in a real browser: it loads, takes a secret, runs a query, follows the role."""

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    expect,
    sync_playwright,
)

from rowgate.app import create
from tests import http_doubles as doubles
from tests.http_doubles import SECRET

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TYPED = 300
"""Milliseconds after which GraphiQL has read what was typed."""
ADMIN = {"x-hasura-admin-secret": SECRET}
TABLE = """
create table shown (id int primary key, word text not null);
insert into shown values (1, 'visible-to-all'), (2, 'hidden-from-guests');
"""

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and "CI" not in os.environ,
    reason=f"no Chromium at {CHROMIUM}: apt-get install chromium",
)


@pytest.fixture(scope="module", autouse=True)
def _logging() -> Iterator[None]:
    yield from doubles.logging_kept()


@pytest.fixture(scope="module")
def console_url(module_database_url: str) -> Iterator[str]:
    """The address of an engine with one table, served from a thread of its own."""
    settings = doubles.settings(
        metadata_database_url=module_database_url,
        database_url=module_database_url,
        enable_console=True,
        live_queries_refetch_interval=100,
    )
    addresses: list[str] = []
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with doubles.served(create(settings)) as address:
            addresses.append(f"http://{address}")
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30), "the engine did not start"
        _fill(addresses[0])
        yield addresses[0]
    finally:
        done.set()
        thread.join(30)


def _fill(url: str) -> None:
    table = {"source": "default", "table": "shown"}
    permission = {"columns": "*", "filter": {"id": {"_eq": 1}}}
    by_session = {"columns": "*", "filter": {"id": {"_eq": "X-Hasura-Shown-Id"}}}
    for path, kind, args in (
        ("/v2/query", "run_sql", {"sql": TABLE}),
        ("/v1/metadata", "pg_track_table", table),
        (
            "/v1/metadata",
            "pg_create_select_permission",
            {**table, "role": "guest", "permission": permission},
        ),
        (
            "/v1/metadata",
            "pg_create_select_permission",
            {**table, "role": "one", "permission": by_session},
        ),
    ):
        body = {"type": kind, "args": args}
        response = httpx.post(url + path, json=body, headers=ADMIN, timeout=30)
        assert response.status_code == 200, response.text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=True, args=FLAGS
        )
        try:
            yield started
        finally:
            started.close()


@dataclass
class Visit:
    """A page of the console, what it complained about, and whom it asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def complain(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def ask(self, request: Request) -> None:
        self.asked.add(request.url.split("/", 3)[2])

    def fail(self, error: Error) -> None:
        self.complaints.append(error.message)

    def run(self, query: str) -> None:
        """Replace the text of the query editor, and run it."""
        self.page.locator(".graphiql-query-editor .CodeMirror").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(query)
        self.page.wait_for_timeout(TYPED)
        self.page.get_by_role("button", name="Execute query").click()


@pytest.fixture
def visit(browser: Browser, console_url: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    made = Visit(context.new_page())
    made.page.on("console", made.complain)
    made.page.on("pageerror", made.fail)
    made.page.on("request", made.ask)
    made.page.goto(f"{console_url}/console")
    yield made
    context.close()


def test_a_query_runs_as_the_one_who_asks(visit: Visit, console_url: str) -> None:
    page = visit.page
    result = page.locator(".result-window")
    expect(page.get_by_role("alert")).to_contain_text("required, but not found")
    page.get_by_label("Admin secret").fill(SECRET)
    visit.run("{ shown(order_by: {id: asc}) { word } }")
    expect(result).to_contain_text("visible-to-all")
    expect(result).to_contain_text("hidden-from-guests")
    page.get_by_label("Role").select_option("guest")
    visit.run("{ shown { word } }")
    expect(result).not_to_contain_text("hidden-from-guests")
    expect(result).to_contain_text("visible-to-all")
    assert visit.asked == {console_url.removeprefix("http://")}
    assert visit.complaints == []


def test_the_schema_follows_the_headers(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    page.get_by_role("button", name="Show Documentation Explorer").click()
    explorer = page.locator(".graphiql-doc-explorer")
    expect(explorer).to_contain_text("mutation_root", timeout=15_000)
    page.get_by_label("Role").select_option("guest")
    expect(explorer).not_to_contain_text("mutation_root", timeout=15_000)
    expect(explorer).to_contain_text("query_root")
    assert visit.complaints == []


def test_a_subscription_shows_what_changes(visit: Visit, console_url: str) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    visit.run("subscription { shown(where: {id: {_eq: 1}}) { word } }")
    result = page.locator(".result-window")
    expect(result).to_contain_text("visible-to-all")
    for word in ("changed-meanwhile", "visible-to-all"):
        text = 'mutation { update_shown_by_pk(pk_columns: {id: 1}, _set: {word: "%s"}) { id } }'
        response = httpx.post(
            f"{console_url}/v1/graphql", json={"query": text % word}, headers=ADMIN, timeout=10
        )
        assert "errors" not in response.json()
        expect(result).to_contain_text(word)
    assert visit.complaints == []


def test_secrets_are_not_kept(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    visit.run("{ shown { word } }")
    expect(page.locator(".result-window")).to_contain_text("visible-to-all")
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert SECRET not in stored
    page.reload()
    expect(page.get_by_label("Admin secret")).to_have_value("")


def test_a_sample_query_of_what_the_role_sees_is_there(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    editor = page.locator(".graphiql-query-editor")
    expect(editor).to_contain_text("shown(limit: 10)", timeout=15_000)
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text("visible-to-all")
    assert visit.complaints == []


def test_secrets_stand_nowhere_in_clear(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    page.get_by_label("Token").fill("a.b.c")
    page.get_by_role("button", name="Headers").click()
    page.wait_for_timeout(TYPED)
    assert SECRET not in page.inner_text("body")
    assert "a.b.c" not in page.inner_text("body")
    for label in ("Admin secret", "Token"):
        assert page.get_by_label(label).get_attribute("type") == "password"


def test_roles_are_listed_and_session_variables_are_sent(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill(SECRET)
    role = page.get_by_label("Role")
    expect(role.locator("option")).to_have_text(["default", "admin", "guest", "one"])
    role.select_option("one")
    page.get_by_role("button", name="Add session variable").click()
    page.get_by_label("Name of session variable 1").fill("shown-id")
    page.get_by_label("Value of session variable 1").fill("2")
    page.wait_for_timeout(TYPED)
    visit.run("{ shown { id word } }")
    expect(page.locator(".result-window")).to_contain_text("hidden-from-guests")
    page.get_by_label("Value of session variable 1").fill("1")
    visit.run("{ shown { id  word } }")
    expect(page.locator(".result-window")).not_to_contain_text("hidden-from-guests")
    assert visit.complaints == []


def test_what_the_engine_says_against_a_wrong_secret_is_told(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Admin secret").fill("wrong")
    expect(page.get_by_role("alert")).to_contain_text('invalid "x-hasura-admin-secret"')
    page.get_by_label("Admin secret").fill(SECRET)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_is_not_served_is_told_until_it_is(
    visit: Visit, console_url: str, module_database_url: str
) -> None:
    page = visit.page
    changed(console_url, module_database_url, "alter table shown rename to gone")
    try:
        page.get_by_label("Admin secret").fill(SECRET)
        banner = page.get_by_role("alert")
        expect(banner).to_contain_text("not served", timeout=15_000)
        expect(banner).to_contain_text("shown")
    finally:
        changed(console_url, module_database_url, "alter table gone rename to shown")
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)


def changed(url: str, database_url: str, sql: str) -> None:
    """Change tables behind the engine's back, then have it look."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql)
    body = {"type": "reload_metadata", "args": {"reload_sources": True}}
    answer = httpx.post(f"{url}/v1/metadata", json=body, headers=ADMIN, timeout=30)
    assert answer.status_code == 200, answer.text
