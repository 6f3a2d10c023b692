"""What is sown, as plain rows; keys are derived from names, and so the same everywhere."""

from uuid import NAMESPACE_URL, UUID, uuid5

Row = dict[str, object]


def key(kind: str, name: str) -> UUID:
    """The primary key of the seeded thing `name` of `kind`, stable across databases.

    >>> key("user", "test_user") == key("user", "test_user")
    True
    """
    return uuid5(NAMESPACE_URL, f"urn:rowgate:seed:{kind}:{name}")


USERNAMES = ("test_user", "alice", "bob")
"""Who can sign in after seeding, all with the same password."""

USERS: tuple[Row, ...] = tuple(
    {"id": key("user", name), "username": name, "email": f"{name}@example.org"}
    for name in USERNAMES
)

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
