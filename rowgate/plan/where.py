"""A request's `where` → a `Condition`, each column and relationship through the scope."""

from rowgate.algebra.narrowing import PATTERNS, PatternCheck
from rowgate.algebra.types import (
    TRUE,
    AggregateCompare,
    Cast,
    Compare,
    Condition,
    Constant,
    IsNull,
    Not,
    Operand,
    Operator,
    Related,
    RelatedByFunction,
    RowFlag,
    Spatial,
    Value,
    conjunction,
    disjunction,
)
from rowgate.base.errors import ValidationFailed
from rowgate.base.session import ADMIN
from rowgate.catalog.types import BOOL, FLOAT8, INT4, PgType
from rowgate.operation.types import (
    Entries,
    Enumerated,
    FromVariable,
    Input,
    Items,
    Null,
    Path,
    Scalar,
)
from rowgate.plan.scope import Scope
from rowgate.plan.values import constant, members, required
from rowgate.schema.meanings import (
    CastTo,
    ColumnInput,
    Comparison,
    ComputedInput,
    ComputedRowsInput,
    Logic,
    RelationshipAggregateInput,
    RelationshipInput,
    Special,
)
from rowgate.schema.types import InputField, ListOf, nullable
from rowgate.snapshot.types import Table, call_of


class WhereReader:
    """Reads `bool_exp` inputs for one scope. `collapse`: a null comparison counts as true."""

    def __init__(self, scope: Scope, *, collapse: bool = False) -> None:
        self.scope = scope
        self.collapse = collapse

    def read(self, given: Input | None, table: Table, at: Path) -> Condition:
        """The condition that a `bool_exp` means; true where none is given."""
        if given is None or isinstance(given, Null):
            return TRUE
        assert isinstance(given, Entries)
        return conjunction(
            [self._entry(item, value, table, (*at, item.name)) for item, value in given]
        )

    def _entry(self, item: InputField, value: Input, table: Table, at: Path) -> Condition:
        match item.meaning:
            case Logic():
                return self._logic(item.meaning, value, table, at)
            case ColumnInput():
                operand = self.scope.column(table, item.meaning.column.column.name)
                return self._comparisons(operand, value, at)
            case ComputedInput():
                computed = item.meaning.computed
                operand = self.scope.computed(table, computed.name, call_of(computed, {}))
                return self._comparisons(operand, value, at)
        return self._through(item, value, at)

    def _through(self, item: InputField, value: Input, at: Path) -> Condition:
        if isinstance(value, Null):
            return self._null(item, at)
        match item.meaning:
            case RelationshipInput():
                join = item.meaning.relationship.join
                inner = self.read(value, item.meaning.table, at)
                return Related(join, self.scope.related(join, inner))
            case ComputedRowsInput():
                target = item.meaning.table
                inner = self.read(value, target, at)
                rows = self.scope.among(target, inner, computed=True)
                return RelatedByFunction(call_of(item.meaning.computed, {}), rows)
            case RelationshipAggregateInput():
                return self._aggregates(item.meaning, value, at)
        raise ValidationFailed(f"'{item.name}' cannot be filtered by", path=at)

    def _null(self, item: InputField, at: Path) -> Condition:
        if self.collapse:
            return TRUE
        name = getattr(item.type, "name", item.name)
        raise ValidationFailed(f"expected an object for type '{name}', but found null", path=at)

    def _logic(self, logic: Logic, value: Input, table: Table, at: Path) -> Condition:
        if isinstance(value, Null):
            return TRUE
        if logic is Logic.NOT:
            return Not(self.read(value, table, at))
        assert isinstance(value, Items)
        parts = [self.read(one, table, (*at, index)) for index, one in enumerate(value.items)]
        return conjunction(parts) if logic is Logic.AND else disjunction(parts)

    def _comparisons(self, operand: Operand, given: Input, at: Path) -> Condition:
        if isinstance(given, Null):
            return TRUE
        assert isinstance(given, Entries)
        return conjunction(
            [self._comparison(operand, item, value, (*at, item.name)) for item, value in given]
        )

    def _comparison(self, operand: Operand, item: InputField, given: Input, at: Path) -> Condition:
        if isinstance(given, Null):
            if self.collapse:
                return TRUE
            if isinstance(nullable(item.type), ListOf):
                raise ValidationFailed("expected a list, but found null", path=at)
            name = getattr(item.type, "name", "list")
            raise ValidationFailed(f"unexpected null value for type '{name}'", path=at)
        match item.meaning:
            case Comparison():
                meaning = item.meaning
                read = members if meaning.many else required
                value = read(given, meaning.type, at)
                if meaning.operator in PATTERNS and self.scope.role != ADMIN:
                    value = PatternCheck.on(value)
                return Compare(operand, meaning.operator, value)
            case Special.IS_NULL:
                return _is_null(operand, given)
            case Special():
                return _spatial(operand, item.meaning, given, at)
        return self._cast(operand, given, at)

    def _cast(self, operand: Operand, given: Input, at: Path) -> Condition:
        assert isinstance(given, Entries)
        parts = []
        for item, value in given:
            assert isinstance(item.meaning, CastTo)
            cast = Cast(operand, item.meaning.type)
            parts.append(self._comparisons(cast, value, (*at, item.name)))
        return conjunction(parts)

    def _aggregates(self, meaning: RelationshipAggregateInput, given: Input, at: Path) -> Condition:
        assert isinstance(given, Entries)
        if len(given.entries) != 1:
            raise ValidationFailed("exactly one aggregate function is expected", path=at)
        return conjunction(
            [self._aggregate(meaning, item, value, (*at, item.name)) for item, value in given]
        )

    def _aggregate(
        self, meaning: RelationshipAggregateInput, item: InputField, given: Input, at: Path
    ) -> Condition:
        if not isinstance(given, Entries):
            raise ValidationFailed("expected an object", path=at)
        table, join = meaning.table, meaning.relationship.join
        operands = tuple(
            self.scope.column(table, name) for name in _columns(given.get("arguments"))
        )
        type_ = {"count": INT4, "bool_and": BOOL, "bool_or": BOOL}.get(item.key, FLOAT8)
        predicate = given.get("predicate")
        comparisons, nulls = _predicate(predicate, (*at, "predicate"))
        inner = self.read(given.get("filter"), table, (*at, "filter"))
        return AggregateCompare(
            join,
            item.key,
            operands,
            bool(constant(given.get("distinct"))),
            self.scope.related(join, inner),
            comparisons,
            nulls,
            type_,
        )


def _columns(given: Input | None) -> tuple[str, ...]:
    match given:
        case Enumerated():
            assert isinstance(given.value.meaning, ColumnInput)
            return (given.value.meaning.column.column.name,)
        case Items():
            return tuple(name for one in given.items for name in _columns(one))
        case Entries():
            return tuple(name for _, one in given for name in _columns(one))
    return ()


def _predicate(
    given: Input | None, at: Path
) -> tuple[tuple[tuple[Operator, Value], ...], tuple[bool, ...]]:
    comparisons = []
    nulls = []
    assert isinstance(given, Entries)
    for item, value in given:
        here = (*at, item.name)
        if item.meaning is Special.IS_NULL:
            nulls.append(bool(constant(value)))
            continue
        assert isinstance(item.meaning, Comparison)
        read = members if item.meaning.many else required
        comparisons.append((item.meaning.operator, read(value, item.meaning.type, here)))
    return tuple(comparisons), tuple(nulls)


def _is_null(operand: Operand, given: Input) -> Condition:
    if isinstance(given, FromVariable):
        return RowFlag(required(given, BOOL, given.at), IsNull(operand))
    assert isinstance(given, Scalar)
    return IsNull(operand, bool(given.value))


def _spatial(operand: Operand, kind: Special, given: Input, at: Path) -> Condition:
    assert isinstance(given, Entries)
    if kind in (Special.BAND_THEN_GEOMETRY, Special.GEOMETRY_THEN_BAND):
        return _raster(operand, kind, given, at)
    distance, origin = given.get("distance"), given.get("from")
    assert distance is not None
    assert origin is not None
    arguments = [
        required(origin, operand.type, (*at, "from")),
        required(distance, FLOAT8, (*at, "distance")),
    ]
    if operand.type.name == "geography":
        spheroid = given.get("use_spheroid")
        given_one = None if spheroid is None else required(spheroid, BOOL, at)
        arguments.append(given_one or Constant(True, BOOL))
    function = "st_3ddwithin" if kind is Special.WITHIN_3D else "st_dwithin"
    return Spatial(operand, function, tuple(arguments))


def _raster(operand: Operand, kind: Special, given: Entries, at: Path) -> Condition:
    geometry, band = given.get("geommin"), given.get("nband")
    assert geometry is not None
    shape = required(geometry, PgType(operand.type.schema, "geometry"), (*at, "geommin"))
    if band is None or isinstance(band, Null):
        return Spatial(operand, "st_intersects", (shape,))
    number = required(band, INT4, (*at, "nband"))
    first = kind is Special.BAND_THEN_GEOMETRY
    return Spatial(operand, "st_intersects", (number, shape) if first else (shape, number))
