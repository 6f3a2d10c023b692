"""What is inserted, as plain rows; keys are derived from names, and so the same everywhere."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

Row = dict[str, object]


def key(kind: str, name: str) -> UUID:
    """The primary key of the seeded thing `name` of `kind`, stable across databases.

    >>> key("user", "test_user") == key("user", "test_user")
    True
    """
    return uuid5(NAMESPACE_URL, f"urn:rowgate:seed:{kind}:{name}")


USERNAMES = ("test_user", "alice", "bob", "therapist", "analyst")
"""Who can sign in after seeding, all with the same password."""


def _user(name: str) -> Row:
    roles = [name, "user"] if name in ("therapist", "analyst") else ["user"]
    return {
        "id": key("user", name),
        "username": name,
        "email": f"{name}@example.org",
        "default_role": roles[0],
        "allowed_roles": roles,
    }


USERS: tuple[Row, ...] = tuple(_user(name) for name in USERNAMES)

STORES: tuple[Row, ...] = (
    {
        "id": key("store", "Harbour Shelter"),
        "name": "Harbour Shelter",
        "address": "1 Quay Street",
        "owner_id": None,
    },
    {
        "id": key("store", "Alice's Rescue"),
        "name": "Alice's Rescue",
        "address": "22 Mill Lane",
        "owner_id": key("user", "alice"),
    },
)


def _animal(name: str, species: str, age_years: int, place: tuple[str, str]) -> Row:
    store, owner = place
    return {
        "id": key("animal", name),
        "name": name,
        "species": species,
        "age_years": age_years,
        "store_id": key("store", store),
        "owner_id": key("user", owner),
    }


ANIMALS: tuple[Row, ...] = (
    _animal("Rex", "dog", 4, ("Harbour Shelter", "test_user")),
    _animal("Misty", "cat", 2, ("Harbour Shelter", "test_user")),
    _animal("Clover", "rabbit", 1, ("Alice's Rescue", "alice")),
    _animal("Shadow", "cat", 11, ("Alice's Rescue", "alice")),
    _animal("Pepper", "parrot", 23, ("Harbour Shelter", "bob")),
)


def _therapist(first_name: str, last_name: str) -> Row:
    return {
        "id": key("therapist", last_name),
        "user_id": key("user", "therapist") if last_name == "Berg" else None,
        "first_name": first_name,
        "last_name": last_name,
    }


THERAPISTS: tuple[Row, ...] = (
    _therapist("Ines", "Abara"),
    _therapist("Jonas", "Berg"),
    _therapist("Kei", "Castell"),
)

THERAPIST_SPECIALISMS: tuple[Row, ...] = tuple(
    {"therapist_id": key("therapist", name), "specialism": specialism}
    for name, specialisms in {
        "Abara": ("ADHD", "CBT"),
        "Berg": ("Addiction", "CBT"),
        "Castell": ("Divorce", "Sexuality"),
    }.items()
    for specialism in specialisms
)


def _appointment(number: int, therapist: str, kind: str, starts_at: datetime) -> Row:
    return {
        "id": key("appointment", str(number)),
        "therapist_id": key("therapist", therapist),
        "type": kind,
        "starts_at": starts_at,
        "duration_minutes": 50,
        "created_by": key("user", "alice"),
    }


APPOINTMENTS: tuple[Row, ...] = (
    _appointment(1, "Abara", "consultation", datetime(2027, 1, 11, 9, tzinfo=UTC)),
    _appointment(2, "Abara", "one-off", datetime(2027, 1, 12, 9, tzinfo=UTC)),
    _appointment(3, "Berg", "consultation", datetime(2027, 1, 12, 10, tzinfo=UTC)),
    _appointment(4, "Castell", "consultation", datetime(2027, 1, 18, 14, tzinfo=UTC)),
)
