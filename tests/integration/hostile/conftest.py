"""The library, for requests that mean it ill."""

from collections.abc import Iterator

import pytest

from tests.library.opening import open_library
from tests.serving import Served


@pytest.fixture(scope="module")
def library(module_database_url: str) -> Iterator[Served]:
    with open_library(module_database_url) as served:
        yield served
