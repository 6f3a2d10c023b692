"""Tokens that were changed at random are accepted only where another library accepts them.

1,000 tokens by default; `ROWGATE_TOKEN_CASES` says how many. The other library is jwcrypto, which
shares no code with PyJWT.
"""

import base64
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from io import StringIO
from typing import Any

import jwt
import pytest
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from rowgate.base.errors import InvalidJwt
from rowgate.base.observation import Log
from rowgate.http.session.gate import Gate
from tests.http_doubles import OTHER_RSA, RSA, claims, public_pem, token, with_jwt

CASES = int(os.environ.get("ROWGATE_TOKEN_CASES", "1000"))
PEM = public_pem(RSA)
GATE = Gate(with_jwt(type="RS256", key=PEM), Log(stream=StringIO()))
REFERENCE = JWK.from_pem(PEM.encode())
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"
HEADERS: tuple[dict[str, Any], ...] = (
    {"alg": "none"},
    {"alg": "NoNe"},
    {"alg": "HS256"},
    {"alg": "RS512"},
    {"alg": "PS256"},
    {"alg": "RS256", "crit": ["x"]},
    {"alg": "RS256", "crit": ["b64"], "b64": False},
    {"alg": "RS256", "kid": "../../dev/null"},
    {"alg": "RS256", "zip": "DEF"},
    {"alg": "RS256", "jku": "http://127.0.0.1:9/"},
)
Change = Callable[[random.Random, str], str]


def _character(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(ALPHABET) + text[at + 1 :]


def _bit(chance: random.Random, text: str) -> str:
    parts = text.split(".")
    at = chance.randrange(3)
    octets = bytearray(base64.urlsafe_b64decode(parts[at] + "=="))
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    parts[at] = _base64(bytes(octets))
    return ".".join(parts)


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text))]


def _parts(chance: random.Random, text: str) -> str:
    parts = text.split(".")
    return ".".join(chance.choice([*parts, ""]) for _ in range(chance.randrange(1, 6)))


def _header(chance: random.Random, text: str) -> str:
    _, payload, signature = text.split(".")
    header = _base64(json.dumps(chance.choice(HEADERS)).encode())
    return f"{header}.{payload}.{chance.choice([signature, ''])}"


def _signed_again(chance: random.Random, text: str) -> str:
    header = chance.choice([one for one in HEADERS if one["alg"] == "RS256"])
    key = chance.choice([RSA, OTHER_RSA])
    return jwt.PyJWS().encode(json.dumps(_claims(chance)).encode(), key, "RS256", header)


def _unchanged(chance: random.Random, text: str) -> str:
    return text


def _claims(chance: random.Random) -> dict[str, Any]:
    name = chance.choice(["exp", "nbf", "iat", "aud", "iss", "sub", "other"])
    values: list[Any] = [0, -1, 10**30, 1.5, "1", "", [], {}, True]
    return claims(**{name: chance.choice(values)})


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


CHANGES: tuple[Change, ...] = (
    _character,
    _bit,
    _cut,
    _parts,
    _header,
    _signed_again,
    _unchanged,
)


def _accepts(text: str) -> bool:
    try:
        GATE._issuers[0].reader.read(text, None)
    except InvalidJwt:
        return False
    return True


def _reference_accepts(text: str) -> bool:
    try:
        JWT(jwt=text, key=REFERENCE, algs=["RS256"], expected_type="JWS")
    except (JWException, ValueError, TypeError):
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
def test_what_is_accepted_is_accepted_by_another_library(seed: int) -> None:
    chance = random.Random(seed)
    counted: Counter[tuple[bool, bool]] = Counter()
    good = token(claims(), RSA, "RS256")
    for _ in range(CASES // 4):
        text = chance.choice(CHANGES)(chance, good)
        ours, theirs = _accepts(text), _reference_accepts(text)
        counted[ours, theirs] += 1
        assert theirs or not ours, text
    print(f"{CASES // 4:,} tokens of seed {seed}: {counted[True, True]:,} accepted by both")
    assert counted[True, True] > CASES // 100
    assert counted[False, False] > CASES // 100
