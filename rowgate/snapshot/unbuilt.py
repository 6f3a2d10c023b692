"""What the metadata may declare and no feature executes yet: kept, checked, and named as such.

These are warnings and not inconsistencies, so that metadata made elsewhere can be applied as it is;
what would be served wrongly, rather than not at all, is an inconsistency where it is resolved.
"""

from collections.abc import Iterable, Iterator, Mapping

from rowgate.base.json import Json
from rowgate.metadata.types import Metadata, SourceDeclaration, TableDeclaration
from rowgate.snapshot.types import Inconsistency


def unbuilt(metadata: Metadata) -> Iterator[Inconsistency]:
    """A warning for every object that is stored and does nothing."""
    for source in metadata.sources:
        yield from _of_source(source)
    yield from _each("remote_schema", metadata.remote_schemas, "its fields are not served")
    yield from _each("cron_trigger", metadata.cron_triggers, "it is not run")
    for declared in metadata.custom_types.objects:
        yield from _each(
            "remote_relationship",
            declared.relationships,
            "its field is not served",
            f" in type {declared.name}",
        )
    yield from _settings(metadata)


def _settings(metadata: Metadata) -> Iterator[Inconsistency]:
    limits, telemetry, network = metadata.api_limits, metadata.opentelemetry, metadata.network
    if limits and not limits.get("disabled"):
        yield _warning("api_limits", "api_limits", "they are not enforced", limits)
    if telemetry and telemetry.get("status") != "disabled":
        yield _warning("opentelemetry", "opentelemetry", "nothing is exported", telemetry)
    if network and network.get("tls_allowlist"):
        reason = "certificates are verified all the same"
        yield _warning("network", "network", reason, network)
    if metadata.metrics_config and any(metadata.metrics_config.values()):
        reason = "nothing is analyzed"
        yield _warning("metrics_config", "metrics_config", reason, metadata.metrics_config)


def _of_source(source: SourceDeclaration) -> Iterator[Inconsistency]:
    within = f" in source {source.name}"
    if source.query_tags and not source.query_tags.get("disabled"):
        yield _warning("query_tags", f"query_tags{within}", "no tags are sent", source.query_tags)
    if source.health_check:
        reason = "the source is not checked"
        yield _warning("health_check", f"health_check{within}", reason, source.health_check)
    for table in source.tables:
        yield from _of_table(table, f" in table {table.name}{within}")


def _of_table(table: TableDeclaration, within: str) -> Iterator[Inconsistency]:
    yield from _each("event_trigger", table.event_triggers, "no event is delivered", within)
    reason = "its field is not served"
    yield from _each("remote_relationship", table.remote_relationships, reason, within)


def _each(
    kind: str, declared: Iterable[Json], reason: str, within: str = ""
) -> Iterator[Inconsistency]:
    for one in declared:
        name = one.get("name", "") if isinstance(one, Mapping) else ""
        yield _warning(kind, f"{kind} {name}{within}", reason, one)


def _warning(kind: str, name: str, reason: str, definition: Json) -> Inconsistency:
    return Inconsistency(kind, name, f"Not supported yet: {reason}", definition)
