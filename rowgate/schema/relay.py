"""Relay's view of the tables: connections, edges, cursors, `Node`."""

from collections.abc import Mapping

from rowgate.base.naming import type_name
from rowgate.schema.build import Builder
from rowgate.schema.columns import row_arguments
from rowgate.schema.meanings import Part
from rowgate.schema.scalars import BOOLEAN, ID, NON_NEGATIVE_INT, STRING
from rowgate.schema.types import (
    AbstractType,
    Decides,
    Field,
    InputField,
    ListOf,
    NonNull,
    ObjectType,
)
from rowgate.snapshot.types import Table


def node_interface(builder: Builder) -> AbstractType:
    """The interface of everything with a global id."""
    fields = {"id": Field("id", NonNull(ID), Part.NODE, {}, "A globally unique identifier")}
    return builder.once(
        ("node",),
        lambda: AbstractType(
            "Node",
            fields,
            lambda: tuple(builder.row(table) for table in node_tables(builder)),
            "An object with globally unique ID",
        ),
    )


def node_tables(builder: Builder) -> tuple[Table, ...]:
    """The tables whose rows are nodes for the role."""
    return tuple(
        table
        for source in builder.snapshot.sources.values()
        for table in source.tables.values()
        if table.relation.primary_key and builder.readable(table)
    )


def connection_type(builder: Builder, table: Table) -> ObjectType:
    """`tConnection`."""
    naming = builder.naming(table)
    edge = ObjectType(
        type_name(naming, f"{table.graphql_name}Edge"),
        lambda: {
            "cursor": Field("cursor", NonNull(STRING), Part.CURSOR),
            "node": Field("node", NonNull(builder.row(table)), Part.NODE),
        },
    )
    return ObjectType(
        type_name(naming, f"{table.graphql_name}Connection"),
        lambda: {
            "edges": Field("edges", NonNull(ListOf(NonNull(edge))), Part.EDGES),
            "pageInfo": Field("pageInfo", NonNull(_page_info(builder)), Part.PAGE_INFO),
        },
        f'A Relay connection object on "{table.name}"',
    )


def _page_info(builder: Builder) -> ObjectType:
    return builder.once(
        ("page info",),
        lambda: ObjectType(
            "PageInfo",
            lambda: {
                "endCursor": Field("endCursor", NonNull(STRING), Part.END_CURSOR),
                "hasNextPage": Field("hasNextPage", NonNull(BOOLEAN), Part.HAS_NEXT),
                "hasPreviousPage": Field("hasPreviousPage", NonNull(BOOLEAN), Part.HAS_PREVIOUS),
                "startCursor": Field("startCursor", NonNull(STRING), Part.START_CURSOR),
            },
        ),
    )


def connection_arguments(builder: Builder, table: Table) -> Mapping[str, InputField]:
    """The arguments of a connection: those of rows, with cursors for limit and offset."""
    rows = {
        name: item
        for name, item in row_arguments(builder, table).items()
        if item.key not in ("limit", "offset")
    }
    return {
        "after": InputField("after", STRING, "after", Decides.SQL),
        "before": InputField("before", STRING, "before", Decides.SQL),
        **rows,
        "first": InputField("first", NON_NEGATIVE_INT, "first", Decides.SQL),
        "last": InputField("last", NON_NEGATIVE_INT, "last", Decides.SQL),
    }
