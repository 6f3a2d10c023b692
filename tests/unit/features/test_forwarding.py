"""Which headers of a client an action's webhook is told."""

from typing import Any

import pytest

from rowgate.base.observation import CLIENT
from rowgate.base.session import Session
from rowgate.features.actions import Calling, _headers
from rowgate.metadata.read import read


def told(forwards: bool, sent: dict[str, str], client: str | None = "192.0.2.1") -> dict[str, str]:
    definition: dict[str, Any] = {
        "kind": "synchronous",
        "handler": "http://a",
        "forward_client_headers": forwards,
        "ignored_client_headers": ["cookie"],
    }
    declared: Any = {
        "version": 3,
        "sources": [],
        "actions": [{"name": "a", "definition": {**definition, "output_type": "String"}}],
    }
    (action,) = read(declared).actions
    before = CLIENT.set(client)
    try:
        return _headers(action, Calling({}, Session("user"), sent, "", {}))
    finally:
        CLIENT.reset(before)


@pytest.mark.parametrize("name", ["x-forwarded-for"])
def test_the_address_of_the_client_is_added_behind_those_that_it_claims(name: str) -> None:
    assert told(True, {})[name] == "192.0.2.1"
    assert told(True, {name: "203.0.113.9"})[name] == "203.0.113.9, 192.0.2.1"
    assert name not in told(True, {}, None)
    assert name not in told(False, {name: "203.0.113.9"})
    assert "cookie" not in told(True, {"cookie": "a=b"})
