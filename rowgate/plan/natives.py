"""The arguments of a native query as values of its code."""

from collections.abc import Mapping

from rowgate.algebra.types import Constant, Value
from rowgate.operation.types import Entries, Selected
from rowgate.plan.values import value_of
from rowgate.snapshot.types import NativeQuery


def native_arguments(query: NativeQuery, field: Selected) -> Mapping[str, Value]:
    """The value of every argument by name: null where the field does not give it."""
    given = field.arguments.get("args")
    values: dict[str, Value] = {
        name: Constant(None, one.type) for name, one in query.arguments.items()
    }
    if isinstance(given, Entries):
        for item, value in given:
            at = (*field.path, "args", "args", item.name)
            read = value_of(value, query.arguments[item.key].type, at)
            if read is not None:
                values[item.key] = read
    return values
