"""Kriti: no template and no body makes the engine work, or keep, more than is allowed."""

import time
from typing import Any

import pytest

from rowgate.base.kriti.budget import DEPTH, SIZE, STEPS, Budget
from rowgate.base.kriti.evaluation import fill
from rowgate.base.kriti.parser import DEEPEST, LONGEST, parse
from rowgate.base.kriti.types import KritiError

Json = Any
SECONDS = 5.0
"""Far above what any of these takes, far below what they would take without bounds."""


def limited(text: str, body: Json = None) -> None:
    started = time.perf_counter()
    with pytest.raises(KritiError) as caught:
        fill(parse(text), {"$body": body})
    assert caught.value.as_json()["error_code"] == "Limit Exceeded"
    assert time.perf_counter() - started < SECONDS


def loops(depth: int, over: str, body: str) -> str:
    return f"{{{{ range _, a := {over} }}}}" * depth + body + "{{ end }}" * depth


LONG = list(range(2000))


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("{{ range _, x := $body }} {{ range _, y := $body }} x {{ end }} {{ end }}", LONG),
        ("{{ range _, x := $body }} {{ x in $body }} {{ end }}", LONG),
        ("{{ range _, x := $body }} $body {{ end }}", ["z" * 100_000] * 500),
        ('"{{ $body }}' + "{{ $body }}" * 20 + '"', "z" * 1_000_000),
        ('{{ range _, a := ["x"] }}' + loops(40, '["{{a}}{{a}}"]', " a ") + "{{ end }}", None),
        ("{{ range _, a := [[1]] }}" + loops(40, "[[a, a]]", " a ") + "{{ end }}", None),
        ("{{ range _, a := [[1]] }}" + loops(40, "[[a, a]]", " a == a ") + "{{ end }}", None),
        ("{{ range _, a := [[1]] }}" + loops(40, "[concat([a, a])]", " a ") + "{{ end }}", None),
        (
            "{{ range _, x := $body.l }} {{ $body.a == $body.b }} {{ end }}",
            {"l": LONG, "a": "x" * 2_000_000, "b": "".join(["x"] * 2_000_000)},
        ),
    ],
)  # fmt: skip
def test_a_template_that_would_never_end(text: str, body: Json) -> None:
    limited(text, body)


def nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_of_values() -> None:
    limited("$body", nested(DEPTH + 1))
    limited("$body == $body", nested(5000))
    assert fill(parse("$body"), {"$body": nested(DEPTH - 1)}) == nested(DEPTH - 1)


@pytest.mark.parametrize("text", ["[", "{{", "(", '{"a":', "not ", '"{{', "$body["])
def test_depth_of_templates(text: str) -> None:
    with pytest.raises(KritiError) as caught:
        parse(text * (DEEPEST * 20))
    assert caught.value.as_json()["error_code"] == "Limit Exceeded"


def test_length_of_templates() -> None:
    parse('"' + "x" * (LONGEST - 2) + '"')
    with pytest.raises(KritiError) as caught:
        parse('"' + "x" * (LONGEST - 1) + '"')
    assert caught.value.as_json()["error_code"] == "Limit Exceeded"


def test_reading_takes_time_in_proportion() -> None:
    started = time.perf_counter()
    parse("[" + ", ".join(["{{ $body.a }}"] * (LONGEST // 16)) + "]")
    for text in ("# " * (LONGEST // 2), " " * LONGEST, "{ " * (LONGEST // 2), "a " * 100_000):
        with pytest.raises(KritiError):
            parse(text)
    assert time.perf_counter() - started < SECONDS


def test_a_budget_is_for_all_templates_together() -> None:
    budget = Budget()
    template = parse("{{ range _, x := $body }} x {{ end }}")
    known = {"$body": list(range(STEPS // 2))}
    fill(template, known, budget=budget)
    with pytest.raises(KritiError):
        fill(template, known, budget=budget)
    text = parse("$body")
    budget = Budget()
    fill(text, {"$body": "x" * (SIZE // 2)}, budget=budget)
    with pytest.raises(KritiError):
        fill(text, {"$body": "x" * (SIZE // 2)}, budget=budget)
