"""Which tables cannot be the federated entities that they are declared to be."""

from collections.abc import Iterable, Iterator

from rowgate.snapshot.types import Inconsistency, Source


def keyless(sources: Iterable[Source]) -> Iterator[Inconsistency]:
    """A warning for every federated table without a primary key, by which a gateway would ask for
    its rows; the table itself is served."""
    for source in sources:
        for table in source.tables.values():
            if table.federated and table.relation.primary_key is None:
                name = f"apollo_federation_config in table {table.name} in source {source.name}"
                reason = "the table has no primary key, so that it is no entity"
                yield Inconsistency("apollo_federation_config", name, reason)
