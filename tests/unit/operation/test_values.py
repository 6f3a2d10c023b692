"""Scalars: what they are called, and what may stand for which type."""

from typing import Any

import graphql
import pytest

from rowgate.base.errors import ApiError, ParseFailed
from rowgate.operation.values import EnumName, called, check, from_literal, scientific
from rowgate.schema.types import Coercion, ScalarType


def scalar(coercion: Coercion, name: str = "T") -> ScalarType:
    return ScalarType(name, coercion)


@pytest.mark.parametrize(
    ("coercion", "value", "taken"),
    [
        (Coercion.INT, 5, 5),
        (Coercion.INT, 5.0, 5),
        (Coercion.INT, -(2**31), -(2**31)),
        (Coercion.NON_NEGATIVE_INT, 0, 0),
        (Coercion.FLOAT, 1, 1),
        (Coercion.FLOAT, 1.5, 1.5),
        (Coercion.BOOLEAN, False, False),
        (Coercion.STRING, "x", "x"),
        (Coercion.ID, "x", "x"),
        (Coercion.ID, 7, "7"),
        (Coercion.BIG_INTEGER, "9223372036854775807", "9223372036854775807"),
        (Coercion.BIG_INTEGER, 2**62, 2**62),
        (Coercion.BIG_INTEGER, 3.0, 3),
        (Coercion.NUMBER, "1.50", "1.50"),
        (Coercion.NUMBER, 1.5, 1.5),
        (Coercion.JSON, {"a": [1]}, {"a": [1]}),
        (Coercion.LABEL_PATH, "a.b_1.c-d", "a.b_1.c-d"),
        (Coercion.LABEL_PATH, "", ""),
        (Coercion.ANY, [1], [1]),
    ],
)
def test_a_value_is_taken(coercion: Coercion, value: Any, taken: Any) -> None:
    made = check(value, scalar(coercion), ())
    assert made == taken
    assert type(made) is type(taken)


@pytest.mark.parametrize(
    ("coercion", "value", "message"),
    [
        (Coercion.INT, "five", "expected a 32-bit integer for type 'T', but found a string"),
        (Coercion.INT, True, "expected a 32-bit integer for type 'T', but found a boolean"),
        (Coercion.INT, 2**31, "The value 2.147483648e9 lies outside the bounds"),
        (Coercion.INT, 1.5, "The value 1.5 lies outside the bounds"),
        (
            Coercion.NON_NEGATIVE_INT,
            -1,
            "expected a non-negative 32-bit integer for type 'T', but found an integer",
        ),
        (
            Coercion.NON_NEGATIVE_INT,
            "1",
            "expected a non-negative 32-bit integer for type 'T', but found a string",
        ),
        (Coercion.FLOAT, "1", "expected a float for type 'T', but found a string"),
        (Coercion.FLOAT, float("inf"), "a number must be finite"),
        (Coercion.NUMBER, float("nan"), "a number must be finite"),
        (Coercion.NUMBER, True, "expected a number for type 'T', but found a boolean"),
        (Coercion.BOOLEAN, 1, "expected a boolean for type 'T', but found an integer"),
        (Coercion.BOOLEAN, "true", "expected a boolean for type 'T', but found a string"),
        (Coercion.STRING, 1, "expected a string for type 'T', but found an integer"),
        (Coercion.STRING, EnumName("a"), "expected a string for type 'T', but found an enum value"),
        (Coercion.STRING, {}, "expected a string for type 'T', but found an object"),
        (Coercion.ID, True, "expected a string for type 'T', but found a boolean"),
        (Coercion.BIG_INTEGER, 1.5, "The value 1.5 lies outside the bounds"),
        (Coercion.BIG_INTEGER, [], "expected an integer for type 'T', but found a list"),
        (Coercion.LABEL_PATH, "a b", "Expecting label path"),
        (Coercion.LABEL_PATH, "a..b", "Expecting label path"),
        (Coercion.ANY, None, "unexpected null value for type 'T'"),
    ],
)
def test_a_value_is_refused(coercion: Coercion, value: Any, message: str) -> None:
    with pytest.raises(ApiError) as error:
        check(value, scalar(coercion), ("args", "x"))
    assert error.value.message.startswith(message)
    assert error.value.path == ("args", "x")


def literal(text: str) -> Any:
    return from_literal(graphql.parse_value(text))


def test_literals_are_json() -> None:
    assert literal('{a: [1, -2.5, true, null, "x", Y], b: {}}') == {
        "a": [1, -2.5, True, None, "x", "Y"],
        "b": {},
    }
    assert called(literal("Y")) == "an enum value"
    assert literal('"""\n  block\n"""') == "block"


def test_a_number_beyond_doubles_keeps_its_digits() -> None:
    for text in ("1e400", "-1e400", "123456789012345678901234567890.123456789"):
        taken = check(literal(text), scalar(Coercion.NUMBER), ())
        assert repr(taken) == text
    with pytest.raises(ParseFailed, match="finite"):
        check(literal("1e400"), scalar(Coercion.FLOAT), ())


@pytest.mark.parametrize(
    ("coercion", "value", "quoted"),
    [
        (Coercion.INT, "7.00000000000000000001", "7.00000000000000000001"),
        (Coercion.BIG_INTEGER, "12345678.00000000000000000001", "1.234567800000000000000000001e7"),
        (Coercion.INT, "1e400", "1.0e400"),
    ],
)
def test_a_number_that_is_nearly_whole_is_not_whole(
    coercion: Coercion, value: str, quoted: str
) -> None:
    with pytest.raises(ParseFailed) as error:
        check(literal(value), scalar(coercion), ())
    assert error.value.message.startswith(f"The value {quoted} lies outside the bounds")


def test_a_bigint_is_taken_exactly() -> None:
    assert check(literal("9007199254740993.0"), scalar(Coercion.BIG_INTEGER), ()) == 2**53 + 1
    assert check(literal("1e400"), scalar(Coercion.BIG_INTEGER), ()) == 10**400


@pytest.mark.parametrize("text", ["1e1000", "-1e1000000000", "[{a: 1e-1001}]", "9" * 1_001])
def test_numbers_without_end_are_refused(text: str) -> None:
    with pytest.raises(ParseFailed):
        literal(text)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0.0"), (12.5, "12.5"), (9_999_999, "9999999.0"), (10**7, "1.0e7"), (-2e-5, "-2.0e-5")],
)
def test_numbers_as_messages_quote_them(number: float, shown: str) -> None:
    assert scientific(number) == shown


@pytest.mark.parametrize(
    ("text", "value"), [("32767", 32767), ("-5", -5), ("0", 0), ("2147483647", 2147483647)]
)
def test_an_integer_may_be_sent_as_a_text(text: str, value: int) -> None:
    assert check(text, scalar(Coercion.INT), ()) == value


@pytest.mark.parametrize("text", ["2147483648", "1.5", "", " 1", "1e2", "+1", "٣", "0x1", "9" * 30])
def test_what_is_no_integer_of_32_bits_is_not(text: str) -> None:
    with pytest.raises(ApiError):
        check(text, scalar(Coercion.INT), ())
