"""Every kind of metadata object: read without a problem, written and read back as it was, and the
same to itself."""

import copy
from pathlib import Path
from typing import Any

import pytest

from rowgate.metadata.diff import Verb, diff
from rowgate.metadata.directory import load, located, save
from rowgate.metadata.read import read
from tests.metadata_shapes import SHAPES

EMPTY = {"version": 3, "sources": []}


@pytest.fixture(params=SHAPES)
def document(request: pytest.FixtureRequest) -> Any:
    return copy.deepcopy(SHAPES[request.param])


def test_it_reads_without_a_problem(document: Any) -> None:
    assert read(document).problems == ()


def test_writing_and_reading_is_the_identity(document: Any, tmp_path: Path) -> None:
    save(document, tmp_path)
    assert load(tmp_path) == document


def test_writing_again_changes_no_byte(document: Any, tmp_path: Path) -> None:
    save(document, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    save(load(tmp_path), tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_every_shape_over_every_other(tmp_path: Path) -> None:
    for document in SHAPES.values():
        save(document, tmp_path)
        assert load(tmp_path) == document


def test_every_part_has_a_place(document: Any, tmp_path: Path) -> None:
    save(document, tmp_path)
    again, places = located(tmp_path)
    assert again == document
    for path in paths(document):
        spot = places.spot(path)
        lines = places.lines(spot.file)
        assert 1 <= spot.line <= max(1, len(lines)), path
        if isinstance(path[-1], str) and path[:1] != ("version",) and path in places.places:
            assert places.places[path].line is None or path[-1] in lines[spot.line - 1], path


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    found = [here] if here else []
    for step, inner in pairs:
        found += paths(inner, (*here, step))
    return found


def test_nothing_differs_from_itself(document: Any) -> None:
    assert diff(document, copy.deepcopy(document)) == ()
    assert diff(document, turned(document)) == ()


def turned(value: Any) -> Any:
    """The same with the order of keys turned round everywhere."""
    match value:
        case dict():
            return {key: turned(value[key]) for key in reversed(value)}
        case list():
            return [turned(item) for item in value]
        case _:
            return value


def test_differences_have_a_direction(document: Any) -> None:
    there, back = diff(EMPTY, document), diff(document, EMPTY)
    assert {one.verb for one in there} <= {Verb.ADDED}
    assert {one.verb for one in back} <= {Verb.REMOVED}
    assert [one.place for one in there] == [one.place for one in back]
    assert bool(there) == (document != EMPTY)
