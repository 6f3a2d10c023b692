"""REST endpoints meet the query collections: each names one operation and a path of its own.

An endpoint without an operation to run is left out. Two that a request could mean at once are told
and both kept: every request that is clear is still answered.
"""

import graphql

from rowgate.base.errors import ApiError
from rowgate.metadata.types import Metadata, RestEndpoint
from rowgate.snapshot.inconsistencies import Attempts, Subject
from rowgate.snapshot.types import StoredEndpoint, StoredVariable

Queries = dict[str, dict[str, str]]
_TOKENS = 15_000


def read_endpoints(metadata: Metadata, attempts: Attempts) -> tuple[StoredEndpoint, ...]:
    """The endpoints that can be served, in the order declared; the rest is told to `attempts`."""
    queries = {one.name: dict(one.queries) for one in metadata.query_collections}
    made: list[StoredEndpoint] = []
    for declared in metadata.rest_endpoints:
        subject = _subject(declared.name)
        fault = path_fault(declared.url)
        if fault is not None:
            attempts.tell(subject, fault)
            continue
        endpoint = attempts.attempt(subject, _endpoint, declared, queries)
        if endpoint is not None:
            _tell_ambiguity(endpoint, made, attempts)
            made.append(endpoint)
    return tuple(made)


def _subject(name: str) -> Subject:
    return Subject("endpoint", f"endpoint {name}", {"name": name})


def path_fault(url: str) -> str | None:
    """Why an endpoint cannot have the path `url`; None where it can.

    >>> path_fault("a//b")
    'Empty segments or unnamed variables are not allowed: a//b'
    """
    segments = url.split("/")
    if any(segment in ("", ":") for segment in segments):
        return f"Empty segments or unnamed variables are not allowed: {url}"
    variables = [segment for segment in segments if segment.startswith(":")]
    if len(set(variables)) != len(variables):
        return f"Duplicate variables found in endpoint path: {url}"
    return None


def _tell_ambiguity(
    endpoint: StoredEndpoint, others: list[StoredEndpoint], attempts: Attempts
) -> None:
    rivals = [one for one in others if _may_meet(one, endpoint)]
    if rivals:
        named = sorted([*rivals, endpoint], key=lambda one: one.name)
        urls = ", ".join(one.url for one in named)
        attempts.tell(_subject(endpoint.name), f"Ambiguous URL paths: {urls}")


def _may_meet(one: StoredEndpoint, other: StoredEndpoint) -> bool:
    """Whether some request fits both."""
    if len(one.segments) != len(other.segments) or not set(one.methods) & set(other.methods):
        return False
    pairs = zip(one.segments, other.segments, strict=True)
    return all(ours == theirs or ":" in (ours[0], theirs[0]) for ours, theirs in pairs)


def _endpoint(declared: RestEndpoint, queries: Queries) -> StoredEndpoint:
    where = f"in endpoint {declared.name}: "
    if declared.collection not in queries:
        raise ApiError(f'{where}collection with name "{declared.collection}" does not exist')
    text = queries[declared.collection].get(declared.query)
    named = f'{where}query with name "{declared.query}"'
    if text is None:
        collection = f'collection "{declared.collection}"'
        raise ApiError(f"{named} does not exist in {collection}")
    operation = _operation(text, named)
    return StoredEndpoint(
        name=declared.name,
        url=declared.url,
        methods=tuple(dict.fromkeys(declared.methods)),
        query=text,
        segments=tuple(declared.url.split("/")),
        variables={
            one.variable.name.value: _variable(one) for one in operation.variable_definitions or ()
        },
        mutates=operation.operation is graphql.OperationType.MUTATION,
        comment=declared.comment,
    )


def _operation(text: str, named: str) -> graphql.OperationDefinitionNode:
    try:
        tree = graphql.parse(text, no_location=True, max_tokens=_TOKENS)
    except (graphql.GraphQLSyntaxError, RecursionError):
        raise ApiError(f"{named} is not a valid graphql query") from None
    operations = [
        one for one in tree.definitions if isinstance(one, graphql.OperationDefinitionNode)
    ]
    if not operations:
        raise ApiError(f"{named} has no definitions.")
    if len(operations) > 1:
        raise ApiError(f"{named} has multiple definitions.")
    if operations[0].operation is graphql.OperationType.SUBSCRIPTION:
        raise ApiError(f"{named} is a subscription")
    return operations[0]


def _variable(declared: graphql.VariableDefinitionNode) -> StoredVariable:
    type_: graphql.TypeNode = declared.type
    nullable = not isinstance(type_, graphql.NonNullTypeNode)
    is_list = False
    while not isinstance(type_, graphql.NamedTypeNode):
        is_list = is_list or isinstance(type_, graphql.ListTypeNode)
        type_ = type_.type  # type: ignore[attr-defined]
    return StoredVariable(type_.name.value, is_list, nullable)
