"""The nouns of the algebra: values, operands, conditions. None holds a request's value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rowgate.base.json import Json
from rowgate.base.names import PathStep, QualifiedName
from rowgate.catalog.types import TEXT, Function, PgType, TypeKind


@dataclass(frozen=True, slots=True)
class Constant:
    """A value fixed by the metadata or the document, still sent as a parameter. `as_array`: a
    list, sent as one array of `type`."""

    value: Json
    type: PgType
    as_array: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """The value at `path` inside the request's variables; `at` is where errors point, `check` gives
    the value as its GraphQL type takes it or raises."""

    path: tuple[PathStep, ...]
    type: PgType
    as_array: bool = False
    at: tuple[PathStep, ...] = ()
    check: Callable[[Json], Json] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SessionValue:
    """A session variable (`x-hasura-…`, lower case); `as_array`: in Postgres' `{a,b}` form."""

    name: str
    type: PgType
    as_array: bool = False


@dataclass(frozen=True, slots=True)
class WholeSession:
    """All session variables as one JSON object (for functions with a session argument)."""


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A column of the row at hand, or (`root`) of the row that the whole condition is about.
    `derived`: it is not stored, but an expression that is evaluated when it is read."""

    column: str
    type: PgType
    root: bool = False
    derived: bool = False


@dataclass(frozen=True, slots=True)
class RelatedColumn:
    """A column of the one row that an object relationship leads to."""

    join: "Join"
    column: str
    type: PgType


@dataclass(frozen=True, slots=True)
class ListOf:
    """Several values where the operator wants a list."""

    items: tuple["Value", ...]
    type: PgType


Value = Constant | Variable | SessionValue | WholeSession | RowColumn | RelatedColumn | ListOf


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function applied to the row at hand and to values. `row_position` is the argument that
    takes the row (None: the function takes none); `named` arguments follow the positional ones."""

    function: Function
    row_position: int | None = None
    positional: tuple[Value, ...] = ()
    named: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Computed:
    """A scalar computed field of the row at hand."""

    call: FunctionCall
    type: PgType


@dataclass(frozen=True, slots=True)
class Cast:
    """An operand seen as another type (`_cast`)."""

    operand: "Operand"
    type: PgType


@dataclass(frozen=True, slots=True)
class Guarded:
    """An operand that is null unless `condition` holds for its row (inherited roles)."""

    condition: "Condition"
    operand: "Operand"
    type: PgType


Operand = RowColumn | Computed | Cast | Guarded


@dataclass(frozen=True, slots=True)
class Join:
    """How rows of `target` belong to the row at hand: our column = theirs, pairwise."""

    target: QualifiedName
    pairs: tuple[tuple[str, str], ...]


class Operator(StrEnum):
    """Comparisons, by their GraphQL names."""

    EQ = "_eq"
    NEQ = "_neq"
    GT = "_gt"
    LT = "_lt"
    GTE = "_gte"
    LTE = "_lte"
    IN = "_in"
    NIN = "_nin"
    LIKE = "_like"
    NLIKE = "_nlike"
    ILIKE = "_ilike"
    NILIKE = "_nilike"
    SIMILAR = "_similar"
    NSIMILAR = "_nsimilar"
    REGEX = "_regex"
    NREGEX = "_nregex"
    IREGEX = "_iregex"
    NIREGEX = "_niregex"
    CONTAINS = "_contains"
    CONTAINED_IN = "_contained_in"
    HAS_KEY = "_has_key"
    HAS_KEYS_ANY = "_has_keys_any"
    HAS_KEYS_ALL = "_has_keys_all"
    ANCESTOR = "_ancestor"
    ANCESTOR_ANY = "_ancestor_any"
    DESCENDANT = "_descendant"
    DESCENDANT_ANY = "_descendant_any"
    MATCHES = "_matches"
    MATCHES_ANY = "_matches_any"
    MATCHES_FULLTEXT = "_matches_fulltext"
    ST_CONTAINS = "_st_contains"
    ST_CROSSES = "_st_crosses"
    ST_EQUALS = "_st_equals"
    ST_INTERSECTS = "_st_intersects"
    ST_3D_INTERSECTS = "_st_3d_intersects"
    ST_OVERLAPS = "_st_overlaps"
    ST_TOUCHES = "_st_touches"
    ST_WITHIN = "_st_within"
    ST_INTERSECTS_RAST = "_st_intersects_rast"


@dataclass(frozen=True, slots=True)
class And:
    """All hold; `And(())` is true."""

    items: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """One holds; `Or(())` is false."""

    items: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold (null stays null)."""

    item: "Condition"


@dataclass(frozen=True, slots=True)
class Compare:
    """`operand operator value`, with Postgres' three-valued logic."""

    operand: Operand
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether the operand is null; `wanted` False: whether it is not."""

    operand: Operand
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Spatial:
    """A PostGIS predicate beyond two geometries: `function(operand, *arguments)`. Distances are in
    the type's units (metres for geography)."""

    operand: Operand
    function: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class RowFlag:
    """A boolean that the request decides (`_is_null: $v`): the condition where true, else its
    negation."""

    value: Value
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Related:
    """Some row of the relationship's target fulfils the condition. A `filter` of the role on the
    target is already conjoined."""

    join: Join
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class RelatedByFunction:
    """Some row of a table computed field fulfils the condition."""

    call: FunctionCall
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Exists:
    """Some row of an unrelated table fulfils the condition."""

    table: QualifiedName
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Rooted:
    """A condition that is about the row at hand, wherever it stands: `root` in it is this row. A
    role's filter on a related table stands so inside a request's condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Within:
    """The condition for rows of a role's filter, false for all others, on which it is not
    evaluated."""

    filter: "Condition"
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AggregateCompare:
    """An aggregate over related rows compared: `function(distinct arguments) filter (where …)`."""

    join: Join
    function: str
    arguments: tuple[Operand, ...]
    distinct: bool
    condition: "Condition"
    comparisons: tuple[tuple[Operator, Value], ...]
    null_tests: tuple[bool, ...]
    type: PgType


Condition = (
    And
    | Or
    | Not
    | Compare
    | IsNull
    | RowFlag
    | Spatial
    | Related
    | RelatedByFunction
    | Exists
    | Rooted
    | Within
    | AggregateCompare
)

TRUE = And(())
FALSE = Or(())


def conjunction(items: Iterable[Condition]) -> Condition:
    """All of `items`; nested conjunctions are flattened, truth disappears, falsehood wins.

    >>> conjunction([TRUE, TRUE]) == TRUE
    True
    >>> conjunction([TRUE, FALSE]) == FALSE
    True
    """
    flat: list[Condition] = []
    for item in items:
        if isinstance(item, And):
            flat.extend(item.items)
        else:
            flat.append(item)
    if FALSE in flat:
        return FALSE
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(items: Iterable[Condition]) -> Condition:
    """One of `items`; nested disjunctions are flattened, falsehood disappears, truth wins.

    >>> disjunction([FALSE, TRUE]) == TRUE
    True
    """
    flat: list[Condition] = []
    for item in items:
        if isinstance(item, Or):
            flat.extend(item.items)
        else:
            flat.append(item)
    if TRUE in flat:
        return TRUE
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def value_type(operator: Operator, operand: PgType) -> tuple[PgType, bool]:
    """What stands at an operator's right: its type, and whether a list of them is wanted."""
    match operator:
        case Operator.IN | Operator.NIN:
            return operand, True
        case Operator.HAS_KEY:
            return TEXT, False
        case Operator.HAS_KEYS_ANY | Operator.HAS_KEYS_ALL:
            return TEXT, True
        case Operator.ANCESTOR_ANY | Operator.DESCENDANT_ANY:
            return operand, True
        case Operator.MATCHES | Operator.MATCHES_ANY:
            return PgType(operand.schema, "lquery"), operator is Operator.MATCHES_ANY
        case Operator.MATCHES_FULLTEXT:
            return PgType(operand.schema, "ltxtquery"), False
        case _:
            return operand, False


def array_of(type_: PgType) -> PgType:
    """The array type over `type_`."""
    return PgType(type_.schema, f"_{type_.name}", TypeKind.ARRAY, type_)
