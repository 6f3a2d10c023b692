"""From the metadata's JSON to transforms whose templates have been read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rowgate.base.json import Json
from rowgate.base.kriti.parser import parse
from rowgate.base.kriti.types import Constant, KritiError, Template
from rowgate.base.names import PathStep
from rowgate.base.transforms.types import (
    BodyTransform,
    FormBody,
    JsonBody,
    Misshapen,
    Parameters,
    RemoveBody,
    RequestTransform,
    ResponseTransform,
    TransformFailed,
)

Path = tuple[PathStep, ...]
T = TypeVar("T")
_METHOD = re.compile(r"[A-Za-z]{1,20}")
_NOTHING = Template("", Constant((0, 0), None))
_REQUEST = frozenset(
    "version method url query_params body content_type request_headers template_engine".split()
)
_RESPONSE = frozenset(("version", "body", "template_engine"))
_HEADERS = frozenset(("add_headers", "remove_headers"))
_BODY = frozenset(("action", "template", "form_template"))


def read_request_transform(value: Json) -> RequestTransform:
    """The request transform in `value`; raises `Misshapen` where it has another form, and
    `TransformFailed` with every template that cannot be read."""
    reading = _Reading()
    given = reading.object(value, _REQUEST, ())
    reading.check_engine(given)
    headers = reading.object(given.get("request_headers"), _HEADERS, ("request_headers",))
    transform = RequestTransform(
        method=reading.method(given.get("method")),
        url=reading.maybe(given.get("url"), reading.within_quotes, ("url",)),
        query_params=reading.maybe(
            given.get("query_params"), reading.parameters, ("query_params",)
        ),
        body=reading.maybe(given.get("body"), reading.body, ("body",)),
        add_headers=reading.headers(headers.get("add_headers"), given.get("content_type")),
        remove_headers=reading.names(headers.get("remove_headers")),
    )
    reading.finish()
    return transform


def read_response_transform(value: Json) -> ResponseTransform:
    """The response transform in `value`; raises as `read_request_transform` does."""
    reading = _Reading()
    given = reading.object(value, _RESPONSE, ())
    reading.check_engine(given)
    transform = ResponseTransform(reading.maybe(given.get("body"), reading.body, ("body",)))
    reading.finish()
    return transform


@dataclass(frozen=True, slots=True)
class _Reading:
    """One transform being read; templates that cannot be are gathered, to be told together."""

    failures: list[Json] = field(default_factory=list)

    def finish(self) -> None:
        if self.failures:
            raise TransformFailed(self.failures)

    def maybe(self, value: Json, read: Callable[[Json, Path], T], path: Path) -> T | None:
        return None if value is None else read(value, path)

    def object(self, value: Json, known: Sequence[str] | frozenset[str], path: Path) -> Json:
        if value is None and path:
            return {}
        if not isinstance(value, dict):
            raise Misshapen(path, "an object is expected")
        for key in value:
            if key not in known:
                raise Misshapen((*path, key), f"unknown key '{key}'")
        return value

    def check_engine(self, given: Json) -> None:
        if given.get("version") not in (None, 1, 2) or given.get("version") is True:
            raise Misshapen(("version",), f"expected 1 or 2, encountered {given['version']}")
        if given.get("template_engine") not in (None, "Kriti"):
            raise Misshapen(("template_engine",), "the only template engine is Kriti")

    def method(self, value: Json) -> str | None:
        if value is None:
            return None
        if not _METHOD.fullmatch(self.text(value, ("method",))):
            raise Misshapen(("method",), "the name of a method is expected")
        return str(value).upper()

    def text(self, value: Json, path: Path) -> str:
        if not isinstance(value, str):
            raise Misshapen(path, "a text is expected")
        return value

    def template(self, value: Json, path: Path) -> Template:
        try:
            return parse(self.text(value, path))
        except KritiError as error:
            self.failures.append(error.as_json())
            return _NOTHING

    def within_quotes(self, value: Json, path: Path) -> Template:
        """A template of text: what stands in it outside of `{{` and `}}` is meant as it is."""
        return self.template(f'"{self.text(value, path)}"', path)

    def parameters(self, value: Json, path: Path) -> Template | Parameters:
        if isinstance(value, str):
            return self.within_quotes(value, path)
        if not isinstance(value, dict):
            raise Misshapen(path, "an object or a text is expected")
        return tuple(
            (
                self.within_quotes(name, (*path, name)),
                self.maybe(one, self.within_quotes, (*path, name)),
            )
            for name, one in value.items()
        )

    def body(self, value: Json, path: Path) -> BodyTransform:
        """A text is the template itself, as the first version has it."""
        if isinstance(value, str):
            return JsonBody(self.template(value, path))
        given = self.object(value, _BODY, path)
        match given.get("action"):
            case "remove":
                return RemoveBody()
            case "transform":
                return JsonBody(self.template(given.get("template"), (*path, "template")))
            case "x_www_form_urlencoded":
                return FormBody(self.form(given.get("form_template"), (*path, "form_template")))
        text = "one of remove, transform, x_www_form_urlencoded is expected"
        raise Misshapen((*path, "action"), text)

    def form(self, value: Json, path: Path) -> tuple[tuple[str, Template], ...]:
        if not isinstance(value, dict):
            raise Misshapen(path, "an object is expected")
        return tuple((name, self.within_quotes(one, (*path, name))) for name, one in value.items())

    def headers(self, value: Json, content_type: Json) -> tuple[tuple[str, Template], ...]:
        added = self.form({} if value is None else value, ("request_headers", "add_headers"))
        named = {name.lower(): template for name, template in added}
        if content_type is not None:
            kind = self.within_quotes(content_type, ("content_type",))
            named = {"content-type": kind} | named
        return tuple(named.items())

    def names(self, value: Json) -> frozenset[str]:
        path = ("request_headers", "remove_headers")
        if not isinstance(value, list | None):
            raise Misshapen(path, "a list is expected")
        items = enumerate(value or ())
        return frozenset(self.text(one, (*path, index)).lower() for index, one in items)
