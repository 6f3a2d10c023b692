"""One OpenAPI document of several: the RESTified operations, and the services beside the engine."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rowgate.base.json import Json

_REFERENCE = "$ref"
_COMPONENT = re.compile(r"#/components/(\w+)/(.+)")


@dataclass(frozen=True, slots=True)
class Part:
    """A document, and where its paths are reached: `prefix` stands before each of them."""

    prefix: str
    document: Json


def part_of(text: str) -> tuple[str, str]:
    """Prefix and URL of a setting's entry: `/auth=http://…` or a URL alone.

    >>> part_of("/auth=http://127.0.0.1:8081/openapi.json")
    ('/auth', 'http://127.0.0.1:8081/openapi.json')
    """
    prefix, equals, url = text.partition("=")
    return (prefix.rstrip("/"), url) if equals and prefix.startswith("/") else ("", text)


def merged(title: str, own: Json, parts: Iterable[Part]) -> Json:
    """The document `own` with the paths and components of the others. A component is renamed after
    its document, so that two of one name stay apart; of two equal paths the first counts."""
    document = {**own, "info": {**own["info"], "title": title}}
    paths = dict(own["paths"])
    components = {kind: dict(named) for kind, named in own.get("components", {}).items()}
    for number, part in enumerate(parts, start=1):
        renamed = _renamed(part.document, f"part{number}")
        for path, item in renamed.get("paths", {}).items():
            paths.setdefault(part.prefix + path, item)
        for kind, named in renamed.get("components", {}).items():
            components.setdefault(kind, {}).update(named)
    return {**document, "openapi": "3.1.0", "paths": paths, "components": components}


def _renamed(document: Json, prefix: str) -> Json:
    """The document with `prefix` before the name of every component, and in what refers to it."""
    renamed = _references(document, prefix)
    components = {
        kind: {f"{prefix}_{name}": value for name, value in named.items()}
        for kind, named in renamed.get("components", {}).items()
    }
    return {**renamed, "components": components}


def _references(value: Json, prefix: str) -> Json:
    match value:
        case dict():
            return {
                key: _reference(item, prefix)
                if key == _REFERENCE
                else _security(item, prefix)
                if key == "security"
                else _references(item, prefix)
                for key, item in value.items()
            }
        case list():
            return [_references(item, prefix) for item in value]
        case _:
            return value


def _reference(value: Json, prefix: str) -> Json:
    found = _COMPONENT.fullmatch(value) if isinstance(value, str) else None
    return f"#/components/{found[1]}/{prefix}_{found[2]}" if found else value


def _security(value: Json, prefix: str) -> Json:
    """A list of requirements, whose keys name security schemes."""
    return [{f"{prefix}_{name}": scopes for name, scopes in one.items()} for one in value]
