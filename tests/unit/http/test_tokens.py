"""Tokens: what is accepted, what is refused and with which words (attacks of rows B4 to B9)."""

import base64
import json
import time
from io import StringIO
from typing import Any

import jwt
import pytest

from rowgate.base.errors import ApiError
from rowgate.base.observation import Log
from rowgate.http.session import Gate
from rowgate.settings import Settings, SettingsError
from tests import http_doubles as doubles
from tests.http_doubles import HMAC_KEY, NAMESPACE, claims, public_pem, token, with_jwt


async def identified(settings: Settings, headers: dict[str, str]) -> Any:
    gate = Gate(settings, Log(stream=StringIO()))
    try:
        return (await gate.identify(headers)).session
    finally:
        await gate.close()


async def session_of(encoded: str, settings: Settings | None = None, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given["authorization"] = f"Bearer {encoded}"
    return await identified(settings or with_jwt(), given)


async def refusal_of(encoded: str, settings: Settings | None = None, **headers: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await session_of(encoded, settings, **headers)
    return caught.value


async def test_a_token_gives_its_default_role_and_variables() -> None:
    payload = claims()
    session = await session_of(token(payload))
    assert session.role == "user"
    assert session.variables == {"x-hasura-role": "user", "x-hasura-user-id": "1"}
    assert session.expires_at == payload["exp"]
    assert not session.by_secret
    assert not session.backend_only


async def test_the_role_header_chooses_among_the_allowed_roles() -> None:
    session = await session_of(token(claims()), x_hasura_role="editor")
    assert (session.role, session.variables["x-hasura-role"]) == ("editor", "editor")


async def test_a_role_that_is_not_allowed_is_refused() -> None:
    error = await refusal_of(token(claims()), x_hasura_role="admin")
    assert (error.code, error.status) == ("access-denied", 400)
    assert error.message == "Your requested role is not in allowed roles"


async def test_variables_of_the_client_do_not_count_with_a_token() -> None:
    session = await session_of(
        token(claims()), x_hasura_user_id="2", x_hasura_use_backend_only_permissions="true"
    )
    assert session.variables["x-hasura-user-id"] == "1"
    assert not session.backend_only


@pytest.mark.parametrize(
    ("kind", "private", "algorithm"),
    [
        ("RS256", doubles.RSA, "RS256"),
        ("RS512", doubles.RSA, "RS512"),
        ("ES256", doubles.EC, "ES256"),
        ("Ed25519", doubles.ED, "EdDSA"),
    ],
)
async def test_public_keys(kind: str, private: Any, algorithm: str) -> None:
    settings = with_jwt(type=kind, key=public_pem(private))
    assert (await session_of(token(claims(), private, algorithm), settings)).role == "user"


def unsigned(header: dict[str, Any], payload: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (header, payload)
    ]
    return ".".join([*parts, ""])


@pytest.mark.parametrize("algorithm", ["none", "NoNe", "NONE", "", None, 7, [], ["RS256"], {}])
async def test_a_token_without_a_signature_is_refused(algorithm: Any) -> None:
    error = await refusal_of(unsigned({"alg": algorithm, "typ": "JWT"}, claims()))
    assert error.code == "invalid-jwt"


async def test_an_hmac_made_with_the_public_key_is_refused() -> None:
    pem = public_pem(doubles.RSA)
    signing = unsigned({"alg": "HS256", "typ": "JWT"}, claims()).rstrip(".")
    made = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        signing.encode(), pem.encode()
    )
    forged = f"{signing}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"
    error = await refusal_of(forged, with_jwt(type="RS256", key=pem))
    assert error.message == "Could not verify JWT: JWSError JWSInvalidSignature"


async def test_a_key_of_one_algorithm_does_not_serve_another() -> None:
    settings = with_jwt(type="RS256", key=public_pem(doubles.RSA))
    error = await refusal_of(token(claims(), doubles.RSA, "RS512"), settings)
    assert error.code == "invalid-jwt"


async def test_an_unknown_critical_header_is_refused() -> None:
    error = await refusal_of(token(claims(), crit=["x"], x=1))
    assert error.code == "invalid-jwt"


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../dev/null"},
        {"kid": "x' or 1=1 --"},
        {"jku": "http://127.0.0.1:9/"},
        {"x5u": "http://127.0.0.1:9/"},
        {"jwk": doubles.jwk(doubles.OTHER_RSA, None)},
    ],
)
async def test_the_header_of_a_token_leads_to_no_other_key(
    header: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connected(*_: object, **__: object) -> None:
        raise AssertionError("something was asked for over the network")

    monkeypatch.setattr("rowgate.http.session.key_source.fetch", connected)
    settings = with_jwt(type="RS256", key=public_pem(doubles.RSA))
    error = await refusal_of(token(claims(), doubles.OTHER_RSA, "RS256", **header), settings)
    assert error.code == "invalid-jwt"
    assert (await session_of(token(claims(), doubles.RSA, "RS256", **header), settings)).role


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "JWTNotInAudience"),
        ({"aud": "other"}, "JWTNotInAudience"),
        ({"aud": ["other", "more"]}, "JWTNotInAudience"),
        ({"aud": []}, "JWTNotInAudience"),
        ({"aud": 7}, "JWTNotInAudience"),
        ({"aud": "mine", "iss": "other"}, "JWTNotInIssuer"),
        ({"aud": "mine", "iss": ["me"]}, "JWTNotInIssuer"),
        ({"aud": "mine"}, "JWTNotInIssuer"),
    ],
)
async def test_audience_and_issuer(given: dict[str, Any], reason: str) -> None:
    settings = with_jwt(audience=["mine", "ours"], issuer="me")
    payload = {"iss": "me", **given} if "Audience" in reason else given
    error = await refusal_of(_encoded(claims(**payload)), settings)
    assert error.message == f"Could not verify JWT: {reason}"
    assert (await session_of(_encoded(claims(aud=["x", "ours"], iss="me")), settings)).role


def _encoded(payload: dict[str, Any]) -> str:
    """Signed without the library's own look at the claims."""
    return jwt.PyJWS().encode(json.dumps(payload).encode(), HMAC_KEY, "HS256")


@pytest.mark.parametrize(
    "name_and_value",
    [
        ("exp", "99999999999"),
        ("exp", 10**30),
        ("exp", -1),
        ("exp", True),
        ("exp", None),
        ("exp", 1e300),
        ("nbf", "0"),
        ("iat", [1]),
    ],
)
async def test_times_must_be_numeric_dates(name_and_value: tuple[str, Any]) -> None:
    name, value = name_and_value
    error = await refusal_of(_encoded({**claims(), name: value}))
    assert error.code == "invalid-jwt"


async def test_not_a_number_is_no_date() -> None:
    text = json.dumps(claims(exp=0)).replace('"exp": 0', '"exp": NaN')
    error = await refusal_of(jwt.PyJWS().encode(text.encode(), HMAC_KEY, "HS256"))
    assert error.code == "invalid-jwt"


@pytest.mark.parametrize(
    ("claim", "seconds", "reason"),
    [
        ("exp", -1, "JWTExpired"),
        ("nbf", 60, "JWTNotYetValid"),
        ("iat", 60, "JWTIssuedAtFuture"),
    ],
)
async def test_times(claim: str, seconds: int, reason: str) -> None:
    payload: dict[str, Any] = {claim: time.time() + seconds}
    error = await refusal_of(_encoded(claims(**payload)))
    assert (error.code, error.status) == ("invalid-jwt", 400)
    assert error.message == f"Could not verify JWT: {reason}"
    assert (await session_of(_encoded(claims(**payload)), with_jwt(allowed_skew=90))).role


async def test_a_remembered_token_ends_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(with_jwt(), Log(stream=StringIO()))
    headers = {"authorization": f"Bearer {token(claims())}"}
    assert gate.known(headers) is None
    session = (await gate.identify(headers)).session
    assert gate.known(headers) is session
    now = time.time()
    monkeypatch.setattr("rowgate.http.session.tokens.time.time", lambda: now + 601)
    assert gate.known(headers) is None
    with pytest.raises(ApiError, match="JWTExpired"):
        await gate.identify(headers)
    await gate.close()


async def test_a_remembered_token_still_refuses_roles() -> None:
    gate = Gate(with_jwt(), Log(stream=StringIO()))
    headers = {"authorization": f"Bearer {token(claims())}"}
    await gate.identify(headers)
    with pytest.raises(ApiError, match="not in allowed roles"):
        gate.known({**headers, "x-hasura-role": "admin"})
    await gate.close()


async def test_tokens_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rowgate.http.session.tokens.REMEMBERED", 3)
    gate = Gate(with_jwt(), Log(stream=StringIO()))
    every = [{"authorization": f"Bearer {token(claims(jti=str(i)))}"} for i in range(5)]
    for headers in every:
        await gate.identify(headers)
    assert [gate.known(headers) is not None for headers in every] == [False, False, *[True] * 3]
    await gate.close()


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        ("a.b", "invalid-jwt"),
        ("a.b.c", "invalid-jwt"),
        ("....", "invalid-jwt"),
        ("ä.ö.ü", "invalid-jwt"),
        ("x" * 70_000, "invalid-headers"),
        (_encoded(claims()) + "x", "invalid-jwt"),
        (jwt.PyJWS().encode(b"[]", HMAC_KEY, "HS256"), "invalid-jwt"),
        (jwt.PyJWS().encode(b"no json", HMAC_KEY, "HS256"), "invalid-jwt"),
    ],
)
async def test_garbage_is_refused(encoded: str, code: str) -> None:
    assert (await refusal_of(encoded)).code == code


def hasura(**changed: Any) -> str:
    given = {**claims()[NAMESPACE], **changed}
    return token({**claims(), NAMESPACE: {k: v for k, v in given.items() if v is not None}})


@pytest.mark.parametrize(
    ("encoded", "code", "message"),
    [
        (
            hasura(**{"x-hasura-allowed-roles": None}),
            "jwt-missing-role-claims",
            'JWT claim does not contain "x-hasura-allowed-roles"',
        ),
        (
            hasura(**{"x-hasura-default-role": None}),
            "jwt-missing-role-claims",
            'JWT claim does not contain "x-hasura-default-role"',
        ),
        (
            hasura(**{"x-hasura-allowed-roles": "user"}),
            "jwt-invalid-claims",
            "invalid x-hasura-allowed-roles; should be a list of roles: "
            "parsing [] failed, expected Array, but encountered String",
        ),
        (
            hasura(**{"x-hasura-default-role": ["user"]}),
            "jwt-invalid-claims",
            "invalid x-hasura-default-role; should be a single role name: "
            "parsing Text failed, expected String, but encountered Array",
        ),
        (
            hasura(**{"x-hasura-user-id": 1}),
            "jwt-invalid-claims",
            "x-hasura-* claims: parsing Text failed, expected String, but encountered Number",
        ),
        (
            token({"exp": int(time.time()) + 600}),
            "jwt-invalid-claims",
            f"claims key: '{NAMESPACE}' not found",
        ),
        (
            token({**claims(), NAMESPACE: "text"}),
            "jwt-invalid-claims",
            "expecting a json object when claims_format is json",
        ),
    ],
)
async def test_claims_refused(encoded: str, code: str, message: str) -> None:
    error = await refusal_of(encoded)
    assert (error.code, error.message, error.status) == (code, message, 400)


async def test_claims_as_text_at_a_path() -> None:
    settings = with_jwt(claims_format="stringified_json", claims_namespace_path="$.a['b c'][0]")
    payload = {"exp": claims()["exp"], "a": {"b c": [json.dumps(claims()[NAMESPACE])]}}
    assert (await session_of(token(payload), settings)).role == "user"
    error = await refusal_of(token({"a": 1}), settings)
    assert error.message == "claims not found at claims_namespace_path: '$.a['b c'][0]'"


async def test_a_claims_map() -> None:
    settings = with_jwt(
        claims_map={
            "x-hasura-allowed-roles": {"path": "$.roles"},
            "x-hasura-default-role": {"path": "$.role", "default": "user"},
            "X-Hasura-User-Id": {"path": "$.user.id"},
            "x-hasura-fixed": "here",
        }
    )
    session = await session_of(token({"roles": ["user"], "user": {"id": "7"}}), settings)
    assert session.variables == {
        "x-hasura-role": "user",
        "x-hasura-user-id": "7",
        "x-hasura-fixed": "here",
    }
    error = await refusal_of(token({"roles": ["user"]}), settings)
    assert error.message == "JWT claim from claims_map, x-hasura-user-id not found"


async def test_where_tokens_stand() -> None:
    encoded = token(claims())
    cookie = with_jwt(header={"type": "Cookie", "name": "sid"})
    custom = with_jwt(header={"type": "CustomHeader", "name": "X-Token"})
    assert (await identified(cookie, {"cookie": f'a=b; sid="{encoded}"'})).role == "user"
    assert (await identified(cookie, {"cookie": f"sid={encoded}"})).role == "user"
    assert (await identified(custom, {"x-token": encoded})).role == "user"
    for settings in (cookie, custom):
        with pytest.raises(ApiError) as caught:
            await identified(settings, {"authorization": f"Bearer {encoded}"})
        assert caught.value.code == "invalid-headers"


@pytest.mark.parametrize("value", ["Basic x", "Bearer", "Bearer a b", ""])
async def test_a_malformed_authorization_header(value: str) -> None:
    with pytest.raises(ApiError) as caught:
        await identified(with_jwt(), {"authorization": value})
    assert caught.value.message == "Malformed Authorization header"
    assert caught.value.code == "invalid-headers"


async def test_several_secrets() -> None:
    other = "another-shared-key-of-thirty-two-characters"
    settings = doubles.settings(
        jwt_secrets=(
            {"type": "HS256", "key": HMAC_KEY, "issuer": "one"},
            {"type": "HS256", "key": other, "issuer": "two"},
            {"type": "HS256", "key": other, "header": {"type": "Cookie", "name": "sid"}},
        )
    )
    assert (await session_of(token(claims(iss="one")), settings)).role == "user"
    assert (await session_of(token(claims(iss="two"), other), settings)).role == "user"
    assert (await refusal_of(token(claims(iss="two")), settings)).code == "invalid-jwt"
    listed = unsigned({"alg": ["HS256"]}, claims(iss="two"))
    assert (await refusal_of(listed, settings)).code == "invalid-jwt"
    both = {"authorization": f"Bearer {token(claims())}", "cookie": f"sid={token(claims())}"}
    with pytest.raises(ApiError, match="Multiple JWTs found"):
        await identified(settings, both)


async def test_secrets_of_one_issuer_are_tried_in_turn() -> None:
    other = "another-shared-key-of-thirty-two-characters"
    settings = doubles.settings(
        jwt_secrets=(
            {"type": "HS256", "key": HMAC_KEY, "issuer": "one"},
            {"type": "HS256", "key": other, "issuer": "one"},
        )
    )
    assert (await session_of(token(claims(iss="one")), settings)).role == "user"
    assert (await session_of(token(claims(iss="one"), other), settings)).role == "user"


@pytest.mark.parametrize(
    "secret",
    [
        {"key": "short"},
        {"type": "HS999"},
        {"type": None},
        {"type": "RS256", "key": "no pem"},
        {"type": "RS256", "key": public_pem(doubles.EC)},
        {"type": "ES384", "key": public_pem(doubles.EC)},
        {"jwk_url": "http://127.0.0.1:9/"},
        {"key": None},
        {"claims_namespace": "a", "claims_namespace_path": "$.a"},
        {"claims_namespace_path": "$.["},
        {"claims_format": "xml"},
        {"claims_map": {"x-hasura-default-role": "user"}},
        {"header": {"type": "Cookie"}},
        {"allowed_skew": "1"},
        {"audience": 1},
    ],
)
def test_a_malformed_secret_is_named(secret: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="HASURA_GRAPHQL_JWT_SECRET"):
        Gate(with_jwt(**secret), Log(stream=StringIO()))
