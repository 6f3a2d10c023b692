"""The gallery between row and object: whatever fails or dies in between, nothing is left."""

import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from starlette.datastructures import Headers, UploadFile

from actions.calls import Person
from actions.gallery.images import Gallery
from actions.gallery.intake import Description, Posted
from actions.storage import Storage
from service.failures import Refusal
from tests.integration.services.conftest import ObjectStore, Service, StartActions
from tests.integration.services.test_photos import PNG, Bucket, eventually, is_well, picture

COUNT = "select count(*) from gallery.images where owner_id = $1"


@pytest.fixture(scope="module")
def bucket(object_store: ObjectStore) -> Bucket:
    return Bucket.of(object_store)


@pytest.fixture
async def gallery(start_actions: StartActions) -> AsyncIterator[Gallery]:
    async with start_actions() as service:
        await eventually(lambda: is_well(service))
        yield service.app.state.gallery


@pytest.fixture
async def owner(database: asyncpg.Connection) -> Person:
    add = "insert into identity.users (username, email) values ($1, 'x') returning id"
    name = f"owner-{await database.fetchval('select gen_random_uuid()')}"
    return Person(UUID(str(await database.fetchval(add, name))), is_admin=False)


def file(content: bytes, content_type: str = "image/png") -> Posted:
    headers = Headers({"content-type": content_type})
    said = Description(title="a picture")
    sent = UploadFile(io.BytesIO(content), size=len(content), filename="x", headers=headers)
    return Posted(sent, said)


class _DiedError(Exception):
    """The process ended; nothing was tidied up."""


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were written, in order."""
    keys: list[str] = []
    put = Storage.put

    async def noted(self: Storage, key: str, content: Any) -> None:
        await put(self, key, content)
        keys.append(key)

    monkeypatch.setattr(Storage, "put", noted)
    return keys


async def test_a_deleted_row_takes_its_object_along(
    gallery: Gallery, owner: Person, bucket: Bucket, database: asyncpg.Connection, stored: list[str]
) -> None:
    added = await gallery.add([file(PNG), file(picture("JPEG"), "image/jpeg")], owner)
    assert set(stored) <= bucket.stored()
    await database.execute("delete from gallery.images where id = $1", added[0].id)
    await eventually(lambda: stored[0] not in bucket.stored())
    assert stored[1] in bucket.stored()
    await database.execute("delete from identity.users where id = $1", owner.user_id)
    await eventually(lambda: stored[1] not in bucket.stored())


async def test_a_refused_file_takes_the_others_along(
    gallery: Gallery, owner: Person, bucket: Bucket, database: asyncpg.Connection, stored: list[str]
) -> None:
    with pytest.raises(Refusal) as caught:
        await gallery.add([file(PNG), file(PNG), file(PNG + b"<html>")], owner)
    assert caught.value.status_code == 422
    assert await database.fetchval(COUNT, owner.user_id) == 0
    assert len(stored) == 2
    await eventually(lambda: not set(stored) & bucket.stored())


async def test_a_request_that_dies_leaves_intentions(
    gallery: Gallery,
    owner: Person,
    bucket: Bucket,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    stored: list[str],
) -> None:
    async def die(*_: object) -> None:
        raise _DiedError

    monkeypatch.setattr(type(gallery.rows), "add", die)
    with pytest.raises(_DiedError):
        await gallery.add([file(PNG), file(PNG)], owner)
    assert set(stored) <= bucket.stored()
    due = "update shelter.deleted_objects set not_before = now() where object_key = any ($1)"
    assert await database.execute(due, stored) == "UPDATE 2"
    await eventually(lambda: not set(stored) & bucket.stored())


async def test_images_whose_intentions_are_gone_get_no_rows(
    gallery: Gallery,
    owner: Person,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    bucket: Bucket,
    stored: list[str],
) -> None:
    noted = Storage.put

    async def put_slowly(self: Storage, key: str, content: Any) -> None:
        await noted(self, key, content)
        if len(stored) == 1:
            await database.execute("delete from shelter.deleted_objects where object_key = $1", key)

    monkeypatch.setattr(Storage, "put", put_slowly)
    with pytest.raises(Refusal) as caught:
        await gallery.add([file(PNG), file(PNG)], owner)
    assert (caught.value.status_code, caught.value.code) == (503, "too-slow")
    assert await database.fetchval(COUNT, owner.user_id) == 0
    await eventually(lambda: stored[1] not in bucket.stored())


async def test_a_user_who_is_gone_adds_nothing(
    gallery: Gallery, owner: Person, database: asyncpg.Connection, bucket: Bucket, stored: list[str]
) -> None:
    await database.execute("delete from identity.users where id = $1", owner.user_id)
    with pytest.raises(Refusal) as caught:
        await gallery.add([file(PNG)], owner)
    assert caught.value.status_code == 403
    await eventually(lambda: not set(stored) & bucket.stored())


class _Anybody:
    """Believes every token."""

    def __init__(self, person: Person) -> None:
        self.person = person

    async def by_token(self, _token: str) -> Person:
        return self.person


async def test_uploads_at_once_are_counted(start_actions: StartActions, owner: Person) -> None:
    async with start_actions() as service:
        await eventually(lambda: is_well(service))
        state = service.app.state
        state.bearers = _Anybody(owner)
        assert (await _posted(service, b"")).status_code == 400
        assert state.receiving == 0
        state.receiving = 8
        answer = await _posted(service, PNG)
        assert (answer.status_code, answer.json()["extensions"]["code"]) == (503, "overloaded")
        assert answer.headers["retry-after"] == "1"
        assert state.receiving == 8


async def test_a_body_that_ends_early_is_no_failure(
    start_actions: StartActions, owner: Person
) -> None:
    async with start_actions() as service:
        await eventually(lambda: is_well(service))
        state = service.app.state
        state.bearers = _Anybody(owner)
        headers = [
            (b"authorization", b"Bearer x"),
            (b"content-type", b"multipart/form-data; boundary=b"),
        ]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/images",
            "raw_path": b"/images",
            "query_string": b"",
            "headers": headers,
        }
        arriving = iter(
            [
                {"type": "http.request", "body": b"--b\r\n", "more_body": True},
                {"type": "http.disconnect"},
            ]
        )
        sent: list[Any] = []

        async def receive() -> Any:
            return next(arriving)

        async def send(message: Any) -> None:
            sent.append(message)

        await service.app(scope, receive, send)
        assert sent[0]["status"] == 400
        assert state.receiving == 0


async def test_bodies_have_a_limit_of_their_own(start_actions: StartActions) -> None:
    async with start_actions(GALLERY_MOST_BYTES="1000") as service:
        await eventually(lambda: is_well(service))
        answer = await _posted(service, bytes(2000))
        assert (answer.status_code, answer.json()["extensions"]["code"]) == (
            413,
            "payload-too-large",
        )
        assert (await _posted(service, b"x")).status_code == 401


async def _posted(service: Service, content: bytes) -> Any:
    headers = {"authorization": "Bearer x"} if content != b"x" else {}
    return await service.client.post("/images", files={"files": ("x", content)}, headers=headers)


FILL = """
insert into gallery.images
  (owner_id, object_key, title, access, content_type, width, height, bytes, descriptor)
select $1, 'gallery/many-' || n, 'many', case when n % 100 = 0 then 'public' else 'private' end,
  'image/png', 1, 1, 1, array(select random() * 100 + n * 0 from generate_series(1, 16))
from generate_series(1, 5000) n
"""
ALIKE = """
select s.id from gallery.images i, lateral (
  select * from gallery.similar_images(i) s where s.access = 'public' limit 10
) s
where i.id = $1
"""
EXACT = """
select i.id from gallery.images i, gallery.images one
where one.id = $1 and i.id <> one.id and i.access = 'public'
order by (select sum((a - b) ^ 2) from unnest(i.descriptor, one.descriptor) both_of (a, b)) limit 10
"""


async def test_the_index_of_likeness_is_exact_under_a_filter(
    owner: Person, database: asyncpg.Connection
) -> None:
    """Of so few rows Postgres would rather sort those that pass; so the test forbids it."""
    transaction = database.transaction()
    await transaction.start()
    try:
        await database.execute(FILL, owner.user_id)
        await database.execute("analyze gallery.images")
        asked = await database.fetch("select id from gallery.images limit 20")
        for row in asked:
            exact = await database.fetch(EXACT, row["id"])
            await database.execute("set local enable_seqscan = off; set local enable_sort = off")
            assert await database.fetch(ALIKE, row["id"]) == exact
            assert len(exact) == 10
        plan = await database.fetch("explain " + ALIKE, asked[0]["id"])
        assert "images_descriptor_idx" in "\n".join(line[0] for line in plan)
    finally:
        await transaction.rollback()
