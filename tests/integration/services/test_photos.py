"""Photos: rows and objects that never part, forms that allow one thing, a queue that lasts."""

import asyncio
import base64
import io
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from actions.calls import Person
from actions.photos import Photos
from actions.storage import Storage
from service.failures import Refusal
from tests.integration.services.conftest import (
    GATEWAY_SECRET,
    ObjectStore,
    Service,
    StartActions,
)


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 20)) -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, kind)
    return written.getvalue()


PNG = picture()


@dataclass
class Bucket:
    """The bucket, looked at past the service."""

    client: Any
    name: str = "photos-of-tests"

    @classmethod
    def of(cls, store: ObjectStore) -> "Bucket":
        """The bucket in that store."""
        return cls(
            boto3.client(
                "s3",
                endpoint_url=store.endpoint,
                aws_access_key_id=store.access_key,
                aws_secret_access_key=store.secret_key,
                region_name="us-east-1",
            )
        )

    def stored(self, prefix: str = "") -> set[str]:
        """Every object's key."""
        try:
            answer = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix)
        except ClientError:
            return set()
        return {item["Key"] for item in answer.get("Contents", [])}


@pytest.fixture(scope="module")
def bucket(object_store: ObjectStore) -> Bucket:
    """The bucket that the services of this module use."""
    return Bucket.of(object_store)


@pytest.fixture
async def actions_service(start_actions: StartActions) -> AsyncIterator[Service]:
    """An actions service with everything well."""
    async with start_actions() as service:
        await eventually(lambda: is_well(service))
        yield service


async def is_well(service: Service) -> bool:
    """Whether its health says so."""
    return (await service.client.get("/healthz")).status_code == 200


async def eventually(true: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until `true()` is, or fail."""
    async with asyncio.timeout(seconds):
        while True:
            answer = true()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await asyncio.sleep(0.05)


@dataclass
class Owner:
    """Somebody with an animal."""

    user_id: UUID
    animal_id: UUID

    @property
    def variables(self) -> dict[str, str]:
        """Their session variables."""
        return {"x-hasura-role": "user", "x-hasura-user-id": str(self.user_id)}


async def new_owner(database: asyncpg.Connection) -> Owner:
    """Somebody new."""
    user = await database.fetchval(
        "insert into identity.users (username, email) values ($1, 'a@b') returning id",
        "owner_" + uuid4().hex[:12],
    )
    store = await database.fetchval("insert into shelter.stores (name) values ('s') returning id")
    animal = await database.fetchval(
        "insert into shelter.animals (name, species, store_id, owner_id)"
        " values ('Rex', 'dog', $1, $2) returning id",
        store,
        user,
    )
    return Owner(user, animal)


@pytest.fixture
async def owner(database: asyncpg.Connection) -> Owner:
    """Somebody with an animal."""
    return await new_owner(database)


async def call(
    service: Service, name: str, arguments: dict[str, Any], variables: dict[str, str]
) -> httpx.Response:
    """Call an action as the engine does."""
    body = {
        "action": {"name": name},
        "input": arguments,
        "session_variables": variables,
        "request_query": "mutation { … }",
    }
    return await service.post(f"/actions/{name}", body, **{"x-actions-secret": GATEWAY_SECRET})


async def upload(service: Service, owner: Owner, content: bytes = PNG) -> httpx.Response:
    """`uploadImage`."""
    text = base64.b64encode(content).decode()
    arguments = {"animal_id": str(owner.animal_id), "image": text}
    return await call(service, "uploadImage", arguments, owner.variables)


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal."""
    code: str = answer.json()["extensions"]["code"]
    return code


async def test_an_uploaded_photo_can_be_fetched_by_everybody(
    actions_service: Service, owner: Owner, bucket: Bucket, database: asyncpg.Connection
) -> None:
    answer = await upload(actions_service, owner)
    assert answer.status_code == 200, answer.text
    photo = answer.json()
    assert (photo["width"], photo["height"], photo["content_type"]) == (32, 20, "image/png")
    fetched = await actions_service.client.get(photo["url"])
    assert fetched.status_code == 200
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert len(fetched.content) == photo["bytes"]
    assert Image.open(io.BytesIO(fetched.content)).size == (32, 20)
    row = await database.fetchrow("select * from shelter.photos where id = $1", photo["id"])
    assert row is not None
    assert row["animal_id"] == owner.animal_id
    assert row["object_key"] in bucket.stored("photos/")
    assert str(owner.animal_id) not in row["object_key"]
    left = await database.fetchval(
        "select count(*) from shelter.deleted_objects where object_key = $1", row["object_key"]
    )
    assert left == 0


async def test_deleting_an_animal_removes_objects_and_urls(
    actions_service: Service, owner: Owner, bucket: Bucket, database: asyncpg.Connection
) -> None:
    urls = [(await upload(actions_service, owner)).json()["url"] for _ in range(3)]
    names = {"photos/" + url.rsplit("/", 1)[1] for url in urls}
    assert names <= bucket.stored()
    await database.execute("delete from shelter.animals where id = $1", owner.animal_id)
    for url in urls:
        assert (await actions_service.client.get(url)).status_code == 404
    await eventually(lambda: not names & bucket.stored(), seconds=3)
    await eventually(lambda: _queue_is_empty(database))


async def _queue_is_empty(database: asyncpg.Connection) -> bool:
    return not await database.fetchval(
        "select count(*) from shelter.deleted_objects where object_key like 'photos/%'"
    )


async def test_only_the_owner_adds_photos(
    actions_service: Service, owner: Owner, database: asyncpg.Connection
) -> None:
    other = await new_owner(database)
    other.animal_id = owner.animal_id
    refused = await upload(actions_service, other)
    assert (refused.status_code, code_of(refused)) == (403, "access-denied")
    arguments = {"animal_id": str(owner.animal_id), "image": "AAAA"}
    for variables in ({}, {"x-hasura-role": "anonymous"}, {"x-hasura-user-id": "nonsense"}):
        answer = await call(actions_service, "uploadImage", arguments, variables)
        assert (answer.status_code, code_of(answer)) == (403, "access-denied")
    nowhere = Owner(owner.user_id, uuid4())
    missing = await upload(actions_service, nowhere)
    assert (missing.status_code, code_of(missing)) == (404, "not-found")
    count = await database.fetchval(
        "select count(*) from shelter.photos where animal_id = $1", owner.animal_id
    )
    assert count == 0


async def test_an_admin_may_without_being_anybody(actions_service: Service, owner: Owner) -> None:
    text = base64.b64encode(PNG).decode()
    arguments = {"animal_id": str(owner.animal_id), "image": text}
    answer = await call(actions_service, "uploadImage", arguments, {"x-hasura-role": "admin"})
    assert answer.status_code == 200


ARGUMENTS: dict[str, dict[str, str]] = {
    "login": {"username": "a", "password": "b"},
    "register": {"username": "a", "password": "b", "email": "c"},
    "refresh": {"refresh_token": "a"},
    "uploadImage": {"animal_id": str(uuid4()), "image": "AAAA"},
    "requestImageUpload": {"animal_id": str(uuid4())},
    "completeImageUpload": {"upload_id": str(uuid4())},
}


@pytest.mark.parametrize("secret", [None, "", "wrong", GATEWAY_SECRET + "x", "ü"])
@pytest.mark.parametrize("name", sorted(ARGUMENTS))
async def test_only_the_engine_calls_actions(
    actions_service: Service, name: str, secret: str | None
) -> None:
    headers = {} if secret is None else {b"x-actions-secret": secret.encode()}
    body = {
        "action": {"name": name},
        "input": ARGUMENTS[name],
        "session_variables": {"x-hasura-role": "admin"},
    }
    path = f"/actions/{name}"
    answer = await actions_service.client.post(path, json=body, headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "access-denied")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"<svg/>", 415),
        (b"GIF89a" + b"\0" * 40, 415),
        (PNG[:40], 422),
        (b"\xff\xd8\xff" + b"<script>" * 10, 422),
    ],
)
async def test_what_is_no_picture_leaves_nothing_behind(
    actions_service: Service,
    owner: Owner,
    bucket: Bucket,
    database: asyncpg.Connection,
    content: bytes,
    status: int,
) -> None:
    before = bucket.stored()
    answer = await upload(actions_service, owner, content)
    assert answer.status_code in (415, status)
    assert set(answer.json()) == {"message", "extensions"}
    assert bucket.stored() <= before
    assert not await database.fetchval(
        "select count(*) from shelter.photos where animal_id = $1", owner.animal_id
    )


async def test_a_file_beyond_the_cap_is_refused(start_actions: StartActions, owner: Owner) -> None:
    async with start_actions(IMAGE_MOST_BYTES="1000", IMAGE_MOST_PIXELS="700") as service:
        assert (await upload(service, owner, b"x" * 1001)).status_code == 413
        assert (await upload(service, owner, b"x" * 200_000)).status_code == 413
        assert (await upload(service, owner, picture(size=(27, 26)))).status_code == 413
        assert (await upload(service, owner, PNG)).status_code == 200


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "%00", "nothing.png", "..", "%ff"])
async def test_no_other_object_is_served(actions_service: Service, name: str) -> None:
    answer = await actions_service.client.get(f"/images/{name}")
    assert answer.status_code == 404


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_without_the_store_there_is_no_row_and_a_clear_error(
    start_actions: StartActions, owner: Owner, database: asyncpg.Connection
) -> None:
    away = f"http://127.0.0.1:{closed_port()}"
    async with start_actions(S3_ENDPOINT_URL=away) as service:
        answer = await upload(service, owner)
        assert (answer.status_code, code_of(answer)) == (424, "storage-unavailable")
        assert "127.0.0.1" not in answer.text
        assert (await service.client.get("/healthz")).status_code == 503
    assert not await database.fetchval(
        "select count(*) from shelter.photos where animal_id = $1", owner.animal_id
    )


async def test_an_object_whose_row_fails_is_deleted(
    actions_service: Service,
    owner: Owner,
    bucket: Bucket,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored: list[str] = []
    put = Storage.put

    async def put_and_lose_the_animal(self: Storage, key: str, content: Any) -> None:
        await put(self, key, content)
        stored.append(key)
        await database.execute("delete from shelter.animals where id = $1", owner.animal_id)

    monkeypatch.setattr(Storage, "put", put_and_lose_the_animal)
    answer = await upload(actions_service, owner)
    assert (answer.status_code, code_of(answer)) == (404, "not-found")
    assert stored
    await eventually(lambda: not set(stored) & bucket.stored())


async def test_an_upload_that_dies_halfway_leaves_an_intention(
    actions_service: Service,
    owner: Owner,
    bucket: Bucket,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored: list[str] = []
    put = Storage.put

    async def put_and_die(self: Storage, key: str, content: Any) -> None:
        await put(self, key, content)
        stored.append(key)
        raise _DiedError

    monkeypatch.setattr(Storage, "put", put_and_die)
    photos: Photos = actions_service.app.state.photos
    text = base64.b64encode(PNG).decode()
    with pytest.raises(_DiedError):
        await photos.upload(owner.animal_id, text, Person(owner.user_id, is_admin=False))
    assert set(stored) <= bucket.stored()
    due = "select not_before > now() from shelter.deleted_objects where object_key = $1"
    assert await database.fetchval(due, stored[0])
    await database.execute(
        "update shelter.deleted_objects set not_before = now() where object_key = $1", stored[0]
    )
    await eventually(lambda: not set(stored) & bucket.stored())


class _DiedError(BaseException):
    """The process ended; nothing was tidied up."""


async def test_a_writer_whose_intention_is_gone_gets_no_row(
    actions_service: Service,
    owner: Owner,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = Storage.put

    async def put_slowly(self: Storage, key: str, content: Any) -> None:
        await put(self, key, content)
        await database.execute("delete from shelter.deleted_objects where object_key = $1", key)

    monkeypatch.setattr(Storage, "put", put_slowly)
    answer = await upload(actions_service, owner)
    assert (answer.status_code, code_of(answer)) == (424, "too-slow")
    assert not await database.fetchval(
        "select count(*) from shelter.photos where animal_id = $1", owner.animal_id
    )


async def test_the_queue_outlives_an_outage_of_the_store(
    start_actions: StartActions, owner: Owner, bucket: Bucket, database: asyncpg.Connection
) -> None:
    async with start_actions() as service:
        url = (await upload(service, owner)).json()["url"]
    key = "photos/" + url.rsplit("/", 1)[1]
    away = f"http://127.0.0.1:{closed_port()}"
    async with start_actions(S3_ENDPOINT_URL=away) as service:
        await database.execute("delete from shelter.animals where id = $1", owner.animal_id)
        sweeper_storage: Storage = service.app.state.photos.storage
        with pytest.raises(Refusal):
            await sweeper_storage.delete(key)
    assert key in bucket.stored()
    async with start_actions():
        await eventually(lambda: key not in bucket.stored())


async def _form(service: Service, owner: Owner) -> dict[str, Any]:
    arguments = {"animal_id": str(owner.animal_id)}
    answer = await call(service, "requestImageUpload", arguments, owner.variables)
    assert answer.status_code == 200, answer.text
    form: dict[str, Any] = answer.json()
    return form


async def _post(form: dict[str, Any], content: bytes, **changed: str) -> int:
    fields = {field["name"]: field["value"] for field in form["fields"]} | changed
    files = {"file": ("../../x.exe", content, "text/html")}
    async with httpx.AsyncClient() as client:
        return (await client.post(form["url"], data=fields, files=files)).status_code


async def _complete(service: Service, owner: Owner, form: dict[str, Any]) -> httpx.Response:
    arguments = {"upload_id": form["upload_id"]}
    return await call(service, "completeImageUpload", arguments, owner.variables)


async def test_a_posted_file_becomes_a_photo_once(
    actions_service: Service, owner: Owner, database: asyncpg.Connection
) -> None:
    form = await _form(actions_service, owner)
    early = await _complete(actions_service, owner, form)
    assert (early.status_code, code_of(early)) == (409, "nothing-uploaded")
    assert await _post(form, picture("JPEG") + b"<script>") in (200, 201, 204)
    raw = next(field["value"] for field in form["fields"] if field["name"] == "key")
    assert (await actions_service.client.get(f"/images/{raw.split('/')[1]}")).status_code == 404
    answers = await asyncio.gather(*(_complete(actions_service, owner, form) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert [answer.status_code for answer in answers].count(200) == 1
    done = next(answer for answer in answers if answer.status_code == 200).json()
    fetched = await actions_service.client.get(done["url"])
    assert fetched.headers["content-type"] == "image/jpeg"
    assert b"script" not in fetched.content
    queued = await database.fetchrow(
        "select not_before > now() as later from shelter.deleted_objects where object_key = $1", raw
    )
    assert queued is not None
    assert queued["later"]


async def test_a_form_allows_one_key_and_one_size(
    start_actions: StartActions, owner: Owner, bucket: Bucket
) -> None:
    async with start_actions(IMAGE_MOST_BYTES="500") as service:
        await eventually(lambda: is_well(service))
        form = await _form(service, owner)
        assert await _post(form, b"x" * 501) in (400, 403)
        assert await _post(form, PNG, key="photos/of-another.png") == 403
        policy = base64.b64encode(json.dumps({"conditions": []}).encode()).decode()
        assert await _post(form, PNG, policy=policy) == 403
        async with httpx.AsyncClient() as client:
            for method in ("PUT", "GET", "DELETE"):
                key = next(field["value"] for field in form["fields"] if field["name"] == "key")
                answer = await client.request(method, f"{form['url']}/{key}")
                assert answer.status_code == 403
        assert await _post(form, PNG) in (200, 201, 204)
        assert "photos/of-another.png" not in bucket.stored()


async def test_a_form_ends(
    start_actions: StartActions, owner: Owner, database: asyncpg.Connection
) -> None:
    async with start_actions(UPLOAD_SECONDS="3") as service:
        await eventually(lambda: is_well(service))
        form = await _form(service, owner)
        assert await _post(form, PNG) in (200, 201, 204)
        await asyncio.sleep(4.2)
        assert await _post(form, PNG) in (400, 403)
        late = await _complete(service, owner, form)
        assert (late.status_code, code_of(late)) == (404, "not-found")
        await eventually(lambda: _is_swept(database, form["upload_id"]))


async def _is_swept(database: asyncpg.Connection, upload_id: str) -> bool:
    return not await database.fetchval(
        "select count(*) from shelter.uploads where id = $1", UUID(upload_id)
    )


async def test_another_users_upload_cannot_be_completed(
    actions_service: Service, owner: Owner, database: asyncpg.Connection
) -> None:
    form = await _form(actions_service, owner)
    assert await _post(form, PNG) in (200, 201, 204)
    thief = await new_owner(database)
    answer = await _complete(actions_service, thief, form)
    assert (answer.status_code, code_of(answer)) == (404, "not-found")
    assert (await _complete(actions_service, owner, form)).status_code == 200


async def test_a_moved_service_moves_the_urls(
    start_actions: StartActions, owner: Owner, database: asyncpg.Connection
) -> None:
    async with start_actions() as service:
        photo = (await upload(service, owner)).json()
    async with start_actions(ACTIONS_PUBLIC_URL="https://pictures.test"):
        await eventually(
            lambda: _starts_with(database, photo["id"], "https://pictures.test/images/")
        )
    url = await database.fetchval("select url from shelter.photos where id = $1", UUID(photo["id"]))
    assert url.rsplit("/", 1)[1] == photo["url"].rsplit("/", 1)[1]


async def _starts_with(database: asyncpg.Connection, photo_id: str, prefix: str) -> bool:
    url = await database.fetchval("select url from shelter.photos where id = $1", UUID(photo_id))
    return bool(url.startswith(prefix))


async def test_a_lost_database_connection_does_not_stop_the_sweeper(
    actions_service: Service, owner: Owner, bucket: Bucket, database: asyncpg.Connection
) -> None:
    url = (await upload(actions_service, owner)).json()["url"]
    key = "photos/" + url.rsplit("/", 1)[1]
    await database.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await database.execute("delete from shelter.animals where id = $1", owner.animal_id)
    await eventually(lambda: key not in bucket.stored())
    await eventually(lambda: is_well(actions_service))
