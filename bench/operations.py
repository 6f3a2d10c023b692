"""What is asked of every system: each operation in their languages, with the SQL it comes down to.

Apart from the servers because an operation knows no process. The Python peers' schemas are written
by hand, in the engine's names, so one document does for them and the engine.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
TENANT = 1
"""What the bench's role sees; the session variable of its token."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to measure.

    `names` are its variables; `drawn` gives their values for the n-th request. `limit` is the
    ideal statement for pgbench, in which `{and x}` and `{where x}` become the role's filter of the
    table aliased x, or nothing.
    """

    name: str
    engine: str
    postgraphile: str
    limit: str
    names: tuple[str, ...] = ()
    drawn: Callable[[int], Sequence[Json]] = lambda _: ()

    def variables(self, number: int) -> dict[str, Json]:
        """The variables of the n-th request."""
        return dict(zip(self.names, self.drawn(number), strict=True))

    def sql(self, *, filtered: bool) -> str:
        """The ideal statement, with the role's filter or without."""
        added = f"\\1 \\2.tenant_id = {TENANT} " if filtered else " "
        return re.sub(r"\{(and|where) (\w+)\}", added, self.limit).strip()


def _drawn(below: int) -> Callable[[int], Sequence[Json]]:
    """Ids that jump about between 1 and `below`."""
    return lambda number: (1 + number * 7919 % below,)


def _one_row(columns: str, source: str) -> str:
    return f"select row_to_json(r) from (select {columns} from {source}) as r"


def _list(columns: str, source: str) -> str:
    return (
        f"select coalesce(json_agg(row_to_json(r)), '[]') from (select {columns} from {source}) "
        "as r"
    )


def _object(alias: str, members: str) -> str:
    """The object of a row that may not be there, joined under an alias."""
    return f"case when {alias}.id is not null then json_build_object({members}) end"


_TRACK = "t.id, t.name, t.composer, t.milliseconds, t.bytes, t.unit_price"

OPERATIONS = (
    Operation(
        "by primary key",
        "query ($id: Int!) { album_by_pk(id: $id) { id title artist_id } }",
        "query ($id: Int!) { album_by_pk: albumByRowId(rowId: $id) { id: rowId title "
        "artist_id: artistId } }",
        "select json_build_object('id', a.id, 'title', a.title, 'artist_id', a.artist_id) "
        "from album as a where a.id = :id {and a}",
        ("id",),
        _drawn(347),
    ),
    Operation(
        "simple list",
        "query { artist(order_by: {id: asc}, limit: 20) { id name } }",
        "query { artist: allArtists(orderBy: [ROW_ID_ASC], first: 20) { nodes { id: "
        "rowId name } } }",
        _list("a.id, a.name", "artist as a {where a} order by a.id limit 20"),
    ),
    Operation(
        "nested two levels",
        "query ($id: Int!) { artist_by_pk(id: $id) "
        "{ id name albums(order_by: {id: asc}) { id title tracks(order_by: {id: asc}) "
        "{ id name } } } }",
        "query ($id: Int!) { artist_by_pk: artistByRowId(rowId: $id) "
        "{ id: rowId name albums: albumsByArtistId(orderBy: [ROW_ID_ASC]) { nodes { id: "
        "rowId title "
        "tracks: tracksByAlbumId(orderBy: [ROW_ID_ASC]) { nodes { id: rowId name } } } } } }",
        _one_row(
            "a.id, a.name, ("
            + _list(
                "b.id, b.title, ("
                + _list("t.id, t.name", "track as t where t.album_id = b.id {and t} order by t.id")
                + ") as tracks",
                "album as b where b.artist_id = a.id {and b} order by b.id",
            )
            + ") as albums",
            "artist as a where a.id = :id {and a}",
        ),
        ("id",),
        _drawn(275),
    ),
    Operation(
        "filtered with variables",
        "query ($genre: Int!, $longer: Int!) { track(where: {genre_id: {_eq: $genre}, "
        "milliseconds: {_gt: $longer}}, order_by: {id: asc}, limit: 10) { id name milliseconds } }",
        "query ($genre: Int!, $longer: Int!) { track: allTracks(filter: {genreId: {equalTo: "
        "$genre}, milliseconds: {greaterThan: $longer}}, orderBy: [ROW_ID_ASC], first: 10) "
        "{ nodes { id: rowId name milliseconds } } }",
        _list(
            "t.id, t.name, t.milliseconds",
            "track as t where t.genre_id = :genre and t.milliseconds > :longer {and t} "
            "order by t.id limit 10",
        ),
        ("genre", "longer"),
        lambda number: (1 + number * 7919 % 25, 200_000 + number * 31 % 200_000),
    ),
    Operation(
        "aggregate",
        "query ($id: Int!) { track_aggregate(where: {genre_id: {_eq: $id}}) "
        "{ aggregate { count } } }",
        "query ($id: Int!) { track_aggregate: allTracks(condition: {genreId: $id}) "
        "{ count: totalCount } }",
        "select json_build_object('aggregate', json_build_object('count', count(*))) "
        "from track as t where t.genre_id = :id {and t}",
        ("id",),
        _drawn(25),
    ),
    Operation(
        "several relations, small answer",
        "query ($id: Int!) { invoice_by_pk(id: $id) { id total customer { first_name last_name "
        "support_rep { first_name } } lines(order_by: {id: asc}) { quantity unit_price track "
        "{ name genre { name } album { title artist { name } } } } } }",
        "query ($id: Int!) { invoice_by_pk: invoiceByRowId(rowId: $id) { id: rowId total "
        "customer: customerByCustomerId { first_name: firstName last_name: lastName "
        "support_rep: employeeBySupportRepId { first_name: firstName } } "
        "lines: invoiceLinesByInvoiceId(orderBy: [ROW_ID_ASC]) { nodes { quantity "
        "unit_price: unitPrice track: trackByTrackId { name genre: genreByGenreId { name } "
        "album: albumByAlbumId { title artist: artistByArtistId { name } } } } } } }",
        _one_row(
            "i.id, i.total, "
            + _object(
                "c",
                "'first_name', c.first_name, 'last_name', c.last_name, 'support_rep', "
                + _object("e", "'first_name', e.first_name"),
            )
            + " as customer, ("
            + _list(
                "l.quantity, l.unit_price, "
                + _object(
                    "t",
                    "'name', t.name, 'genre', "
                    + _object("g", "'name', g.name")
                    + ", 'album', "
                    + _object("b", "'title', b.title, 'artist', " + _object("a", "'name', a.name")),
                )
                + " as track",
                "invoice_line as l left join track as t on t.id = l.track_id {and t} "
                "left join genre as g on g.id = t.genre_id {and g} "
                "left join album as b on b.id = t.album_id {and b} "
                "left join artist as a on a.id = b.artist_id {and a} "
                "where l.invoice_id = i.id {and l} order by l.id",
            )
            + ") as lines",
            "invoice as i left join customer as c on c.id = i.customer_id {and c} "
            "left join employee as e on e.id = c.support_rep_id {and e} "
            "where i.id = :id {and i}",
        ),
        ("id",),
        _drawn(4120),
    ),
    Operation(
        "large nested answer",
        "query { artist(order_by: {id: asc}, limit: 40) { id name albums(order_by: {id: asc}) "
        "{ id title tracks(order_by: {id: asc}) { id name composer milliseconds bytes unit_price "
        "genre { name } } } } }",
        "query { artist: allArtists(orderBy: [ROW_ID_ASC], first: 40) { nodes { id: rowId name "
        "albums: albumsByArtistId(orderBy: [ROW_ID_ASC]) { nodes { id: rowId title "
        "tracks: tracksByAlbumId(orderBy: [ROW_ID_ASC]) { nodes { id: rowId name "
        "composer milliseconds bytes "
        "unit_price: unitPrice genre: genreByGenreId { name } } } } } } } }",
        _list(
            "a.id, a.name, ("
            + _list(
                "b.id, b.title, ("
                + _list(
                    f"{_TRACK}, " + _object("g", "'name', g.name") + " as genre",
                    "track as t left join genre as g on g.id = t.genre_id {and g} "
                    "where t.album_id = b.id {and t} order by t.id",
                )
                + ") as tracks",
                "album as b where b.artist_id = a.id {and b} order by b.id",
            )
            + ") as albums",
            "artist as a {where a} order by a.id limit 40",
        ),
    ),
    Operation(
        "mutation",
        "mutation ($id: Int!, $phone: String!) { update_customer_by_pk(pk_columns: {id: $id}, "
        "_set: {phone: $phone}) { id phone } }",
        "mutation ($id: Int!, $phone: String!) { update_customer_by_pk: "
        "updateCustomerByRowId(input: "
        "{rowId: $id, customerPatch: {phone: $phone}}) { customer { id: rowId phone } } }",
        "update customer as c set phone = :phone where c.id = :id {and c} "
        "returning json_build_object('id', c.id, 'phone', c.phone)",
        ("id", "phone"),
        lambda number: (1 + number * 7919 % 1000, f"+4{number % 10_000_000:07}"),
    ),
)

_ONE_TO_MANY = (
    ("artist", "albums", "album", "artist_id"),
    ("album", "tracks", "track", "album_id"),
    ("invoice", "lines", "invoice_line", "invoice_id"),
)
_MANY_TO_ONE = (
    ("album", "artist", "artist_id"),
    ("track", "genre", "genre_id"),
    ("track", "album", "album_id"),
    ("customer", "support_rep", "support_rep_id"),
    ("invoice", "customer", "customer_id"),
    ("invoice_line", "track", "track_id"),
)
_TABLES = (
    "artist", "album", "genre", "track", "employee", "customer", "invoice", "invoice_line"
)  # fmt: skip
ROLE = "listener"


def metadata(url: str) -> Json:
    """The engine's metadata over the database at `url`: all tables, one role, rows filtered."""
    return {
        "version": 3,
        "sources": [
            {
                "name": "default",
                "kind": "postgres",
                "configuration": {"connection_info": {"database_url": url}},
                "tables": [_table(name) for name in _TABLES],
            }
        ],
    }


def _table(name: str) -> Json:
    own = {"tenant_id": {"_eq": "X-Hasura-Tenant-Id"}}
    seen = {"columns": "*", "filter": own, "allow_aggregations": True}
    changed = {"columns": ["phone"], "filter": own, "check": own}
    return {
        "table": {"schema": "public", "name": name},
        "array_relationships": [
            {
                "name": many,
                "using": {
                    "foreign_key_constraint_on": {
                        "table": {"schema": "public", "name": other},
                        "column": column,
                    }
                },
            }
            for one, many, other, column in _ONE_TO_MANY
            if one == name
        ],
        "object_relationships": [
            {"name": one, "using": {"foreign_key_constraint_on": column}}
            for table, one, column in _MANY_TO_ONE
            if table == name
        ],
        "select_permissions": [{"role": ROLE, "permission": seen}],
        "update_permissions": (
            [{"role": ROLE, "permission": changed}] if name == "customer" else []
        ),
    }


def plain(value: Json) -> Json:
    """An answer without what the systems write differently: connections' `nodes`, a mutation's
    payload, an aggregate's wrapping, and numbers written as text."""
    match value:
        case {"nodes": inner, **rest} if not rest:
            return plain(inner)
        case {"customer": {"id": _, "phone": _, **more} as inner, **rest} if not rest and not more:
            return plain(inner)
        case {"aggregate": inner, **rest} if not rest:
            return plain(inner)
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list():
            return [plain(one) for one in value]
        case str() if re.fullmatch(r"\d+\.\d\d", value):
            return float(value)
    return value
