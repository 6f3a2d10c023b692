"""Every refusal that a client can see, in the contract's shape: code, path, message, status.

```
ApiError                    any refusal; 400 unless said otherwise
├── InPostgresWords         what Postgres says of a row or a value             of its SQLSTATE
│   └── SchemaOutdated      the database lacks what the schema has             unexpected, 500
├── ValidationFailed        the document does not fit the role's schema        validation-failed
├── ParseFailed             a value of the body has the wrong form             parse-failed
├── NotSupported            known, and not offered here                        not-supported
├── AccessDenied            who is asking may not                              access-denied
├── NotFound                no such thing                                      not-found, 404
├── InvalidJwt              the token is refused                               invalid-jwt
├── Conflict                another writer was first                           conflict, 409
├── Unexpected              our fault, or the database's                       unexpected, 500
└── Overloaded              no connection within the pool's time limit         postgres-max-…, 503
```
"""

from collections.abc import Sequence
from typing import Any

from rowgate.base.names import PathStep, jsonpath


class ApiError(Exception):
    """A refusal with the `code`, JSONPath `path`, message and HTTP status of Hasura's error model.

    `internal` is shown to admins only; `extensions` of a webhook replace code and path.
    """

    code = "bad-request"
    status = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        path: Sequence[PathStep] = (),
        status: int | None = None,
        internal: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.path = tuple(path)
        self.status = status or type(self).status
        self.internal = internal
        self.extensions: dict[str, Any] | None = None

    def under(self, *prefix: PathStep) -> "ApiError":
        """The same refusal, its path put below `prefix` (in place, for re-raising)."""
        self.path = (*prefix, *self.path)
        return self

    def as_graphql(self, *, with_internal: bool = False) -> dict[str, Any]:
        """`{"message", "extensions": {"path", "code"}}`, as one item of a GraphQL `errors` list."""
        extensions = self.extensions
        if extensions is None:
            extensions = {"path": jsonpath(self.path), "code": self.code}
            if with_internal and self.internal is not None:
                extensions["internal"] = self.internal
        return {"message": self.message, "extensions": extensions}

    def as_body(self, *, with_internal: bool = False) -> dict[str, Any]:
        """`{"error", "path", "code"}`, the body of every endpoint that is not GraphQL."""
        body = {"error": self.message, "path": jsonpath(self.path), "code": self.code}
        if with_internal and self.internal is not None:
            body["internal"] = self.internal
        return body


class InPostgresWords(ApiError):
    """A refusal whose message is Postgres' own, and may quote rows and names."""

    code = "data-exception"


class SchemaOutdated(InPostgresWords):
    """The database lacks what the schema has: it was changed since it was introspected."""

    code = "unexpected"
    status = 500


class ValidationFailed(ApiError):
    """The document does not fit the role's schema."""

    code = "validation-failed"


class ParseFailed(ApiError):
    """A value of the request's body has the wrong form."""

    code = "parse-failed"


class NotSupported(ApiError):
    """Something that is known and not offered here."""

    code = "not-supported"


class AccessDenied(ApiError):
    """Who is asking may not do this."""

    code = "access-denied"


class NotFound(ApiError):
    """No such thing."""

    code = "not-found"
    status = 404


class InvalidJwt(ApiError):
    """A token that is refused."""

    code = "invalid-jwt"


class Conflict(ApiError):
    """Another writer was first."""

    code = "conflict"
    status = 409


class Unexpected(ApiError):
    """A failure that is ours, the database's or a webhook's."""

    code = "unexpected"
    status = 500


class Overloaded(ApiError):
    """No database connection came free within the pool's time limit."""

    code = "postgres-max-connections-error"
    status = 503
