"""Which file of a metadata directory holds which part of the document, and where includes stand."""

import hashlib
import re
from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.names import PathStep

SOURCES_FILE = "databases/databases.yaml"
ACTIONS_FILE = "actions.yaml"
ACTIONS_TEXT = "actions.graphql"
VERSION_FILE = "version.yaml"
VERSION = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A key of the document that has its own file, and what the file holds when it is empty."""

    key: str
    file: str
    empty: Json


SECTIONS = (
    Section("allowlist", "allow_list.yaml", []),
    Section("api_limits", "api_limits.yaml", {}),
    Section("backend_configs", "backend_configs.yaml", {}),
    Section("cron_triggers", "cron_triggers.yaml", []),
    Section(
        "graphql_schema_introspection",
        "graphql_schema_introspection.yaml",
        {"disabled_for_roles": []},
    ),
    Section("inherited_roles", "inherited_roles.yaml", []),
    Section("metrics_config", "metrics_config.yaml", {}),
    Section("network", "network.yaml", {}),
    Section("opentelemetry", "opentelemetry.yaml", {}),
    Section("query_collections", "query_collections.yaml", []),
    Section("remote_schemas", "remote_schemas.yaml", []),
    Section("rest_endpoints", "rest_endpoints.yaml", []),
)
SPLIT_LISTS = {"tables": "table", "functions": "function"}
"""The lists of a source that have a file an item, and the key that names the item."""

_NEVER = frozenset({"name", "kind", "comment", "description", "code", "root_field_name"})
_SAFE = re.compile(r"[^A-Za-z0-9 _.-]")
_IDENTITIES = (
    *("table", "function", "name", "role", "role_name", "collection"),
    *("root_field_name", "type_name", "value", "column", "host"),
)


def may_include(path: tuple[PathStep, ...]) -> bool:
    """Whether a text at this place of the document may be an include. Only where an object or a
    list belongs, so that no comment, name or SQL can make a file be read."""
    match path:
        case (str(), int()) | (str(), int(), str(), int()):
            return True
        case (str(), int(), str() as key) | (str(), int(), str(), int(), str() as key):
            return key not in _NEVER
        case ("remote_schemas", int(), "permissions", int(), "definition", "schema"):
            return True
        case _:
            return False


def identity(item: Json) -> Json:
    """What an item of a list is known by when it moves; None where nothing tells."""
    if not isinstance(item, dict):
        return item if isinstance(item, str) else None
    for key in _IDENTITIES:
        if key in item:
            return (key, str(qualified(item[key]) if key in SPLIT_LISTS.values() else item[key]))
    return None


def qualified(name: Json) -> tuple[str, str]:
    """Schema and name of a table or function in either of its written forms."""
    if isinstance(name, dict):
        return (str(name.get("schema") or "public"), str(name.get("name")))
    return ("public", str(name))


def file_name(text: str) -> str:
    """A file name for an object of that name: whatever is not plain is written as its code, a
    leading dot or blank too, and a long name is cut and told apart by its hash."""
    safe = _SAFE.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), text)
    if safe[:1] in (".", " "):
        safe = f"%{ord(safe[0]):02x}{safe[1:]}"
    if len(safe) > 120:
        safe = f"{safe[:100]}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return safe or "%"
