"""What all processes together must hold: no secret in any log, queries during a login flood."""

import asyncio
import time
from collections import Counter
from uuid import uuid4

import httpx

from tests.e2e.conftest import Running
from tests.e2e.test_animals import LOGIN, REFRESH, REGISTER, bearer


def test_no_log_holds_a_secret(run: Running) -> None:
    canary = "canary-" + uuid4().hex
    name = f"logged_{uuid4().hex[:12]}"
    wish = {"username": name, "password": canary, "email": "c@example.org"}
    run.data(REGISTER, wish)
    tokens = run.data(LOGIN, {"username": name, "password": canary})["login"]
    fresh = run.data(REFRESH, {"token": tokens["refresh_token"]})["refresh"]
    run.graphql(LOGIN, {"username": name, "password": canary + "x"})
    run.graphql(f'mutation {{ login(username: "{name}", password: "{canary}") {{ nothing }} }}')
    run.data("{ identity_users { id } }", headers=bearer(fresh["access_token"]))
    secret = {"x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]}
    run.data("{ identity_users { id } }", headers=secret)
    httpx.post(f"{run.urls['auth']}/login", content=f'{{"password": "{canary}"')
    logs = {path.name: path.read_text(errors="replace") for path in run.logs.glob("*")}
    assert {"engine.log", "auth.log", "actions.log"} <= set(logs)
    hidden = [canary, *run.secrets.values()]
    hidden += [tokens[kind] for kind in ("access_token", "refresh_token")]
    hidden += [fresh[kind] for kind in ("access_token", "refresh_token")]
    for text in logs.values():
        assert not [secret[:6] for secret in hidden if secret in text]


async def _guesses(url: str, address: str) -> list[int]:
    """Statuses of twenty wrong logins at once from a loopback address."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        names = (f"flood-{address}-{at}" for at in range(20))
        bodies = ({"username": name, "password": "wrong"} for name in names)
        answers = await asyncio.gather(*(client.post(url, json=body) for body in bodies))
    return [answer.status_code for answer in answers]


async def _slowest_query(url: str) -> float:
    """The longest of twenty queries one after the other, in seconds."""
    query = {"query": "{ shelter_animals(limit: 1) { name } }"}
    times = []
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(20):
            began = time.perf_counter()
            answer = await client.post(url, json=query)
            times.append(time.perf_counter() - began)
            assert "errors" not in answer.json()
    return max(times)


async def test_queries_are_answered_during_a_flood_of_logins(run: Running) -> None:
    login, graphql = f"{run.urls['auth']}/login", f"{run.urls['engine']}/v1/graphql"
    addresses = (f"127.0.2.{last}" for last in range(1, 16))
    flood = asyncio.gather(*(_guesses(login, address) for address in addresses))
    await asyncio.sleep(0.2)
    slowest = await _slowest_query(graphql)
    counts = Counter(status for statuses in await flood for status in statuses)
    assert set(counts) <= {401, 503}
    assert counts[401] >= 20
    assert slowest < 2
