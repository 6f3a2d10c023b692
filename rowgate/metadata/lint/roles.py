"""Rules about the role of requests that bring no token: anybody at all."""

from collections.abc import Iterator

from rowgate.metadata.lint.expressions import session_variables
from rowgate.metadata.lint.grants import Grant, all_grants
from rowgate.metadata.lint.types import Finding, Rule, Severity, Subject

CLIENT_HEADERS = Rule(
    "unauthorized-role-uses-session",
    Severity.ERROR,
    "The unauthorized role's permission goes by a session variable.",
    "Without a token nothing vouches for session variables: on Hasura a client sets them as "
    "headers and sees whose rows it likes; where they are not trusted no row ever fits.",
    "Let the condition go by columns alone, or give the permission to a role that signs in.",
)
UNLIMITED = Rule(
    "unauthorized-role-unlimited",
    Severity.WARNING,
    "Anybody may ask for all rows at once.",
    "Without a `limit` one request without a token makes the database read and send a whole table.",
    "Give the permission a `limit`.",
)
WRITES = Rule(
    "unauthorized-role-writes",
    Severity.WARNING,
    "Anybody may change data.",
    "Requests without a token cannot be told apart, so that nobody can be held to what they wrote.",
    "Give the permission to a role that signs in, put an action in front of it, or mark it "
    "`backend_only`.",
)
RULES = (CLIENT_HEADERS, UNLIMITED, WRITES)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of all rules of this module; none where there is no unauthorized role."""
    for grant in all_grants(subject):
        if grant.role == subject.unauthorized_role:
            yield from _check(grant)


def _check(grant: Grant) -> Iterator[Finding]:
    for key in ("filter", "check", "set"):
        for name in sorted(set(session_variables(grant.permission.get(key)))):
            message = f"{grant.words}, which needs no token, has {name} in its '{key}'."
            yield Finding(CLIENT_HEADERS, grant.at(key), message, grant.path)
    if grant.kind == "select" and grant.permission.get("limit") is None:
        yield Finding(UNLIMITED, grant.at(), f"{grant.words} has no limit.", grant.path)
    if grant.kind != "select" and not grant.permission.get("backend_only"):
        message = f"{grant.words} has {grant.kind} without a token."
        yield Finding(WRITES, grant.at(), message, grant.path)
