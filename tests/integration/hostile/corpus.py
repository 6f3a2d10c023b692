"""Documents and bodies made to cost much: each at most 100 KB, as the bytes of a request."""

import json
from collections.abc import Callable, Iterator
from typing import Any

LARGEST = 100_000
"""Bytes of the largest body."""

Json = Any


def body(query: str, variables: Json = None) -> bytes:
    """The bytes of a request."""
    made = json.dumps({"query": query, "variables": variables}).encode()
    assert len(made) <= LARGEST, len(made)
    return made


def repeated(piece: Callable[[int], str], around: str = "{ %s }", most: int = LARGEST) -> bytes:
    """As many pieces as fit."""
    pieces: list[str] = []
    size = len(around) + 60
    for number in range(most):
        one = piece(number)
        size += len(json.dumps(one)) - 1
        if size > most:
            break
        pieces.append(one)
    return body(around.replace("%s", " ".join(pieces)))


def nested(opening: str, closing: str, middle: str, around: str, depth: int) -> bytes:
    """`depth` levels of the same thing."""
    return body(around.replace("%s", opening * depth + middle + closing * depth))


def documents() -> Iterator[tuple[str, bytes]]:
    """Name and body of every costly document."""
    yield from selections()
    yield from fragments()
    yield from arguments()
    yield from by_variables()


def selections() -> Iterator[tuple[str, bytes]]:
    """What a selection set can do."""
    yield "the same field, 100 KB of it", repeated(lambda _: "author { id }")
    yield "the same leaf, 100 KB of it", repeated(lambda _: "id", "{ author { %s } }")
    yield "2,000 overlapping fields", body("{ " + "author { id } " * 2_000 + "}")
    yield "aliases of a root field", repeated(lambda n: f"a{n}: author {{ id }}")
    yield (
        "900 aliases of a root field",
        body("{ " + " ".join(f"a{n}: author {{ id }}" for n in range(900)) + " }"),
    )
    yield (
        "900 aliases of a leaf",
        body("{ author { " + " ".join(f"a{n}: id" for n in range(900)) + " } }"),
    )
    yield "aliases of a leaf", repeated(lambda n: f"a{n}: id", "{ author { %s } }")
    yield (
        "aliases of a relationship",
        repeated(lambda n: f"a{n}: articles {{ id }}", "{ author { %s } }"),
    )
    yield "unknown fields", repeated(lambda n: f"nothing{n}")
    yield "unknown leaves", repeated(lambda n: f"nothing{n}", "{ author { %s } }")
    yield "5,000 unknown directives", body("{ author { id" + " @nothing" * 5_000 + " } }")
    yield "5,000 known directives", body("{ author { id" + " @include(if: true)" * 4_000 + " } }")
    yield "directives of the operation", body("query" + " @cached" * 5_000 + " { author { id } }")
    yield (
        "500 levels of relationships",
        nested("articles { author { ", "} }", "id", "{ author { %s } }", 250),
    )
    yield (
        "99 levels of relationships",
        nested("articles { author { ", "} }", "id", "{ author { %s } }", 48),
    )
    yield "10,000 levels of braces", body("{" * 10_000)
    yield "10,000 levels of lists", body("{ author(where: " + "[" * 10_000)
    yield (
        "introspection, repeated",
        repeated(lambda n: f"a{n}: __schema {{ types {{ fields {{ type {{ name }} }} }} }}"),
    )
    yield (
        "introspection, nested",
        nested(
            "ofType { fields { type { ",
            "} } }",
            "name",
            "{ __schema { types { fields { type { %s } } } } }",
            20,
        ),
    )
    yield (
        "introspection, wide and nested",
        body("{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }"),
    )
    yield "an unterminated text", body('{ author(where: {name: {_eq: "' + "x" * 90_000)
    yield "a long comment", body("{ author { id } } #" + "x" * 90_000)
    yield (
        "a long block text",
        body('{ author(where: {name: {_eq: """' + "\n x" * 20_000 + '"""}}) { id } }'),
    )
    yield "many operations", repeated(lambda n: f"query q{n} {{ author {{ id }} }}", "%s")
    yield (
        "many variables",
        body("query (" + " ".join(f"$v{n}: Int" for n in range(4_000)) + ") { author { id } }"),
    )


def fragments() -> Iterator[tuple[str, bytes]]:
    """What fragments can do."""
    fan = "{ author { ...f0 } } " + " ".join(
        f"fragment f{n} on author {{ ...f{n + 1} ...f{n + 1} }}" for n in range(18)
    )
    yield "fragments that fan out 2^18", body(fan + " fragment f18 on author { id }")
    deep = "{ author { ...f0 } } " + " ".join(
        f"fragment f{n} on author {{ a: articles {{ author {{ ...f{n + 1} }} }} "
        f"b: articles {{ author {{ ...f{n + 1} }} }} }}"
        for n in range(18)
    )
    last = " fragment f18 on author { id }"
    yield "fields that fan out 2^18 through fragments", body(deep + last)
    same = "{ author { ...f0 } } " + " ".join(
        f"fragment f{n} on author {{ articles {{ author {{ ...f{n + 1} }} }} "
        f"articles {{ author {{ ...f{n + 1} }} }} }}"
        for n in range(18)
    )
    yield "equal fields that fan out 2^18", body(same + last)
    yield (
        "a cycle",
        body("{ author { ...a } } fragment a on author { ...b } fragment b on author { ...a }"),
    )
    yield (
        "a cycle through fields",
        body("{ author { ...a } } fragment a on author { articles { author { ...a } } }"),
    )
    chain = " ".join(f"fragment f{n} on author {{ ...f{n + 1} }}" for n in range(2_000))
    yield "a chain of 2,000 fragments", body("{ author { ...f0 } } " + chain)
    cycle = " ".join(f"fragment f{n} on author {{ ...f{(n + 1) % 2000} }}" for n in range(2_000))
    yield "a cycle of 2,000 fragments", body("{ author { ...f0 } } " + cycle)
    leaves = " ".join(f"a{n}: id" for n in range(100))
    spread = " ".join(f"s{n}: articles {{ author {{ ...f }} }}" for n in range(100))
    yield (
        "100 aliases spread 100 times",
        body(f"{{ author {{ {spread} }} }} fragment f on author {{ {leaves} }}"),
    )
    yield (
        "inline fragments, wide and deep",
        body("{ author {" + " ".join("... { " * 30 + "id" + " }" * 30 for _ in range(60)) + " } }"),
    )
    yield (
        "inline fragments, 400 levels",
        body("{ author {" + "... on author { " * 400 + "id" + " }" * 400 + " } }"),
    )
    yield (
        "spreads of one fragment",
        repeated(lambda _: "...f", "{ author { %s } } fragment f on author { id }"),
    )
    many = " ".join(f"fragment f{n} on author {{ id name }}" for n in range(1_000))
    used = " ".join(f"...f{n}" for n in range(1_000))
    yield "1,000 fragments", body(f"{{ author {{ {used} }} }} {many}")


def arguments() -> Iterator[tuple[str, bytes]]:
    """What literals can do."""
    where = "{ author(where: %s) { id } }"
    yield "500 levels of _and", nested("{_and: [", "]}", "{}", where, 500)
    yield "190 levels of _not", nested("{_not: ", "}", "{id: {_eq: 1}}", where, 190)
    yield (
        "90 levels of relationships in where",
        nested("{articles: {author: ", "}}", "{id: {_eq: 1}}", where, 90),
    )
    yield (
        "conditions, one after the other",
        repeated(lambda n: f"{{id: {{_eq: {n}}}}}", "{ author(where: {_or: [%s]}) { id } }"),
    )
    yield (
        "1,500 conditions",
        body(
            "{ author(where: {_or: ["
            + " ".join(f"{{id: {{_eq: {n}}}}}" for n in range(1_500))
            + "]}) { id } }"
        ),
    )
    yield (
        "ids, one after the other",
        repeated(str, "{ author(where: {id: {_in: [%s]}}) { id } }"),
    )
    yield (
        "14,000 ids",
        body("{ author(where: {id: {_in: [" + " ".join("1" * 14_000) + "]}}) { id } }"),
    )
    yield (
        "1,500 sort keys",
        body("{ author(order_by: [" + "{id: asc} " * 1_500 + "]) { id } }"),
    )
    yield (
        "90 levels of sort keys",
        nested(
            "{author: {articles_aggregate: {count: asc}}} ",
            "",
            "",
            "{ article(order_by: [%s]) { id } }",
            90,
        ),
    )
    yield (
        "a deep jsonb literal",
        nested("{a: ", "}", "1", "{ author(where: {profile: {_eq: %s}}) { id } }", 400),
    )
    yield (
        "a wide jsonb literal",
        repeated(lambda n: f"k{n}: {n}", "{ author(where: {profile: {_eq: {%s}}}) { id } }"),
    )
    yield (
        "an integer of 90,000 digits",
        body("{ author(where: {id: {_eq: " + "9" * 90_000 + "}}) { id } }"),
    )
    yield "a limit of 90,000 digits", body("{ author(limit: " + "9" * 90_000 + ") { id } }")
    yield (
        "a bigint of 90,000 digits",
        body("{ article(where: {views: {_eq: " + "9" * 90_000 + "}}) { id } }"),
    )
    yield (
        "a float of 90,000 digits",
        body("{ article(where: {rating: {_eq: 1." + "9" * 90_000 + "}}) { id } }"),
    )
    yield "a large exponent", body("{ author(where: {rating: {_eq: 1e999999999}}) { id } }")
    yield (
        "a large exponent in jsonb",
        body("{ author(where: {profile: {_eq: {a: 1e400}}}) { id } }"),
    )
    yield (
        "rows, one after the other",
        repeated(
            lambda n: f'{{name: "{n}"}}',
            "mutation { insert_author(objects: [%s]) { affected_rows } }",
        ),
    )
    yield (
        "arguments that differ, 1,000 times",
        body("{ " + " ".join(f"author(limit: {n}) {{ id }}" for n in range(1_000)) + " }"),
    )
    yield (
        "equal long arguments",
        body(
            "{ " + ("author(where: {_or: [" + "{id: {_eq: 1}} " * 120 + "]}) { id } ") * 12 + " }"
        ),
    )
    yield "arguments that nobody knows", repeated(lambda n: f"a{n}: {n}", "{ author(%s) { id } }")


def by_variables() -> Iterator[tuple[str, bytes]]:
    """What the JSON of variables can do."""
    where = "query ($w: author_bool_exp) { author(where: $w) { id } }"
    for depth in (90, 180, 500, 1_000):
        deep: Json = {"id": {"_eq": 1}}
        for _ in range(depth):
            deep = {"_not": deep}
        yield f"{depth} levels of _not in a variable", _deep(where, "w", depth, "_not")
        yield f"{depth} levels of _and in a variable", _deep(where, "w", depth, "_and")
    yield (
        "3,500 conditions in a variable",
        body(where, {"w": {"_or": [{"id": {"_eq": n}} for n in range(3_500)]}}),
    )
    yield (
        "900 conditions in a variable",
        body(where, {"w": {"_or": [{"id": {"_eq": n}} for n in range(900)]}}),
    )
    yield "empty conditions in a variable", body(where, {"w": {"_and": [{}] * 24_000}})
    yield "null conditions in a variable", body(where, {"w": {"_and": [{"_or": []}] * 7_000}})
    yield (
        "keys of a variable that nobody knows",
        body(where, {"w": {f"nothing{n}": n for n in range(4_000)}}),
    )
    ids = "query ($ids: [Int!]) { author(where: {id: {_in: $ids}}) { id } }"
    yield "20,000 ids in a variable", body(ids, {"ids": [1] * 30_000})
    nulls = "query ($ids: [Int]) { author(where: {id: {_in: $ids}}) { id } }"
    yield "nulls in a variable", body(nulls, {"ids": [None] * 16_000})
    rows = "mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }"
    yield "4,000 rows in a variable", body(rows, {"o": [{"name": str(n)} for n in range(4_000)]})
    yield "12,000 empty rows in a variable", body(rows, {"o": [{}] * 12_000})
    yield (
        "1,000 nested rows in a variable",
        body(
            rows,
            {"o": [{"name": str(n), "articles": {"data": [{"title": "x"}]}} for n in range(1_500)]},
        ),
    )
    order = "query ($o: [author_order_by!]) { author(order_by: $o) { id } }"
    yield "6,000 sort keys in a variable", body(order, {"o": [{"id": "asc"}] * 6_000})
    json_where = "query ($j: jsonb) { author(where: {profile: {_eq: $j}}) { id } }"
    yield "a deep jsonb variable", _deep(json_where, "j", 900, "a")
    yield "a wide jsonb variable", body(json_where, {"j": {str(n): n for n in range(6_000)}})
    path = "query ($p: String) { author { profile(path: $p) } }"
    yield "a long json path", body(path, {"p": ".a" * 45_000})
    yield "a json path of brackets", body(path, {"p": "[" * 90_000})
    yield "a json path of quotes", body(path, {"p": "['" * 45_000})
    unused = "query { author { id } }"
    yield "variables that nobody declared", body(unused, {f"v{n}": n for n in range(6_000)})
    labels = "query ($l: [String!]) { article(where: {labels: {_contains: $l}}) { id } }"
    yield "an array of 20,000 texts", body(labels, {"l": ["a"] * 18_000})


def _deep(query: str, name: str, depth: int, key: str) -> bytes:
    opening = f'{{"{key}":' + ("[" if key == "_and" else "")
    closing = ("]" if key == "_and" else "") + "}"
    variables = f'{{"{name}":' + opening * depth + "{}" + closing * depth + "}"
    return f'{{"query":{json.dumps(query)},"variables":{variables}}}'.encode()
