"""Native queries: SQL of the metadata behind root fields, its arguments always parameters."""

import dataclasses
import re
from collections.abc import Iterator, Mapping

from rowgate.base.errors import ApiError
from rowgate.base.names import is_graphql_name
from rowgate.catalog.types import Catalog
from rowgate.metadata.types import (
    NativeQueryArgument,
    NativeQueryDeclaration,
    NativeQueryRelationship,
    SourceDeclaration,
)
from rowgate.snapshot.inconsistencies import Attempts, Subject, inside
from rowgate.snapshot.models import Models, nameless
from rowgate.snapshot.type_names import read_type
from rowgate.snapshot.types import NativeArgument, NativeQuery, NativeRelationship, Shape, Table

Queries = dict[str, NativeQuery]
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class NativeQueryReader:
    """Resolves the native queries of one source over its logical models; failures go to
    `attempts`."""

    def __init__(
        self,
        declared: SourceDeclaration,
        catalog: Catalog,
        models: Models,
        attempts: Attempts,
    ) -> None:
        self.declared = declared
        self.catalog = catalog
        self.models = models
        self.attempts = attempts

    def queries(self) -> Queries:
        """The native queries by root field name, each with its relationships."""
        made: Queries = {}
        for item in self.declared.native_queries:
            query = self.attempts.attempt(self._subject(item), self._query, item)
            if query is not None:
                made[item.root_field_name] = query
        return {
            item.root_field_name: self._with_relationships(item, made)
            for item in self.declared.native_queries
            if item.root_field_name in made
        }

    def _subject(self, item: NativeQueryDeclaration) -> Subject:
        name = f"native_query {item.root_field_name} in source {self.declared.name}"
        return Subject("native_query", name, {"root_field_name": item.root_field_name})

    def _query(self, item: NativeQueryDeclaration) -> NativeQuery:
        name = item.root_field_name
        with inside(f'in native query "{name}"'):
            if not is_graphql_name(name):
                raise ApiError("the root field name is not a valid GraphQL name")
            model = self.models.get(item.returns)
            if model is None:
                raise ApiError(f'the logical model "{item.returns}" could not be found')
            arguments = {one.name: self._argument(one) for one in item.arguments}
            parts = tuple(_parts(item.code, arguments))
            refusal = self.catalog.refused_queries.get(name)
            if refusal is not None:
                raise ApiError(refusal)
        return NativeQuery(
            self.declared.name, name, model, item.returns, parts, arguments, item.comment
        )

    def _argument(self, item: NativeQueryArgument) -> NativeArgument:
        if not is_graphql_name(item.name):
            raise ApiError(f'the argument "{item.name}" is not a valid GraphQL name')
        type_ = read_type(item.type, self.catalog)
        return NativeArgument(item.name, type_, item.nullable, item.description)

    def _with_relationships(self, item: NativeQueryDeclaration, queries: Queries) -> NativeQuery:
        query = queries[item.root_field_name]
        made: dict[str, NativeRelationship] = {}
        for is_array, declared in (
            (False, item.object_relationships),
            (True, item.array_relationships),
        ):
            for one in declared:
                result = self.attempts.attempt(
                    self._subject(item), _relationship, (query, one, is_array), queries, made
                )
                if result is not None:
                    made[one.name] = result
        table = _own_table(query, made) if made else query.table
        note = query.description or f'fetch data from the native query: "{query.name}"'
        return dataclasses.replace(query, table=table, description=note)


def _own_table(query: NativeQuery, relationships: Mapping[str, NativeRelationship]) -> Table:
    """The rows of a query with relationships: a type of its own, named by the query. A nested
    field of a relationship's name gives way to it."""
    table = query.table
    nested = table.shape.nested if table.shape else {}
    kept = {name: one for name, one in nested.items() if name not in relationships}
    relation = dataclasses.replace(table.relation, name=nameless(f"query {query.name}"))
    return dataclasses.replace(
        table, relation=relation, graphql_name=query.name, shape=Shape(kept, relationships)
    )


def _relationship(
    about: tuple[NativeQuery, NativeQueryRelationship, bool],
    queries: Queries,
    made: Mapping[str, NativeRelationship],
) -> NativeRelationship:
    query, item, is_array = about
    with inside(f'in native query "{query.name}": in relationship "{item.name}"'):
        if not is_graphql_name(item.name):
            raise ApiError("the name is not a valid GraphQL name")
        if item.name in query.table.columns or item.name in made:
            raise ApiError("the name is already that of another field")
        target = queries.get(item.remote_native_query)
        if target is None:
            raise ApiError(f'the native query "{item.remote_native_query}" could not be found')
        if not item.column_mapping:
            raise ApiError("the column mapping is empty")
        for ours, theirs in item.column_mapping.items():
            _check_column(ours, query)
            _check_column(theirs, target)
    pairs = tuple(item.column_mapping.items())
    return NativeRelationship(item.name, target.name, pairs, is_array, item.comment)


def _check_column(name: str, query: NativeQuery) -> None:
    if name not in query.table.columns:
        raise ApiError(f'the native query "{query.name}" has no column "{name}"')


def _parts(code: str, arguments: Mapping[str, NativeArgument]) -> Iterator[str | NativeArgument]:
    """The code in pieces, each placeholder replaced by its argument. A semicolon at the end is
    dropped, since the code becomes part of a statement."""
    at = 0
    text = code.strip().rstrip(";").rstrip()
    if not text:
        raise ApiError("the code is empty")
    for found in _PLACEHOLDER.finditer(text):
        name = found.group(1).strip()
        if name not in arguments:
            raise ApiError(f'the code names the argument "{name}", which is not declared')
        yield text[at : found.start()]
        yield arguments[name]
        at = found.end()
    yield text[at:]
