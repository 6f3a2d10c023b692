"""Numbers as texts, where the setting asks for it: of columns, and of every aggregate over them."""

from collections.abc import Iterator

import pytest

from tests.serving import Served, serving, source

SCHEMA = """
create table sale (id int primary key, amount numeric, big bigint, f float8, small int);
insert into sale values (1, 1.10, 10, 1.5, 1), (2, 2.20, 20, 2.5, 2);
"""


@pytest.fixture(scope="module")
def sales(module_database_url: str) -> Iterator[Served]:
    document = source(module_database_url, [{"table": "sale"}])
    options = {"HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "true"}
    with serving(module_database_url, SCHEMA, document, options=options) as served:
        yield served


@pytest.mark.parametrize(
    "function",
    ["avg", "max", "min", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp"],
)
def test_aggregates_of_large_numbers_are_texts(function: str, sales: Served) -> None:
    query = f"{{ sale_aggregate {{ aggregate {{ {function} {{ amount big f small }} }} }} }}"
    (found,) = sales.data(query)["sale_aggregate"]["aggregate"].values()
    assert {name: type(value) for name, value in found.items() if name != "small"} == {
        "amount": str,
        "big": str,
        "f": str,
    }
    assert isinstance(found["small"], int | float)


def test_they_have_all_digits(sales: Served) -> None:
    query = "{ sale_aggregate { aggregate { avg { amount } sum { amount } } } }"
    assert sales.data(query)["sale_aggregate"]["aggregate"] == {
        "avg": {"amount": "1.6500000000000000"},
        "sum": {"amount": "3.30"},
    }
