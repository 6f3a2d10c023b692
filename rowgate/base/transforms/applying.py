"""A request before and after its transform, and an answer before and after its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from rowgate.base.json import Json, encode, encode_text
from rowgate.base.kriti.budget import Budget
from rowgate.base.kriti.evaluation import fill
from rowgate.base.kriti.functions import of_session
from rowgate.base.kriti.types import Bindings, Functions, KritiError, Template
from rowgate.base.transforms.types import (
    BodyTransform,
    FormBody,
    JsonBody,
    Parameters,
    RequestTransform,
    ResponseTransform,
    Transformed,
    TransformFailed,
    WebhookAnswer,
    WebhookRequest,
)

_SCHEMES = ("http", "https")
_DROPPED = "null"
"""The text of a query parameter that is left out."""


def transform_request(transform: RequestTransform, request: WebhookRequest) -> Transformed:
    """`request` as it is sent; raises `TransformFailed`."""
    filling = _filling(request.session_variables, request_bindings(request))
    url = request.url if transform.url is None else filling.text(transform.url)
    parts = _parts(url)
    if transform.query_params:
        url = _with_query(parts, filling, transform.query_params)
    content = encode(request.body)
    if transform.body is not None:
        content = _content(filling, transform.body)
    added = tuple((name, filling.text(template)) for name, template in transform.add_headers)
    replaced = transform.remove_headers | {name for name, _ in added}
    kept = tuple((name, value) for name, value in request.headers if name not in replaced)
    return Transformed(url, transform.method or request.method, kept + added, content)


def transform_response(transform: ResponseTransform, answer: WebhookAnswer) -> Json:
    """The JSON that stands for `answer`; raises `TransformFailed`."""
    if transform.body is None:
        return answer.body
    context = None
    if answer.request is not None:
        context = {name[1:]: value for name, value in request_bindings(answer.request).items()}
    response = {"status": answer.status}
    bindings = {"$body": answer.body, "$request": context, "$response": response}
    filling = _filling(answer.session_variables, bindings)
    match transform.body:
        case JsonBody(template):
            return filling.value(template)
        case FormBody():
            return _content(filling, transform.body).decode()
    return None


def request_bindings(request: WebhookRequest) -> Bindings:
    """The variables of a request's templates; raises `TransformFailed` where its URL is none."""
    session = request.session_variables
    pairs = parse_qsl(_parts(request.url).query, keep_blank_values=True)
    return {
        "$body": request.body,
        "$base_url": request.url,
        "$session_variables": None if session is None else dict(session),
        "$query_params": [list(pair) for pair in pairs],
    }


@dataclass(frozen=True, slots=True)
class _Filling:
    """Filling the templates of one transform, all within one budget."""

    bindings: Bindings
    functions: Functions
    budget: Budget

    def value(self, template: Template) -> Json:
        try:
            return fill(template, self.bindings, self.functions, self.budget)
        except KritiError as error:
            raise TransformFailed([error.as_json()]) from None

    def text(self, template: Template) -> str:
        """What a template within quotes makes: a text, or what is made of comparing texts."""
        value = self.value(template)
        return value if isinstance(value, str) else encode_text(value)


def _filling(session: Mapping[str, str] | None, bindings: Bindings) -> _Filling:
    return _Filling(bindings, of_session(session), Budget())


def _parts(url: str) -> SplitResult:
    """The parts of a URL that can be called; raises `TransformFailed` for any other."""
    try:
        parts = urlsplit(url)
        if parts.scheme in _SCHEMES and parts.hostname:
            return parts
    except ValueError:
        pass
    raise TransformFailed.because(f"Invalid URL: {url}")


def _with_query(url: SplitResult, filling: _Filling, wanted: Template | Parameters) -> str:
    if isinstance(wanted, Template):
        text = filling.text(wanted).removeprefix("?")
        pairs: Sequence[tuple[str, str | None]] = parse_qsl(text, keep_blank_values=True)
    else:
        pairs = [
            (filling.text(name), None if value is None else filling.text(value))
            for name, value in wanted
        ]
    query = "&".join(
        _escaped(name) if value is None else f"{_escaped(name)}={_escaped(value)}"
        for name, value in pairs
        if _DROPPED not in (name, value)
    )
    return url._replace(query=query).geturl()


def _content(filling: _Filling, body: BodyTransform) -> bytes:
    match body:
        case JsonBody(template):
            return encode(filling.value(template))
        case FormBody(fields):
            pairs = [(name, filling.text(template)) for name, template in fields]
            return "&".join(f"{_escaped(name)}={_escaped(text)}" for name, text in pairs).encode()
    return b""


def _escaped(text: str) -> str:
    return quote(text, safe="~")
