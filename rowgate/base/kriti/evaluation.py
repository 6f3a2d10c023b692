"""Filling a template: what it is made of → JSON, within a budget."""

from collections.abc import Callable, Mapping

from rowgate.base.json import Json, encode_text
from rowgate.base.kriti.budget import VALUE, Budget
from rowgate.base.kriti.functions import FUNCTIONS, is_number, kind_of
from rowgate.base.kriti.types import (
    Binary,
    Bindings,
    Call,
    Choice,
    Constant,
    Expression,
    Failure,
    Functions,
    KritiError,
    ListOf,
    Loop,
    ObjectOf,
    Path,
    Span,
    Step,
    Template,
    Text,
)

_COMPARED_AT_ONCE = 64
"""How many characters of two texts are compared in about the time that one value takes."""
_RANKS = {"Object": 0, "Array": 1, "String": 2, "Number": 3, "Boolean": 4, "Null": 5}
"""How values of unlike types are ordered."""
_ORDERS: Mapping[str, Callable[[int], bool]] = {
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
}


def fill(
    template: Template,
    bindings: Bindings,
    functions: Functions | None = None,
    budget: Budget | None = None,
) -> Json:
    """What `template` comes to with these variables; `functions` are there besides the standard
    ones. Raises `KritiError`."""
    spent = budget or Budget()
    filling = _Filling(FUNCTIONS | (functions or {}), spent)  # type: ignore[operator]
    try:
        value = filling.value(template.body, bindings)
        spent.measure(value, template.body.span)
    except KritiError as error:
        raise error.within(template.source) from None
    except RecursionError:
        text = "The values are nested too deeply."
        raise KritiError(Failure.LIMIT, text, template.body.span, template.source) from None
    return value


class _Filling:
    def __init__(self, functions: Functions, budget: Budget) -> None:
        self._functions = functions
        self._budget = budget

    def value(self, node: Expression, known: Bindings) -> Json:
        self._budget.step(node.span)
        match node:
            case Constant():
                return node.value
            case Path():
                return self._path(node, known)
            case Call():
                return self._call(node, known)
            case Choice():
                return self._choice(node, known)
            case Binary():
                return self._binary(node, known)
            case _:
                return self._made(node, known)

    def _made(self, node: Text | ListOf | ObjectOf | Loop, known: Bindings) -> Json:
        match node:
            case Text():
                return self._text(node, known)
            case ListOf():
                return [self.value(one, known) for one in node.items]
            case ObjectOf():
                return {key: self.value(one, known) for key, one in node.members}
            case Loop():
                return self._loop(node, known)

    def _text(self, node: Text, known: Bindings) -> str:
        pieces = [self._piece(part, known) for part in node.parts]
        self._budget.make(sum(map(len, pieces)), node.span)
        return "".join(pieces)

    def _piece(self, part: Expression, known: Bindings) -> str:
        value = self.value(part, known)
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or is_number(value):
            whole = isinstance(value, float) and abs(value) < 1e15 and value.is_integer()
            return encode_text(int(value) if whole else value)
        text = f"Cannot interpolate type: '{kind_of(value)}'."
        raise KritiError(Failure.TYPE, text, part.span)

    def _path(self, node: Path, known: Bindings) -> Json:
        if isinstance(node.of, str):
            if node.of not in known:
                raise _no_path(node.of, node.span)
            value, way = known[node.of], node.of
        else:
            value, way = self.value(node.of, known), ""
        for step in node.steps:
            key = self.value(step.key, known)
            way += f".{key}" if isinstance(key, str) else f"[{key}]"
            found, value = self._step(value, key, (step, way))
            if not found:
                return None
        return value

    def _step(self, value: Json, key: Json, at: tuple[Step, str]) -> tuple[bool, Json]:
        """Whether there is something, and what; raises where there must be and is not."""
        step, way = at
        if value is None and step.optional:
            return False, None
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise _wrong(f"Unexpected type '{kind_of(key)}', expected a string.", step.span)
            there = key in value
        elif isinstance(value, list):
            if not is_number(key) or not (isinstance(key, int) or key.is_integer()):
                text = f"Unexpected type '{kind_of(key)}', expected an integer."
                raise _wrong(text, step.span)
            there = 0 <= key < len(value)
        else:
            text = f"Unexpected type '{kind_of(value)}', expected an Object or an Array."
            raise _wrong(text, step.span)
        if not there and not step.optional:
            raise _no_path(way, step.span)
        return there, (value[key if isinstance(value, dict) else int(key)] if there else None)

    def _call(self, node: Call, known: Bindings) -> Json:
        function = self._functions.get(node.function)
        if function is None:
            text = f"Function {node.function} is not defined."
            raise KritiError(Failure.FUNCTION, text, node.span)
        argument = self.value(node.argument, known)
        self._budget.make(_weight(argument), node.span)
        try:
            value = function(argument)
        except ValueError as error:
            raise KritiError(Failure.FUNCTION, str(error), node.argument.span) from None
        self._budget.make(_weight(value), node.span)
        return value

    def _choice(self, node: Choice, known: Bindings) -> Json:
        test = self._truth(node.test, known)
        return self.value(node.then if test else node.otherwise, known)

    def _truth(self, node: Expression, known: Bindings) -> bool:
        value = self.value(node, known)
        if not isinstance(value, bool):
            raise _wrong(f"Unexpected type '{kind_of(value)}', expected a boolean.", node.span)
        return value

    def _loop(self, node: Loop, known: Bindings) -> list[Json]:
        over = self.value(node.over, known)
        if not isinstance(over, list):
            text = "Range Error: Can only range over an array"
            raise KritiError(Failure.RANGE, text, node.over.span)
        made = []
        for position, item in enumerate(over):
            bound = (
                {node.item: item}
                if node.index is None
                else {
                    node.index: position,
                    node.item: item,
                }
            )
            made.append(self.value(node.body, {**known, **bound}))
        return made

    def _binary(self, node: Binary, known: Bindings) -> Json:
        match node.operator:
            case "&&":
                left, right = self._truth(node.left, known), self._truth(node.right, known)
                return left and right
            case "||":
                left, right = self._truth(node.left, known), self._truth(node.right, known)
                return left or right
            case "??":
                value = self.value(node.left, known)
                return self.value(node.right, known) if value is None else value
        return self._compared(node, self.value(node.left, known), self.value(node.right, known))

    def _compared(self, node: Binary, left: Json, right: Json) -> bool:
        match node.operator:
            case "==":
                return self._order(left, right, node.span) == 0
            case "!=":
                return self._order(left, right, node.span) != 0
            case "in":
                return self._within(node, left, right)
        return _ORDERS[node.operator](self._order(left, right, node.span))

    def _within(self, node: Binary, left: Json, right: Json) -> bool:
        if isinstance(right, list):
            return any(self._order(left, one, node.span) == 0 for one in right)
        if not isinstance(right, dict):
            text = f"Unexpected type '{kind_of(right)}', expected an Object or an Array."
            raise _wrong(text, node.right.span)
        if not isinstance(left, str):
            raise _wrong(f"Unexpected type '{kind_of(left)}', expected a string.", node.left.span)
        return left in right

    def _order(self, left: Json, right: Json, span: Span) -> int:
        """Negative, 0 or positive, as `left` is less than, equal to or greater than `right`."""
        self._budget.step(span)
        kind, other = kind_of(left), kind_of(right)
        if kind != other:
            return _RANKS[kind] - _RANKS[other]
        if kind == "Array":
            return self._order_of_lists(left, right, span)
        if kind == "Object":
            return self._order_of_lists(_as_list(left), _as_list(right), span)
        if kind == "String":
            self._budget.make(min(len(left), len(right)) // _COMPARED_AT_ONCE, span)
        return 0 if left == right else (-1 if left < right else 1)

    def _order_of_lists(self, left: list[Json], right: list[Json], span: Span) -> int:
        for one, other in zip(left, right, strict=False):
            if order := self._order(one, other, span):
                return order
        return len(left) - len(right)


def _as_list(value: Json) -> list[Json]:
    """An object's names, then its values in the order of the names."""
    names = sorted(value)
    return [names, [value[name] for name in names]]


def _weight(value: Json) -> int:
    """What a function costs that goes over `value` once: its items, and theirs."""
    if isinstance(value, list):
        return VALUE * len(value) + sum(map(_length, value))
    return _length(value)


def _length(value: Json) -> int:
    if isinstance(value, list | dict):
        return VALUE * len(value)
    return len(value) if isinstance(value, str) else 1


def _no_path(way: str, span: Span) -> KritiError:
    return KritiError(Failure.PATH, f'Path Lookup Error: "{way}"', span)


def _wrong(text: str, span: Span) -> KritiError:
    return KritiError(Failure.TYPE, text, span)
