"""Access tokens at the actions service: which are believed, and how often keys are read."""

import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from actions import bearer
from actions.bearer import HASURA, Bearers, PublicKeys
from actions.signing_in import AuthService
from service.failures import Refusal

USER = uuid4()
FIRST, SECOND = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Auth:
    """An auth service of the test's own: what it publishes, and how often it was asked."""

    def __init__(self) -> None:
        self.keys = {"first": FIRST}
        self.asked, self.is_away = 0, False

    def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.is_away:
            return httpx.Response(503)
        told = []
        for kid, key in self.keys.items():
            public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            told.append({**public, "kid": kid, "alg": "RS256", "use": "sig"})
        return httpx.Response(200, json={"keys": told})


class Clock:
    """Time as the tests want it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bearer, "time", made)
    return made


@pytest.fixture
def auth() -> Auth:
    return Auth()


@pytest.fixture
def bearers(auth: Auth, clock: Clock) -> Bearers:
    transport = httpx.MockTransport(auth.answer)
    client = httpx.AsyncClient(transport=transport, base_url="http://auth")
    return Bearers(AuthService(client, ""), PublicKeys(client), "https://auth.test", "rowgate")


def granting(value: Any) -> str:
    """A token with other claims of Hasura's."""
    return token(**{HASURA: value})


def token(kid: Any = "first", key: Any = FIRST, algorithm: Any = "RS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://auth.test",
        "aud": "rowgate",
        "sub": str(USER),
        "iat": now,
        "exp": now + 60,
        HASURA: {"x-hasura-allowed-roles": ["user"]},
    }
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": kid})


async def test_a_good_token_is_a_user(bearers: Bearers, auth: Auth) -> None:
    for _ in range(3):
        person = await bearers.by_token(token())
        assert (person.user_id, person.is_admin) == (USER, False)
    assert auth.asked == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        token(iss="https://other.test"),
        token(aud="other"),
        token(exp=1),
        token(exp=None),
        token(aud=None),
        token(sub=None),
        token(sub="x"),
        token(key=SECOND),
        granting(None),
        granting({}),
        granting("x"),
        token(key="k" * 32, algorithm="HS256"),
        token(key=None, algorithm="none"),
    ],
)
async def test_other_tokens_are_refused(bearers: Bearers, text: str) -> None:
    with pytest.raises(Refusal) as caught:
        await bearers.by_token(text)
    assert (caught.value.status_code, caught.value.code) == (401, "invalid-token")


async def test_a_token_of_another_role_is_refused(bearers: Bearers) -> None:
    with pytest.raises(Refusal) as caught:
        await bearers.by_token(granting({"x-hasura-allowed-roles": ["analyst"]}))
    assert caught.value.status_code == 403


async def test_a_new_key_is_read_and_unknown_ones_do_not_flood(
    bearers: Bearers, auth: Auth, clock: Clock
) -> None:
    await bearers.by_token(token())
    auth.keys["second"] = SECOND
    clock.now += 3
    assert (await bearers.by_token(token("second", SECOND))).user_id == USER
    assert auth.asked == 2
    clock.now += 3
    for _ in range(20):
        with pytest.raises(Refusal):
            await bearers.by_token(token("third", SECOND))
    assert auth.asked == 3


async def test_a_withdrawn_key_is_forgotten(bearers: Bearers, auth: Auth, clock: Clock) -> None:
    await bearers.by_token(token())
    auth.keys = {"second": SECOND}
    clock.now += 301
    with pytest.raises(Refusal) as caught:
        await bearers.by_token(token())
    assert caught.value.status_code == 401


async def test_without_the_auth_service_known_keys_count(
    bearers: Bearers, auth: Auth, clock: Clock
) -> None:
    auth.is_away = True
    with pytest.raises(Refusal) as caught:
        await bearers.by_token(token())
    assert (caught.value.status_code, caught.value.code) == (503, "auth-unavailable")
    auth.is_away = False
    clock.now += 3
    await bearers.by_token(token())
    auth.is_away = True
    clock.now += 301
    assert (await bearers.by_token(token())).user_id == USER
