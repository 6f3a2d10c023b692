"""Rules about secrets: columns that hold some, and values that should not stand in metadata."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from rowgate.base.json import Json
from rowgate.metadata.lint.grants import Grant, all_grants, columns_of
from rowgate.metadata.lint.types import Finding, Path, Rule, Severity, Subject

READABLE = Rule(
    "secret-readable",
    Severity.ERROR,
    "A role reads a column that seems to hold a secret.",
    "Passwords, hashes, tokens and keys that can be read can be used or broken elsewhere.",
    "Take the column out of `columns`; better, keep it in a table of its own that is not tracked.",
)
EVERY_COLUMN = Rule(
    "every-column",
    Severity.WARNING,
    "A permission is for every column, those of the future too.",
    "The next migration may add a column that the role must not see or write; with `*` it is open "
    "from the first moment.",
    "Name the columns.",
)
LITERAL = Rule(
    "literal-secret",
    Severity.ERROR,
    "A secret stands in the metadata itself.",
    "Metadata is committed, exported and shown in consoles; whoever reads it has the secret.",
    "Put it into an environment variable: `value_from_env`, `from_env` or `{{NAME}}`, and replace "
    "the secret where it was used.",
)
PLAIN_HTTP = Rule(
    "plain-http",
    Severity.WARNING,
    "A webhook or remote schema is called without encryption.",
    "Session variables, headers and rows can be read and changed on the way.",
    "Use https.",
)
RULES = (READABLE, EVERY_COLUMN, LITERAL, PLAIN_HTTP)

_SECRET_COLUMN = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|passcode|secret|token|hash|salt|otp|pin|cvv|cvc"
    r"|credential|mnemonic)s?(?:$|_(?:hash|hashed|digest|encrypted|value|text|secret|salt|key)$)"
    r"|(?:api|private|secret|access|signing|encryption)_?keys?(?:$|_hash$|_id_secret$)"
    r"|^ssn$|credit_?card_?number|_hash$|password_(?!.*(?:_at|_on|_count|_date)$)"
)
_FINGERPRINT = re.compile(r"^(?:content|commit|file|git|block|image|body|row|tree|check)_")
_SECRET_HEADER = re.compile(r"auth|secret|token|key|cookie|password|signature|credential", re.I)
_USER_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@{]*:[^/\s@{]+@", re.I)
_SECRET_IN_QUERY = re.compile(r"[?&](?:[a-z_-]*(?:api_?key|token|secret|password))=[^&\s{]+", re.I)
_NAMED_SECRETS = frozenset(
    {"password", "secret", "access_token", "api_key", "sslkey", "sslpassword"}
)
_TEXTS = frozenset({"query", "code", "comment", "description", "template"})
_URLS = frozenset({"handler", "url", "webhook"})
_LOCAL = (".local", ".internal", ".localhost", ".svc", ".svc.cluster.local")


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of all rules of this module."""
    for grant in all_grants(subject):
        yield from _columns(subject, grant)
    for path, value in _leaves(subject.document, ()):
        yield from _value(subject, path, value)


def is_secret(column: str) -> bool:
    """Whether a column's name says that it holds a secret.

    >>> [is_secret(name) for name in ("password_hash", "apiKey", "token_type", "hashtag")]
    [True, True, False, False]
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    return _SECRET_COLUMN.search(snake) is not None and not _FINGERPRINT.match(snake)


def _columns(subject: Subject, grant: Grant) -> Iterator[Finding]:
    if grant.kind == "delete":
        return
    if grant.names_every_column:
        message = f"{grant.words} has {grant.kind} on every column."
        yield Finding(EVERY_COLUMN, grant.at("columns"), message, grant.path)
    if grant.kind != "select":
        return
    every = columns_of(subject, grant.table) if grant.names_every_column else grant.columns
    for column in filter(is_secret, every):
        at = grant.columns.index(column) if column in grant.columns else None
        path = grant.at("columns") if at is None else grant.at("columns", at)
        yield Finding(READABLE, path, f"{grant.words} reads '{column}'.", grant.path)


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case list():
            for index, item in enumerate(value):
                yield from _leaves(item, (*path, index))
        case dict():
            for key, item in value.items():
                yield from _leaves(item, (*path, str(key)))


def _value(subject: Subject, path: Path, value: str) -> Iterator[Finding]:
    key = path[-1] if path else ""
    if key in _TEXTS or not value:
        return
    message = _secret_of(subject, path, value)
    if message:
        yield Finding(LITERAL, path, message, path[:-1])
    if key in _URLS and _is_plain(value):
        yield Finding(PLAIN_HTTP, path, f"'{key}' goes by plain http.", path[:-1])


def _secret_of(subject: Subject, path: Path, value: str) -> str:
    """What is secret about a value, as a sentence that does not tell it; empty where nothing is."""
    if "{{" not in value and path[-1] == "value" and "headers" in path:
        name = str(_parent(subject.document, path).get("name"))
        if _SECRET_HEADER.search(name):
            return f"The value of the header '{name}' is written out."
    if path[-1] in _NAMED_SECRETS and "configuration" in path and "{{" not in value:
        return f"'{path[-1]}' is written out."
    if _USER_IN_URL.search(value):
        return f"'{path[-1]}' has a password in its URL."
    if _SECRET_IN_QUERY.search(value) and "://" in value:
        return f"'{path[-1]}' has a secret in its URL."
    return ""


def _parent(document: Json, path: Path) -> dict[str, Json]:
    found = document
    for step in path[:-1]:
        found = found[step]
    return found if isinstance(found, dict) else {}


def _is_plain(value: str) -> bool:
    """Whether a URL goes by plain http to a host that is not of this machine or network."""
    if not value.lower().startswith("http://"):
        return False
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        return False
    local = host.startswith("127.") or "." not in host or host.endswith(_LOCAL)
    return not local and "{{" not in host
