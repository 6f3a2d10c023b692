"""JSON numbers: what a double would round keeps its digits, and none costs more than its length."""

import math
import time
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rowgate.base.errors import ApiError
from rowgate.base.json import MOST_DIGITS, ExactNumber, decode, encode, number

LONG = "123456789012345678901234567890.123456789"


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        f"-{LONG}",
        "9007199254740993.0",
        "0.1234567890123456789",
        "1e400",
        "-1e400",
        "1E-400",
        "1.2345678901e-320",
        "9007199254740994e5",
        "9" * MOST_DIGITS,
        "18446744073709551616",
        "123456789012345678901",
        "1.10",
        "-2.50",
        "1e2",
        "1E+2",
        "1e308",
        "0.00001",
        "1.500000000000000000",
    ],
)
def test_every_digit_is_kept(text: str) -> None:
    for body in (text, f'{{"a":[{text}]}}', f'[{{"é":"x","a":{text}}},1.5,"\\u00e9"]'):
        assert encode(decode(body)).decode().count(text) == 1
        assert encode(decode(body)) == encode(decode(body.encode()))
    assert Decimal(repr(decode(text))) == Decimal(text)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    st.sampled_from(("{}", '{{"a": {}, "b": 1}}', '[1, {}, "2.5"]')),
)
@example(Decimal("1E-400"), "{}")
def test_a_number_keeps_its_value(value: Decimal, form: str) -> None:
    assume(abs(value.adjusted()) < 900 and len(value.as_tuple().digits) < 99)
    body = form.format(value)
    assert Decimal(repr(_found(decode(body)))) == value
    assert Decimal(repr(_found(decode(encode(decode(body)))))) == value


def _found(value: Any) -> Any:
    match value:
        case dict():
            return value["a"]
        case list():
            return value[1]
    return value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.floats(
    allow_nan=False, allow_infinity=False), lambda inner: st.lists(inner) | st.dictionaries(
    st.text(), inner), max_leaves=8))  # fmt: skip
def test_what_is_written_reads_back(value: Any) -> None:
    assert decode(encode(value)) == value


def test_plain_numbers_are_plain() -> None:
    texts = ("1.5", "0.1", "-0.0", "10.0", "0.30000000000000004", "5e-324", "1.05")
    assert {type(decode(text)) for text in texts} == {float}
    assert {type(number(text)) for text in texts} == {float}
    assert repr(decode("-0")) == "0"
    uuid = '["0e1d2e55-5e10-4e1d-9e5d-1.50e2","9e9e5e3-1e2-5.10"]'
    assert decode(uuid) == ["0e1d2e55-5e10-4e1d-9e5d-1.50e2", "9e9e5e3-1e2-5.10"]
    assert decode('"1234567890123456789012345678901234567890"').isdecimal()


def test_numbers_of_one_value_are_equal() -> None:
    assert ExactNumber("1.10") == 1.1 == ExactNumber("1.1")
    assert hash(ExactNumber("1.10")) == hash(1.1)
    assert ExactNumber("1e2") == 100
    assert hash(ExactNumber("1e2")) == hash(100)
    assert ExactNumber("0.10000000000000000001") != 0.1
    assert int(ExactNumber("2.00")) == 2


@pytest.mark.parametrize(
    "text",
    ["1e1000000000", "1e-1000000000", "-1e" + "9" * 30, "1e1000", "1e-1001", "9" * 1_001,
     "1" * 10_000, "0." + "1" * 10_000, "1." + "1" * 10_000_000],
)  # fmt: skip
def test_a_number_that_is_too_long_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ApiError) as error:
        decode(f'{{"variables": {{"n": [{text}]}}}}')
    assert error.value.code == "parse-failed"
    assert error.value.message == "a number may have at most 1000 digits"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "[1e400", "[1e400, NaN]", "[-Infinity, 1e400]", '["\\ud800", 1e400]',
     "01", "1.", ".5", "+1", "1e", "0x10", "1_000", "[1e400,]", "{1e400: 1}", '"\t1e400"'],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    for body in (text, text.encode()):
        with pytest.raises(ApiError) as error:
            decode(body)
        assert error.value.code == "invalid-json"


def test_invalid_utf_8_beside_a_long_number_is_refused() -> None:
    for body in (b'["\xff", 1e400]', b'["\xff", ' + LONG.encode() + b"]"):
        with pytest.raises(ApiError) as error:
            decode(body)
        assert error.value.code == "invalid-json"


def test_the_last_of_equal_keys_counts() -> None:
    assert decode('{"a": 1, "a": 2}') == {"a": 2}
    assert (
        encode(decode(f'{{"a": {LONG}, "a": 2, "b": {LONG}}}')).decode() == f'{{"a":2,"b":{LONG}}}'
    )


def test_exact_numbers_are_equal_by_value_alone() -> None:
    one, same, other = (ExactNumber(text) for text in ("1e400", "10e399", "1.1e400"))
    assert one == same
    assert hash(one) == hash(same)
    assert one not in (other, math.inf)
    near = ExactNumber("0.1000000000000000000001")
    assert float(near) == 0.1
    assert near not in (0.1,)
    assert len({near, 0.1, ExactNumber("0.1000000000000000000002")}) == 3


def test_whole_numbers_are_told_exactly() -> None:
    assert ExactNumber("12345678901234567.5").is_integer() is False
    assert ExactNumber("9007199254740993.0").is_integer() is True
    assert int(ExactNumber("9007199254740993.0")) == 9007199254740993


def test_the_slow_writer_writes_what_the_fast_one_writes() -> None:
    value: Any = {"a": [1, 1.5, None, True, "é\n", {}, [], {"b": [[]]}], "": "x"}
    big = encode({"v": value, "n": 2**64})
    assert big == b'{"v":' + orjson.dumps(value) + b',"n":18446744073709551616}'
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert encode(deep) == b"[" * 501 + b"]" * 501
