"""Limits on guessing: counted in the database, for accounts, addresses and the gateway."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx

from tests.integration.services.conftest import (
    GATEWAY_SECRET,
    ROOT,
    Service,
    StartAuth,
    free_ports,
)
from tests.integration.services.test_auth import PASSWORD, new_name, registered, signed_in

GATEWAY = {"x-actions-secret": GATEWAY_SECRET}


async def _guess(client: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    body = {"username": name, "password": uuid4().hex}
    return await client.post("/login", json=body, headers=headers)


async def test_a_hundred_guesses_at_once_count_as_a_hundred(auth_service: Service) -> None:
    name = await registered(auth_service)
    guesses = (_guess(auth_service.client, name, **GATEWAY) for _ in range(100))
    answers = await asyncio.gather(*guesses)
    counts = Counter(answer.status_code for answer in answers)
    assert counts == {401: 5, 429: 95}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) == 900
    right = await auth_service.post("/login", {"username": name, "password": PASSWORD})
    assert right.status_code == 429


async def test_processes_count_together(start_auth: StartAuth) -> None:
    async with start_auth() as one, start_auth() as other:
        name = await registered(one)
        services = [one, other] * 10
        answers = await asyncio.gather(*(_guess(each.client, name) for each in services))
    assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 15}


async def test_many_right_logins_at_once_are_all_served(auth_service: Service) -> None:
    name = await registered(auth_service)
    for tokens in await asyncio.gather(*(signed_in(auth_service, name) for _ in range(30))):
        assert tokens["access_token"]


async def test_success_forgives_earlier_failures(auth_service: Service) -> None:
    name = await registered(auth_service)
    for _ in range(3):
        for _ in range(4):
            assert (await _guess(auth_service.client, name)).status_code == 401
        await signed_in(auth_service, name)


async def test_one_address_cannot_try_many_accounts(auth_service: Service) -> None:
    async with auth_service.from_address("192.0.2.7") as client:
        answers = [await _guess(client, new_name()) for _ in range(25)]
        counts = Counter(answer.status_code for answer in answers)
    assert counts == {401: 20, 429: 5}
    async with auth_service.from_address("192.0.2.8") as client:
        assert (await _guess(client, new_name())).status_code == 401


async def test_a_forged_forwarded_address_changes_nothing(auth_service: Service) -> None:
    async with auth_service.from_address("192.0.2.9") as client:
        forged = [{"x-forwarded-for": f"198.51.100.{at}"} for at in range(25)]
        answers = [await _guess(client, new_name(), **headers) for headers in forged]
    assert Counter(answer.status_code for answer in answers) == {401: 20, 429: 5}


async def test_a_trusted_proxy_tells_addresses_apart(start_auth: StartAuth) -> None:
    async with (
        start_auth(AUTH_TRUSTED_PROXIES="192.0.2.10/32") as service,
        service.from_address("192.0.2.10") as client,
    ):
        for at in range(25):
            line = {"x-forwarded-for": f"203.0.113.99, 198.51.100.{at}"}
            assert (await _guess(client, new_name(), **line)).status_code == 401


async def test_a_wrong_gateway_secret_is_no_gateway(auth_service: Service) -> None:
    async with auth_service.from_address("192.0.2.11") as client:
        wrong = {"x-actions-secret": "a guess"}
        answers = [await _guess(client, new_name(), **wrong) for _ in range(21)]
    assert answers[-1].status_code == 429


async def test_the_gateway_has_a_limit_of_its_own(start_auth: StartAuth) -> None:
    async with start_auth(AUTH_ATTEMPTS_PER_GATEWAY="30") as service:
        answers = [await _guess(service.client, new_name(), **GATEWAY) for _ in range(31)]
        assert [answer.status_code for answer in answers[-2:]] in ([401, 429], [429, 429])


async def test_registrations_are_limited(start_auth: StartAuth) -> None:
    async with start_auth(AUTH_REGISTRATIONS_PER_ADDRESS="3") as service:
        statuses = []
        for _ in range(5):
            body = {"username": new_name(), "email": "a@b", "password": PASSWORD}
            statuses.append((await service.post("/register", body)).status_code)
        assert statuses == [201, 201, 201, 429, 429]


def _auth_process(url: str, keys: Path, port: int) -> "subprocess.Popen[bytes]":
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_URL": url,
        "AUTH_PRIVATE_KEY_DIR": str(keys),
        "AUTH_ISSUER": "https://auth.test",
    }
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", "auth"], cwd=ROOT, env=environment, stdout=quiet, stderr=quiet
    )


async def _answers(client: httpx.AsyncClient, port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def test_limits_hold_over_two_processes_and_a_restart(
    migrated_url: str, key_directory: Path, auth_service: Service
) -> None:
    name = await registered(auth_service)
    ports = free_ports(2)
    processes = [_auth_process(migrated_url, key_directory, port) for port in ports]
    urls = [f"http://127.0.0.1:{port}/login" for port in ports]
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(_answers(client, port) for port in ports))
            body = {"username": name, "password": "a guess"}
            answers = await asyncio.gather(*(client.post(url, json=body) for url in urls * 6))
            assert Counter(answer.status_code for answer in answers) == {401: 5, 429: 7}
            processes[0].kill()
            processes[0].wait()
            processes[0] = _auth_process(migrated_url, key_directory, ports[0])
            await _answers(client, ports[0])
            right = {"username": name, "password": PASSWORD}
            refused = await client.post(urls[0], json=right)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) == 900


def _resident_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


async def test_a_flood_of_logins_is_refused_not_suffered(start_auth: StartAuth) -> None:
    free = {"AUTH_ATTEMPTS_PER_GATEWAY": "100000", "AUTH_HASH_QUEUE": "20"}
    async with start_auth(**free) as service:
        before = _resident_kib()
        flood = asyncio.gather(*(_guess(service.client, new_name(), **GATEWAY) for _ in range(500)))
        await asyncio.sleep(0.05)
        health = await asyncio.wait_for(service.client.get("/.well-known/jwks.json"), 5)
        answers = await flood
        counts = Counter(answer.status_code for answer in answers)
        grown = _resident_kib() - before
    assert health.status_code == 200
    assert set(counts) <= {401, 429, 503}
    assert counts[401] >= 1
    assert counts[503] + counts[429] >= 1
    assert grown < 200 * 1024


async def test_logins_that_have_every_connection_leave_the_service_well(
    auth_service: Service,
) -> None:
    pool = auth_service.app.state.desk.attempts.pool
    async with AsyncExitStack() as taken:
        for _ in range(pool.get_max_size()):
            await taken.enter_async_context(pool.acquire())
        assert (await auth_service.client.get("/healthz")).status_code == 200


async def test_clients_behind_the_gateway_are_counted_by_their_address(
    auth_service: Service,
) -> None:
    bad, good = "198.51.100.7", "198.51.100.8"
    for forged in ("", "203.0.113.1, ", "198.51.100.8, "):
        through = {"x-forwarded-for": forged + bad}
        headers = {**GATEWAY, **through}
        answers = [await _guess(auth_service.client, new_name(), **headers) for _ in range(12)]
    assert answers[-1].status_code == 429
    name = await registered(auth_service)
    body = {"username": name, "password": PASSWORD}
    headers = {**GATEWAY, "x-forwarded-for": good}
    answer = await auth_service.client.post("/login", json=body, headers=headers)
    assert answer.status_code == 200
    headers = {**GATEWAY, "x-forwarded-for": bad}
    answer = await auth_service.client.post("/login", json=body, headers=headers)
    assert answer.status_code == 429


async def test_the_front_door_before_the_engine_is_no_client(start_auth: StartAuth) -> None:
    async with start_auth(AUTH_TRUSTED_PROXIES="127.0.0.1/32, ::1/128") as service:
        for bad in range(25):
            through = {**GATEWAY, "x-forwarded-for": "203.0.113.9, 127.0.0.1"}
            answer = await _guess(service.client, new_name(), **through)
            assert answer.status_code == (401 if bad < 20 else 429)
        through["x-forwarded-for"] = "203.0.113.10, 127.0.0.1"
        assert (await _guess(service.client, new_name(), **through)).status_code == 401
