"""The walk-through "Animals": a GraphQL client from registering to an empty object store."""

import base64
import io
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from PIL import Image

from tests.e2e.conftest import Running

PASSWORD = "correct horse battery"

REGISTER = """
mutation ($username: String!, $password: String!, $email: String!) {
  register(username: $username, password: $password, email: $email) { id username }
}
"""
LOGIN = """
mutation ($username: String!, $password: String!) {
  login(username: $username, password: $password) {
    access_token refresh_token token_type expires_in
  }
}
"""
REFRESH = """
mutation ($token: String!) {
  refresh(refresh_token: $token) { access_token refresh_token }
}
"""
ADD = """
mutation ($animal: shelter_animals_insert_input!) {
  insert_shelter_animals_one(object: $animal) {
    id name species owner_id
    store { id name owner_id }
  }
}
"""
UPLOAD = """
mutation ($animal: uuid!, $image: String!) {
  uploadImage(animal_id: $animal, image: $image) { id url content_type width height }
}
"""
REQUEST = """
mutation ($animal: uuid!) {
  requestImageUpload(animal_id: $animal) { upload_id url fields { name value } expires_at }
}
"""
COMPLETE = """
mutation ($upload: uuid!) { completeImageUpload(upload_id: $upload) { id url content_type } }
"""
LOOK = """
query ($id: uuid!) {
  shelter_animals(where: {id: {_eq: $id}}) {
    name
    store { name address }
    photos(order_by: {created_at: asc}) { url width height }
  }
}
"""
RENAME = """
mutation ($id: uuid!, $name: String!) {
  update_shelter_animals(where: {id: {_eq: $id}}, _set: {name: $name}) { affected_rows }
}
"""
REMOVE = """
mutation ($id: uuid!) { delete_shelter_animals_by_pk(id: $id) { id name } }
"""


def bearer(access_token: str) -> dict[str, str]:
    """The header that a signed-in client sends."""
    return {"authorization": f"Bearer {access_token}"}


def picture(kind: str) -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "orange").save(written, kind)
    return written.getvalue()


def signed_up(run: Running) -> tuple[str, dict[str, str]]:
    """A new user's id and tokens, by GraphQL alone."""
    name = f"walker_{uuid4().hex[:12]}"
    wish = {"username": name, "password": PASSWORD, "email": f"{name}@example.org"}
    registered = run.data(REGISTER, wish)["register"]
    assert registered["username"] == name
    tokens = run.data(LOGIN, {"username": name, "password": PASSWORD})["login"]
    assert tokens["token_type"] == "Bearer"
    assert 0 < tokens["expires_in"] <= 900
    return registered["id"], tokens


def with_animal(run: Running, tokens: dict[str, str]) -> dict[str, Any]:
    """A new animal in a new store of a signed-in user."""
    store = {"data": {"name": "Walkers' Home", "address": "3 Long Road"}}
    animal = {"name": "Biscuit", "species": "dog", "age_years": 3, "store": store}
    added = run.data(ADD, {"animal": animal}, headers=bearer(tokens["access_token"]))
    one: dict[str, Any] = added["insert_shelter_animals_one"]
    return one


def stored(run: Running) -> set[str]:
    """The key of every object in the object store."""
    client = boto3.client(
        "s3",
        endpoint_url=run.objects,
        aws_access_key_id=run.secrets["S3_ACCESS_KEY"],
        aws_secret_access_key=run.secrets["S3_SECRET_KEY"],
        region_name="us-east-1",
    )
    keys: set[str] = set()
    for bucket in client.list_buckets()["Buckets"]:
        listed = client.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        keys |= {item["Key"] for item in listed}
    return keys


def eventually(true: Callable[[], bool]) -> None:
    """Wait until `true()` is, or fail."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not come true in ten seconds"
        time.sleep(0.1)


def key_of(url: str) -> str:
    """The object that a photo's URL stands for."""
    return "photos/" + url.rsplit("/", 1)[1]


def test_the_walk_through(run: Running) -> None:
    user_id, tokens = signed_up(run)
    animal = with_animal(run, tokens)
    assert animal["owner_id"] == animal["store"]["owner_id"] == user_id

    image = base64.b64encode(picture("JPEG")).decode()
    wish = {"animal": animal["id"], "image": image}
    photo = run.data(UPLOAD, wish, headers=bearer(tokens["access_token"]))["uploadImage"]
    assert (photo["width"], photo["height"]) == (60, 40)
    assert key_of(photo["url"]) in stored(run)

    [seen] = run.data(LOOK, {"id": animal["id"]})["shelter_animals"]
    assert seen == {
        "name": "Biscuit",
        "store": {"name": "Walkers' Home", "address": "3 Long Road"},
        "photos": [{"url": photo["url"], "width": 60, "height": 40}],
    }
    fetched = httpx.get(photo["url"])
    assert fetched.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(fetched.content)).size == (60, 40)

    _, other = signed_up(run)
    change = {"id": animal["id"], "name": "Stolen"}
    changed = run.data(RENAME, change, headers=bearer(other["access_token"]))
    assert changed == {"update_shelter_animals": {"affected_rows": 0}}
    removed = run.data(REMOVE, {"id": animal["id"]}, headers=bearer(other["access_token"]))
    assert removed == {"delete_shelter_animals_by_pk": None}
    [seen] = run.data(LOOK, {"id": animal["id"]})["shelter_animals"]
    assert seen["name"] == "Biscuit"

    fresh = run.data(REFRESH, {"token": tokens["refresh_token"]})["refresh"]
    again = run.graphql(REFRESH, {"token": tokens["refresh_token"]})
    assert again["errors"][0]["extensions"]["code"] == "invalid-refresh-token"

    removed = run.data(REMOVE, {"id": animal["id"]}, headers=bearer(fresh["access_token"]))
    assert removed["delete_shelter_animals_by_pk"] == {"id": animal["id"], "name": "Biscuit"}
    assert run.data(LOOK, {"id": animal["id"]}) == {"shelter_animals": []}
    assert httpx.get(photo["url"]).status_code == 404
    eventually(lambda: key_of(photo["url"]) not in stored(run))


def test_a_file_goes_straight_to_the_object_store(run: Running) -> None:
    _, tokens = signed_up(run)
    animal = with_animal(run, tokens)
    mine = bearer(tokens["access_token"])
    form = run.data(REQUEST, {"animal": animal["id"]}, headers=mine)["requestImageUpload"]
    fields = {field["name"]: field["value"] for field in form["fields"]}
    files = {"file": ("biscuit.png", picture("PNG"))}
    posted = httpx.post(form["url"], data=fields, files=files)
    assert posted.status_code in (200, 201, 204), posted.text
    photo = run.data(COMPLETE, {"upload": form["upload_id"]}, headers=mine)["completeImageUpload"]
    [seen] = run.data(LOOK, {"id": animal["id"]})["shelter_animals"]
    assert [one["url"] for one in seen["photos"]] == [photo["url"]]
    assert httpx.get(photo["url"]).headers["content-type"] == "image/png"


def test_nobody_adds_a_photo_to_anothers_animal(run: Running) -> None:
    _, tokens = signed_up(run)
    animal = with_animal(run, tokens)
    _, other = signed_up(run)
    wish = {"animal": animal["id"], "image": base64.b64encode(picture("PNG")).decode()}
    answer = run.graphql(UPLOAD, wish, headers=bearer(other["access_token"]))
    assert answer["errors"][0]["extensions"]["code"] == "access-denied"
    anonymous = run.graphql(UPLOAD, wish)
    assert anonymous["errors"][0]["extensions"]["code"] == "validation-failed"


def test_an_animal_goes_into_ones_own_store_or_everybodys(run: Running) -> None:
    _, tokens = signed_up(run)
    theirs = with_animal(run, tokens)["store"]["id"]
    _, other = signed_up(run)
    intruder = {"name": "Cuckoo", "species": "bird", "store_id": theirs}
    answer = run.graphql(ADD, {"animal": intruder}, headers=bearer(other["access_token"]))
    assert answer["errors"][0]["extensions"]["code"] == "permission-error"
    query = '{ shelter_stores(where: {name: {_eq: "Harbour Shelter"}}) { id } }'
    [harbour] = run.data(query)["shelter_stores"]
    guest = {"name": "Guest", "species": "bird", "store_id": harbour["id"]}
    added = run.data(ADD, {"animal": guest}, headers=bearer(other["access_token"]))
    assert added["insert_shelter_animals_one"]["name"] == "Guest"


@pytest.mark.parametrize(
    "query",
    [
        "mutation { delete_shelter_animals(where: {}) { affected_rows } }",
        'mutation { insert_shelter_stores_one(object: {name: "x"}) { id } }',
        "{ identity_users { username } }",
        "{ shelter_animals { owner_id } }",
        "{ shelter_photos { object_key } }",
    ],
)
def test_anonymous_neither_changes_nor_sees_more(run: Running, query: str) -> None:
    [error] = run.graphql(query)["errors"]
    assert error["extensions"]["code"] == "validation-failed"


def test_not_even_an_admin_reads_hashes_and_tokens(run: Running) -> None:
    secret = {"x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]}
    types = run.data("{ __schema { types { name fields { name } } } }", headers=secret)
    names = {one["name"] for one in types["__schema"]["types"]}
    assert "identity_users" in names
    for hidden in ("passwords", "refresh_tokens", "api_keys", "attempts"):
        assert not [name for name in names if name.startswith(f"identity_{hidden}")]
    fields = {field["name"] for one in types["__schema"]["types"] for field in one["fields"] or ()}
    assert not fields & {"hash", "password_hash", "token_hash", "key_hash"}


def test_a_user_sees_themselves_and_nobody_else(run: Running) -> None:
    user_id, tokens = signed_up(run)
    seen = run.data("{ identity_users { id } }", headers=bearer(tokens["access_token"]))
    assert seen == {"identity_users": [{"id": user_id}]}


def test_seeded_people_sign_in_by_rest_and_by_graphql(run: Running) -> None:
    credentials = {"username": "test_user", "password": run.secrets["SEED_PASSWORD"]}
    rest = httpx.post(f"{run.urls['auth']}/login", json=credentials)
    assert rest.status_code == 200
    for tokens in (rest.json(), run.data(LOGIN, credentials)["login"]):
        mine = run.data("{ identity_users { username } }", headers=bearer(tokens["access_token"]))
        assert mine == {"identity_users": [{"username": "test_user"}]}


def test_an_api_key_becomes_an_access_token(run: Running) -> None:
    user_id, tokens = signed_up(run)
    keys = f"{run.urls['auth']}/api-keys"
    made = httpx.post(keys, json={"name": "ci"}, headers=bearer(tokens["access_token"])).json()
    exchanged = httpx.post(f"{keys}/exchange", json={"api_key": made["api_key"]}).json()
    seen = run.data("{ identity_users { id } }", headers=bearer(exchanged["access_token"]))
    assert seen == {"identity_users": [{"id": user_id}]}


def test_a_hundred_guesses_in_one_request_are_a_hundred(run: Running) -> None:
    name = f"guessed_{uuid4().hex[:12]}"
    wish = {"username": name, "password": PASSWORD, "email": "g@example.org"}
    run.data(REGISTER, wish)
    codes = []
    for at in range(8):
        answer = run.graphql(LOGIN, {"username": name, "password": f"guess {at}"})
        codes.append(answer["errors"][0]["extensions"]["code"])
    assert codes == ["invalid-credentials"] * 5 + ["too-many-attempts"] * 3
    aliases = "".join(
        f'a{at}: login(username: "{name}", password: "{PASSWORD}") {{ access_token }} '
        for at in range(100)
    )
    answer = run.graphql(f"mutation {{ {aliases} }}")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"too-many-attempts"}
