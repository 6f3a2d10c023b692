"""Graphene-SQLAlchemy with sessions in threads: the peer as its documentation shows it."""

import os

import graphene
from graphene_sqlalchemy import SQLAlchemyObjectType
from sqlalchemy import ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

engine = create_engine(
    os.environ["BENCH_DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"),
    pool_size=16,
    max_overflow=0,
)


class Base(DeclarativeBase):
    """Of all tables."""


class ArtistRow(Base):
    """A table."""

    __tablename__ = "artist"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    albums: Mapped[list["AlbumRow"]] = relationship(
        order_by="AlbumRow.id", back_populates="artist", lazy="selectin"
    )


class AlbumRow(Base):
    """A table."""

    __tablename__ = "album"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    artist_id: Mapped[int] = mapped_column(ForeignKey("artist.id"))
    artist: Mapped[ArtistRow] = relationship(back_populates="albums")
    tracks: Mapped[list["TrackRow"]] = relationship(
        order_by="TrackRow.id", back_populates="album", lazy="select"
    )


class GenreRow(Base):
    """A table."""

    __tablename__ = "genre"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class TrackRow(Base):
    """A table."""

    __tablename__ = "track"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    composer: Mapped[str | None]
    milliseconds: Mapped[int]
    bytes: Mapped[int]
    unit_price: Mapped[float]
    album_id: Mapped[int] = mapped_column(ForeignKey("album.id"))
    genre_id: Mapped[int] = mapped_column(ForeignKey("genre.id"))
    album: Mapped[AlbumRow] = relationship(back_populates="tracks")
    genre: Mapped[GenreRow] = relationship()


class EmployeeRow(Base):
    """A table."""

    __tablename__ = "employee"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]


class CustomerRow(Base):
    """A table."""

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    phone: Mapped[str | None]
    support_rep_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    support_rep: Mapped[EmployeeRow] = relationship()


class InvoiceRow(Base):
    """A table."""

    __tablename__ = "invoice"
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[float]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[CustomerRow] = relationship()
    lines: Mapped[list["LineRow"]] = relationship(order_by="LineRow.id")


class LineRow(Base):
    """A table."""

    __tablename__ = "invoice_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[int]
    unit_price: Mapped[float]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"))
    track: Mapped[TrackRow] = relationship()


class Way(graphene.Enum):
    """Upwards; the bench asks for nothing else."""

    asc = "asc"


class Direction(graphene.InputObjectType):
    """The order of a list."""

    id = Way()


def _rows(type_: object) -> graphene.Field:
    return graphene.List(type_, order_by=Direction())


class Artist(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = ArtistRow

    id = graphene.Int()
    albums = _rows(lambda: Album)

    def resolve_albums(self, info, order_by=None):
        """By foreign key."""
        return self.albums


class Album(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = AlbumRow

    id = graphene.Int()
    tracks = _rows(lambda: Track)

    def resolve_tracks(self, info, order_by=None):
        """By foreign key."""
        return self.tracks


class Genre(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = GenreRow


class Track(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = TrackRow

    id = graphene.Int()


class Employee(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = EmployeeRow


class Customer(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = CustomerRow

    id = graphene.Int()


class Line(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = LineRow


class Invoice(SQLAlchemyObjectType):
    """A row."""

    class Meta:
        """Which."""

        model = InvoiceRow

    id = graphene.Int()
    lines = _rows(lambda: Line)

    def resolve_lines(self, info, order_by=None):
        """By foreign key."""
        return self.lines


class IntComparison(graphene.InputObjectType):
    """The comparisons that the bench needs."""

    _eq = graphene.Int()
    _gt = graphene.Int()


class TrackFilter(graphene.InputObjectType):
    """Of tracks."""

    genre_id = IntComparison()
    milliseconds = IntComparison()


class Key(graphene.InputObjectType):
    """A primary key."""

    id = graphene.Int(required=True)


class CustomerPatch(graphene.InputObjectType):
    """What may be changed."""

    phone = graphene.String(required=True)


class Count(graphene.ObjectType):
    """A count."""

    count = graphene.Int()


class TrackAggregate(graphene.ObjectType):
    """Of tracks."""

    aggregate = graphene.Field(Count)


class Query(graphene.ObjectType):
    """The operations' roots."""

    album_by_pk = graphene.Field(Album, id=graphene.Int(required=True))
    artist_by_pk = graphene.Field(Artist, id=graphene.Int(required=True))
    invoice_by_pk = graphene.Field(Invoice, id=graphene.Int(required=True))
    artist = graphene.List(Artist, limit=graphene.Int(required=True), order_by=Direction())
    track = graphene.List(
        Track, where=TrackFilter(), limit=graphene.Int(required=True), order_by=Direction()
    )
    track_aggregate = graphene.Field(TrackAggregate, where=TrackFilter())

    def resolve_album_by_pk(self, info, id):
        """By primary key."""
        return info.context.get(AlbumRow, id)

    def resolve_artist_by_pk(self, info, id):
        """By primary key."""
        return info.context.get(ArtistRow, id)

    def resolve_invoice_by_pk(self, info, id):
        """By primary key."""
        return info.context.get(InvoiceRow, id)

    def resolve_artist(self, info, limit, order_by):
        """The first ones."""
        return info.context.scalars(select(ArtistRow).order_by(ArtistRow.id).limit(limit)).all()

    def resolve_track(self, info, where, limit, order_by):
        """Filtered."""
        return info.context.scalars(
            select(TrackRow)
            .where(TrackRow.genre_id == where.genre_id["_eq"])
            .where(TrackRow.milliseconds > where.milliseconds["_gt"])
            .order_by(TrackRow.id)
            .limit(limit)
        ).all()

    def resolve_track_aggregate(self, info, where):
        """Counted."""
        counted = select(func.count()).where(TrackRow.genre_id == where.genre_id["_eq"])
        return {"aggregate": {"count": info.context.scalar(counted)}}


class UpdateCustomer(graphene.Mutation):
    """By primary key."""

    class Arguments:
        """What is given."""

        pk_columns = Key(required=True)
        _set = CustomerPatch(required=True)

    Output = Customer

    def mutate(self, info, pk_columns, _set):
        """Change one."""
        row = info.context.get(CustomerRow, pk_columns.id)
        row.phone = _set.phone
        info.context.flush()
        return row


class Mutation(graphene.ObjectType):
    """The operations' writing roots."""

    update_customer_by_pk = UpdateCustomer.Field()


schema = graphene.Schema(Query, Mutation, auto_camelcase=False)


def _executed(asked: dict) -> dict:
    with Session(engine) as session:
        result = schema.execute(
            asked["query"], variables=asked.get("variables"), context_value=session
        )
        session.commit()
    failed = [str(one) for one in result.errors or ()]
    return {"errors": failed} if failed else {"data": result.data}


async def answer(request: Request) -> JSONResponse:
    """One request."""
    return JSONResponse(await run_in_threadpool(_executed, await request.json()))


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
