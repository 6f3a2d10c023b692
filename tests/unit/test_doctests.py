"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import rowgate


def test_every_example_holds() -> None:
    names = [one.name for one in pkgutil.walk_packages(rowgate.__path__, "rowgate.")]
    attempted = 0
    for name in names:
        if name.endswith("__main__"):
            continue
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0, name
        attempted += result.attempted
    assert attempted >= 20
