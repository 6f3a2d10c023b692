"""Mistakes that the permission compiler could make, put into it one at a time.

Each replaces one function of the engine by one that forgets a rule. The oracle is worth what it
finds of them.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rowgate.algebra.types import (
    TRUE,
    Compare,
    IsNull,
    Operator,
    conjunction,
    disjunction,
)
from rowgate.database import bind
from rowgate.plan import aggregates, outputs, reads, scope
from rowgate.snapshot import conditions, resolve, roles

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """`owner.name` becomes what `mistaken` makes of it. `writes`: mutations show it, else reads.
    `inherited`: only inherited roles meet it."""

    title: str
    owner: Any
    name: str
    mistaken: Callable[[Function], Function]
    writes: bool = False
    inherited: bool = False


def _changed(change: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """A function whose result is changed."""
    return lambda right: lambda *given, **named: change(right(*given, **named))


def _given(change: Callable[..., Any]) -> Callable[[Function], Function]:
    """A function whose arguments are changed."""
    return lambda right: lambda *given, **named: right(*change(*given), **named)


def _without(*names: str) -> Callable[[Function], Function]:
    """What is made holds no filter, check, … of these names."""
    values = {"filter": TRUE, "where": TRUE, "check": TRUE, "cap": None}
    return _changed(lambda made: dataclasses.replace(made, **{one: values[one] for one in names}))


def _unfiltered(rows: Any) -> Any:
    return dataclasses.replace(rows, filter=TRUE)


# --- conditions


def _null_branches(right: Function) -> Function:
    """The `_ne` of old: rows whose column is null pass."""

    def compared(reader: Any, operand: Any, key: str, value: Any, **named: Any) -> Any:
        found = right(reader, operand, key, value, **named)
        if key[1:] in ("ne", "neq"):
            return disjunction([found, IsNull(operand)])
        return found

    return compared


def _plain_nulls(right: Function) -> Function:
    def compared(reader: Any, operand: Any, key: str, value: Any, **named: Any) -> Any:
        return right(reader, operand, key, value, **{**named, "nullable": False})

    return compared


def _renamed(names: dict[str, str]) -> Callable[[Function], Function]:
    """Keys of expressions are taken for others."""

    def mistaken(right: Function) -> Function:
        def entry(reader: Any, key: str, value: Any) -> Any:
            name = names.get(key.replace("$", "_"))
            return right(reader, name or key, value)

        return entry

    return mistaken


def _positive(right: Function) -> Function:
    def entry(reader: Any, key: str, value: Any) -> Any:
        return reader.read(value) if key in ("_not", "$not") else right(reader, key, value)

    return entry


def _always(right: Function) -> Function:
    return lambda *_given, **_named: TRUE


def _here(right: Function) -> Function:
    """`["$", "column"]` is taken for a column of the row at hand."""

    def column_value(reader: Any, value: Any) -> Any:
        rooted = isinstance(value, list) and value[0] == "$" and value[1] in reader.table.columns
        return right(reader, value[1] if rooted else value)

    return column_value


def _turned(right: Function) -> Function:
    def is_null(operand: Any, wanted: bool = True) -> Any:
        return right(operand, not wanted)

    return is_null


def _loose(right: Function) -> Function:
    """`_gt` and `_lt` let equal values through."""
    names = {"gt": "gte", "lt": "lte"}

    def compared(reader: Any, operand: Any, key: str, value: Any, **named: Any) -> Any:
        return right(reader, operand, key[0] + names.get(key[1:], key[1:]), value, **named)

    return compared


def _first_come(right: Function) -> Function:
    """A plan that is kept holds the variables of whoever asked first."""
    kept: dict[Any, Any] = {}

    def session_value(binder: Any, session: Any) -> Any:
        value = right(binder, session)
        return kept.setdefault((binder.name, binder.as_array), value)

    return session_value


# --- writes


def _preset_less_insert(right: Function) -> Function:
    def insert(own: Any, table: Any, values: Any, conflict: Any) -> Any:
        made = right(own, table, values, conflict)
        presets = own.insert_permission(table).presets
        kept = [at for at, name in enumerate(made.columns) if name not in presets or name in values]
        if not kept:
            return made
        names = list(made.columns)
        columns = {names[at]: made.columns[names[at]] for at in kept}
        rows = tuple(tuple(row[at] for at in kept) for row in made.rows)
        return dataclasses.replace(made, columns=columns, rows=rows)

    return insert


def _preset_less_update(right: Function) -> Function:
    def update(own: Any, table: Any, condition: Any, assignments: Any) -> Any:
        made = right(own, table, condition, assignments)
        return dataclasses.replace(made, assignments=assignments) if assignments else made

    return update


def _unfiltered_upsert(right: Function) -> Function:
    def conflict(own: Any, table: Any, constraint: str, columns: Any, condition: Any) -> Any:
        made = right(own, table, constraint, columns, condition)
        return dataclasses.replace(made, where=condition)

    return conflict


def _unfiltered_rows(right: Function) -> Function:
    def change(own: Any, *given: Any) -> Any:
        made = right(own, *given)
        return dataclasses.replace(made, rows=_unfiltered(made.rows))

    return change


def _any_key(right: Function) -> Function:
    """Rows by key are found by keys that the role does not see."""

    def key_condition(own: Any, table: Any, key: dict[str, Any]) -> Any:
        operands = {name: own.column(table, name) for name in key}
        plain = {name: getattr(one, "operand", one) for name, one in operands.items()}
        return conjunction(Compare(plain[name], Operator.EQ, key[name]) for name in key)

    return key_condition


def _unseen(right: Function) -> Function:
    """Related rows count in conditions whether or not the role may see them."""
    return lambda _own, _join, condition: condition


# --- inherited roles


def _unmasked(right: Function) -> Function:
    return lambda parts: dict.fromkeys(right(parts), TRUE)


def _smallest_limit(right: Function) -> Function:
    def united(parts: Any) -> Any:
        limits = [part.limit for part in parts if part.limit is not None]
        return dataclasses.replace(right(parts), limit=min(limits, default=None))

    return united


def _any_parent(right: Function) -> Function:
    """What one parent may write the role may write, though another one disagrees."""

    def unite(parents: Any, own: Any) -> Any:
        united, _ = right(parents, own)
        for name in ("insert", "update", "delete"):
            given = [getattr(one, name) for one in parents if getattr(one, name)]
            if given and getattr(united, name) is None:
                united = dataclasses.replace(united, **{name: given[0]})
        return united, []

    return unite


def _nothing_own(right: Function) -> Function:
    """What an inherited role has of its own does not override what its parents have."""
    return lambda parents, own: right(parents, None if parents else own)


def _first_filter(right: Function) -> Function:
    def united(parts: Any) -> Any:
        return dataclasses.replace(right(parts), filter=parts[0].filter)

    return united


_READER, _SCOPE = conditions.ConditionReader, scope.Scope
_SWAPPED = {"_and": "_or", "_or": "_and"}

MUTANTS = (
    Mutant("_ne lets nulls through", _READER, "_compared", _null_branches),
    Mutant("_eq null is no test for null", _READER, "_compared", _plain_nulls),
    Mutant("_gt means _gte", _READER, "_compared", _loose),
    Mutant("and and or are swapped", _READER, "_entry", _renamed(_SWAPPED)),
    Mutant("_or means _and", _READER, "_entry", _renamed({"_or": "_and"})),
    Mutant("_not is forgotten", _READER, "_entry", _positive),
    Mutant("_is_null is turned around", conditions, "IsNull", _turned),
    Mutant("a filter misses a relationship", _READER, "_related", _always),
    Mutant("a filter misses _exists", _READER, "_exists", _always),
    Mutant("a root column is the row's own", _READER, "_column_value", _here),
    Mutant("session variables of who came first", bind, "_session_value", _first_come),
    Mutant("no row filter in reads", _SCOPE, "rows", _without("filter")),
    Mutant(
        "no row filter in nested reads",
        outputs,
        "nested",
        _given(lambda rows, fields, relationship: (_unfiltered(rows), fields, relationship)),
    ),
    Mutant(
        "no row filter in aggregates",
        aggregates.AggregateReader,
        "read",
        _given(lambda own, rows, field, table: (own, _unfiltered(rows), field, table)),
    ),
    Mutant("no row filter on related rows in conditions", _SCOPE, "related", _unseen),
    Mutant("a limit is dropped", _SCOPE, "rows", _without("cap")),
    Mutant("cells are not masked", roles, "_cells", _unmasked, inherited=True),
    Mutant("the smallest limit counts", roles, "unite_selects", _smallest_limit, inherited=True),
    Mutant("the first filter counts", roles, "unite_selects", _first_filter, inherited=True),
    Mutant("own permissions are ignored", resolve, "unite", _nothing_own, inherited=True),
    Mutant("any parent may write", resolve, "unite", _any_parent, writes=True, inherited=True),
    Mutant("no row filter in updates", _SCOPE, "update", _unfiltered_rows, writes=True),
    Mutant("no row filter in deletes", _SCOPE, "delete", _unfiltered_rows, writes=True),
    Mutant("a check of inserts is dropped", _SCOPE, "insert", _without("check"), writes=True),
    Mutant("a check of updates is dropped", _SCOPE, "update", _without("check"), writes=True),
    Mutant("a check of upserts is dropped", _SCOPE, "conflict", _without("check"), writes=True),
    Mutant("a preset of inserts is dropped", _SCOPE, "insert", _preset_less_insert, writes=True),
    Mutant("a preset of updates is dropped", _SCOPE, "update", _preset_less_update, writes=True),
    Mutant("no update filter in upserts", _SCOPE, "conflict", _unfiltered_upsert, writes=True),
    Mutant("keys are found unseen", reads, "key_condition", _any_key, inherited=True),
)
