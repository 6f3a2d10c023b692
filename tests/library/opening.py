"""The library: the schema of authors and articles that golden cases and counts run on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.serving import Served, serving, source

FOLDER = Path(__file__).parent
SCHEMA = (FOLDER / "schema.sql").read_text()
ROWS = (FOLDER / "rows.sql").read_text()


def document(url: str) -> Any:
    """The library's metadata over the database at `url`."""
    declared = YAML(typ="safe").load(FOLDER / "metadata.yaml")
    made = source(url, declared["tables"], declared["functions"], declared["inherited_roles"])
    for key in ("logical_models", "native_queries"):
        made["sources"][0][key] = declared[key]
    return made


@contextmanager
def open_library(url: str) -> Iterator[Served]:
    """The library, with its rows, in the empty database at `url`."""
    with serving(url, SCHEMA + ROWS, document(url), enums=("genre",)) as served:
        yield served
