"""Writing the seed rows: insert what is missing, leave alone what is there."""

from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Connection, create_engine, make_url, pool, select
from sqlalchemy.dialects.postgresql import insert

from db.models import (
    Animal,
    Appointment,
    Base,
    Password,
    Store,
    Therapist,
    TherapistSpecialism,
    User,
)
from db.seeds.rows import (
    ANIMALS,
    APPOINTMENTS,
    STORES,
    THERAPIST_SPECIALISMS,
    THERAPISTS,
    USERS,
    Row,
)

HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def sow(database_url: str, password: str) -> None:
    """Make every seed row exist in the migrated database at `database_url`, in one transaction.

    Seeded people sign in with `password` afterwards, also where they were there with another one.
    Raises SQLAlchemy's errors where the database is not reachable or not migrated.
    """
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            _insert(connection, User, USERS)
            for user in USERS:
                _set_password(connection, user["id"], password)
            _insert(connection, Store, STORES)
            _insert(connection, Animal, ANIMALS)
            _insert(connection, Therapist, THERAPISTS)
            _insert(connection, TherapistSpecialism, THERAPIST_SPECIALISMS)
            _insert(connection, Appointment, APPOINTMENTS)
    finally:
        engine.dispose()


def _insert(connection: Connection, model: type[Base], rows: Sequence[Row]) -> None:
    connection.execute(insert(model).values(list(rows)).on_conflict_do_nothing())


def _set_password(connection: Connection, user_id: object, password: str) -> None:
    known = connection.scalar(select(Password.hash).where(Password.user_id == user_id))
    if known is not None and _fits(known, password):
        return
    hashed = HASHER.hash(password)
    connection.execute(
        insert(Password)
        .values(user_id=user_id, hash=hashed)
        .on_conflict_do_update(index_elements=["user_id"], set_={"hash": hashed})
    )


def _fits(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except VerifyMismatchError:
        return False
