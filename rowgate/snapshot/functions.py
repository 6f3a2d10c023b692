"""Tracked functions: root fields whose rows a function returns."""

from collections.abc import Mapping

from rowgate.base.errors import ApiError
from rowgate.base.names import QualifiedName, is_graphql_name
from rowgate.base.naming import Naming, base_name, field_name, root_field, type_name
from rowgate.catalog.types import Catalog, Function, TypeKind
from rowgate.metadata.types import FunctionDeclaration
from rowgate.snapshot.tables import argument_position, the_function
from rowgate.snapshot.types import Table, TrackedFunction


class FunctionReader:
    """Resolves the tracked functions of one source."""

    def __init__(
        self,
        source: str,
        catalog: Catalog,
        tables: Mapping[QualifiedName, Table],
        naming: Naming,
    ) -> None:
        self.source = source
        self.catalog = catalog
        self.tables = tables
        self.naming = naming

    def read(self, declared: FunctionDeclaration, infer_permissions: object) -> TrackedFunction:
        """The function as a root field; raises `ApiError` where it cannot be one."""
        function = the_function(self.catalog, declared.name)
        table = self._returned_table(function)
        name = declared.custom_name or base_name(declared.name)
        if name is None or not is_graphql_name(name):
            raise ApiError(f'function "{declared.name}" is not a valid GraphQL name')
        volatile = function.volatility == "volatile"
        if declared.exposed_as == "mutation" and not volatile:
            raise _untrackable(
                function,
                "the function was requested to be exposed as a mutation, but is not marked "
                "VOLATILE. Maybe the function was given the wrong volatility when it was defined?",
            )
        mutation = declared.exposed_as == "mutation" or (declared.exposed_as is None and volatile)
        if declared.exposed_as == "query" and volatile:
            mutation = False
        roots = declared.custom_root_fields
        inferred = infer_permissions and not mutation
        return TrackedFunction(
            self.source,
            function,
            table,
            self._root(name, roots.get("function")),
            self._root(f"{name}_aggregate", roots.get("function_aggregate")),
            type_name(self.naming, f"{name}_args"),
            argument_position(function, declared.session_argument),
            mutation,
            None if inferred else frozenset(declared.permitted_roles),
            function.description if declared.comment is None else declared.comment or None,
        )

    def _root(self, name: str, custom: str | None) -> str:
        if custom:
            return f"{self.naming.root_prefix}{custom}{self.naming.root_suffix}"
        return root_field(self.naming, field_name(self.naming, name))

    def _returned_table(self, function: Function) -> QualifiedName:
        if function.is_variadic:
            raise _untrackable(function, 'function with "VARIADIC" parameters are not supported')
        table = function.returns_table
        if table is None:
            composite = function.returns.kind is TypeKind.COMPOSITE
            kind = "a table" if composite else 'a "COMPOSITE" type'
            raise _untrackable(function, f"the function does not return {kind}")
        if table not in self.tables:
            raise ApiError(f'in function "{function.name}": the table "{table}" is not tracked')
        return table


def _untrackable(function: Function, reason: str) -> ApiError:
    name = function.name
    return ApiError(
        f'in function "{name}": the function "{name}" cannot be tracked because {reason}'
    )
