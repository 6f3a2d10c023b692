"""Laws of tokens, whatever is done to one: only what was signed is accepted."""

import base64
import json
import time
from io import StringIO
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.base.errors import ApiError, InvalidJwt
from rowgate.base.observation import Log
from rowgate.base.session import Session
from rowgate.http.session.claims import grant, read_claims
from rowgate.http.session.gate import Gate
from rowgate.http.session.jsonpath import look_up, parse
from tests.http_doubles import HMAC_KEY, claims, public_pem, token, with_jwt
from tests.http_doubles import RSA as PRIVATE

GATE = Gate(with_jwt(type="RS256", key=public_pem(PRIVATE)), Log(stream=StringIO()))
GOOD = token(claims(exp=int(time.time()) + 86_400), PRIVATE, "RS256")
"""Good for longer than any run of the tests takes."""
ALGORITHMS = ["none", "HS256", "RS256", "RS512", "PS256", "ES256", "", "EdDSA"]
ALPHABET = st.sampled_from("ABCxyz019-_.=+/ ")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["x-hasura-allowed-roles", "x-hasura-default-role", "x-hasura-user-id"])


def read(text: str) -> Session | None:
    """The session of a token, `None` where it is refused; any other failure is one of ours."""
    try:
        return GATE._issuers[0].reader.read(text, None)
    except InvalidJwt:
        return None


def signed_bytes(text: str) -> tuple[str, bytes]:
    """What was signed, and the signature's bytes, which base64 may write in several ways."""
    signing, _, signature = text.rpartition(".")
    return signing, base64.urlsafe_b64decode(signature + "==")


@given(st.integers(0, len(GOOD) - 1), ALPHABET)
def test_a_changed_character_is_refused(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    assert read(GOOD) is not None
    if read(changed) is not None:
        assert signed_bytes(changed) == signed_bytes(GOOD)


@pytest.mark.parametrize("name", ["x_hasura_role", "x-hasura_role", "x_hasura-role", "xhasurarole"])
async def test_another_spelling_of_a_header_chooses_no_role(name: str) -> None:
    for value in ("admin", "editor"):
        headers = {"authorization": f"Bearer {GOOD}", name: value, "x_hasura_user_id": "2"}
        session = (await GATE.identify(headers)).session
        assert (session.role, session.variables["x-hasura-user-id"]) == ("user", "1")


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "aud"])
def test_registered_claims_are_texts(name: str) -> None:
    wrong: tuple[Any, ...] = (1.5, 0, True, False, {}, {"a": "b"}, [1], ["a", None])
    for value in wrong:
        assert read(signed(name, value)) is None
    for text in ("", "a text", None):
        assert read(signed(name, text)) is not None
    assert (read(signed(name, ["a", "b"])) is not None) is (name == "aud")


def signed(name: str, value: Any) -> str:
    """A token with that claim, whatever PyJWT makes of it."""
    payload = json.dumps(claims(**{name: value})).encode()
    return jwt.PyJWS().encode(payload, PRIVATE, "RS256")


@given(
    st.fixed_dictionaries(
        {
            "alg": st.sampled_from(
                ["none", "HS256", "RS256", "RS512", "PS256", "ES256", "", "EdDSA"]
            )
        },
        optional=dict.fromkeys(("kid", "jku", "jwk", "x5u", "crit", "b64", "typ", "zip"), JSON),
    ),
    st.sampled_from([HMAC_KEY.encode(), public_pem(PRIVATE).encode(), b""]),
)
def test_no_header_makes_a_foreign_signature_good(header: dict[str, Any], key: bytes) -> None:
    parts = [header, claims()]
    signing = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    made = hmac.sign(signing.encode(), key)
    signature = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
    assert read(f"{signing}.{signature}") is None
    assert read(f"{signing}.") is None


@given(st.text(max_size=60))
def test_any_text_is_refused_in_good_order(text: str) -> None:
    assert read(text) is None


@given(st.dictionaries(NAMES, JSON))
def test_any_claims_are_granted_or_refused_in_good_order(found: dict[str, Any]) -> None:
    refused: ApiError | None = None
    try:
        granted = grant(read_claims({"claims_namespace": "c"}), {"c": found})
    except ApiError as error:
        refused = error
    if refused is not None:
        assert refused.code in {"jwt-invalid-claims", "jwt-missing-role-claims"}
    else:
        assert granted.default == found["x-hasura-default-role"]
        assert granted.allowed == set(found["x-hasura-allowed-roles"])


@given(st.lists(st.text("abcXYZ_09", min_size=1, max_size=5) | st.integers(0, 3), max_size=4), JSON)
@settings(max_examples=200)
def test_a_path_finds_what_stands_there(steps: list[str | int], value: Any) -> None:
    text = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    assert parse(text) == tuple(steps)
    document = value
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [None] * step + [document]
    assert look_up(document, parse(text)) is value
