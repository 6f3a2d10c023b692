"""The walk-through of a gallery: upload several images at once, find them by text and by likeness,
share one, delete one, and get nothing in that is no picture."""

import io
import random
import struct
import time
import zlib
from typing import Any
from uuid import uuid4

import boto3
import psycopg
import pytest
import requests
from PIL import Image, ImageFilter

from tests.e2e.conftest import Running

Json = Any
FIND = """
query ($text: String!) {
  gallery_search_images(args: {query: $text}) { id title }
}
"""
ALIKE = """
query ($id: uuid!) { gallery_images_by_pk(id: $id) { similar(limit: 5) { id title } } }
"""
SHARE = """
mutation ($id: uuid!, $with: uuid!) {
  update_gallery_images_by_pk(pk_columns: {id: $id}, _set: {access: "shared"}) { id }
  insert_gallery_shares_one(object: {image_id: $id, user_id: $with}) { user_id }
}
"""
OF = "query ($owner: uuid!) { gallery_images(where: {owner_id: {_eq: $owner}}) { id } }"
DELETE = "mutation ($id: uuid!) { delete_gallery_images_by_pk(id: $id) { id } }"


def scenery(seed: int) -> Image.Image:
    """A picture of a few blurred blots, always the same for a seed."""
    made = random.Random(seed)
    blots = bytes(made.randrange(256) for _ in range(6 * 6 * 3))
    small = Image.frombytes("RGB", (6, 6), blots)
    return small.resize((160, 120), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))


def file(image: Image.Image, kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    image.save(written, kind)
    return written.getvalue()


class Visitor:
    """Somebody who has just registered, and speaks HTTP with the front door."""

    def __init__(self, run: Running) -> None:
        self.run, self.front = run, run.urls["front"]
        name, password = f"visitor-{uuid4().hex[:12]}", uuid4().hex
        body = {"username": name, "password": password, "email": f"{name}@example.org"}
        self.id = requests.post(f"{self.front}/register", json=body, timeout=30).json()["id"]
        body = {"username": name, "password": password}
        answer = requests.post(f"{self.front}/login", json=body, timeout=30).json()
        self.bearer = {"Authorization": f"Bearer {answer['access_token']}"}

    def post(self, files: list[tuple[str, bytes, str]], **fields: Json) -> requests.Response:
        parts = [("files", one) for one in files]
        url = f"{self.front}/images"
        return requests.post(url, files=parts, data=fields, headers=self.bearer, timeout=60)

    def ask(self, query: str, **variables: Json) -> Json:
        body = {"query": query, "variables": variables}
        url = f"{self.front}/graphql"
        return requests.post(url, json=body, headers=self.bearer, timeout=30).json()

    def data(self, query: str, **variables: Json) -> Json:
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def found(self, text: str) -> list[str]:
        return [one["title"] for one in self.data(FIND, text=text)["gallery_search_images"]]

    def alike(self, image_id: str) -> list[str]:
        row = self.data(ALIKE, id=image_id)["gallery_images_by_pk"]
        return [one["title"] for one in row["similar"]]

    def get(self, image_id: str) -> requests.Response:
        url = f"{self.front}/images/{image_id}/content"
        return requests.get(url, headers=self.bearer, timeout=30)


@pytest.fixture
def ann(run: Running) -> Visitor:
    return Visitor(run)


@pytest.fixture
def bob(run: Running) -> Visitor:
    return Visitor(run)


class Objects:
    """The object store, looked at past the services."""

    def __init__(self, run: Running) -> None:
        self.client = boto3.client(
            "s3",
            endpoint_url=run.objects,
            aws_access_key_id=run.secrets["S3_ACCESS_KEY"],
            aws_secret_access_key=run.secrets["S3_SECRET_KEY"],
            region_name="us-east-1",
        )

    def stored(self) -> set[str]:
        answer = self.client.list_objects_v2(Bucket="images", Prefix="gallery/")
        return {item["Key"] for item in answer.get("Contents", [])}


def object_key(run: Running, image_id: str) -> str:
    with psycopg.connect(run.database_url) as connection:
        query = "select object_key from gallery.images where id = %s"
        row = connection.execute(query, (image_id,)).fetchone()
        assert row is not None
        return str(row[0])


def within_seconds(is_so: Any) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def test_the_walk_through(run: Running, ann: Visitor, bob: Visitor) -> None:
    word = f"w{uuid4().hex}"
    answer = ann.post(
        [
            ("../a.png", file(scenery(1)), "image/png"),
            ("b.jpg", file(scenery(2), "JPEG"), "image/jpeg"),
            ("c.webp", file(scenery(1), "WEBP"), "image/webp"),
        ],
        title=["Harbour", "Forest", "Harbour at home"],
        description=f"of the test {word}",
        tags=["sea, boats", "trees", "sea"],
        access=["public", "public", "private"],
    )
    assert answer.status_code == 201, answer.text
    harbour, forest, home = answer.json()["images"]
    assert harbour["tags"] == ["sea", "boats"]
    assert [one["content_type"] for one in (harbour, forest, home)] == [
        "image/png",
        "image/jpeg",
        "image/webp",
    ]
    assert requests.get(harbour["url"], timeout=30).headers["content-type"] == "image/png"

    assert sorted(bob.found(word)) == ["Forest", "Harbour"]
    assert bob.found(f"{word} boat") == ["Harbour"]
    assert sorted(ann.found(word)) == ["Forest", "Harbour", "Harbour at home"]
    mine = bob.post([("q.jpg", file(scenery(1), "JPEG"), "")], title="mine").json()["images"][0]
    assert bob.alike(mine["id"])[0] == "Harbour"
    assert "Harbour at home" not in bob.alike(mine["id"])
    assert bob.get(home["id"]).status_code == 404
    assert bob.data(ALIKE, id=home["id"])["gallery_images_by_pk"] is None

    refused = bob.ask(SHARE, id=home["id"], **{"with": bob.id})
    assert refused["errors"][0]["extensions"]["code"] == "permission-error"
    ann.data(SHARE, id=home["id"], **{"with": bob.id})
    assert sorted(bob.found(word)) == ["Forest", "Harbour", "Harbour at home"]
    assert set(bob.alike(mine["id"])[:2]) == {"Harbour", "Harbour at home"}
    assert bob.get(home["id"]).headers["content-type"] == "image/webp"
    assert requests.get(home["url"], timeout=30).status_code == 404

    key, objects = object_key(run, harbour["id"]), Objects(run)
    assert key in objects.stored()
    assert bob.data(DELETE, id=harbour["id"])["delete_gallery_images_by_pk"] is None
    assert ann.data(DELETE, id=harbour["id"])["delete_gallery_images_by_pk"]
    assert requests.get(harbour["url"], timeout=30).status_code == 404
    within_seconds(lambda: key not in objects.stored())


GOOD = file(scenery(3))
UNSHARE = """
mutation ($id: uuid!, $with: uuid!) {
  delete_gallery_shares_by_pk(image_id: $id, user_id: $with) { user_id }
}
"""
SET_ACCESS = """
mutation ($id: uuid!, $access: String!) {
  update_gallery_images_by_pk(pk_columns: {id: $id}, _set: {access: $access}) { access }
}
"""


def test_what_is_shared_can_be_taken_back(run: Running, ann: Visitor, bob: Visitor) -> None:
    files = [("a.png", GOOD, "image/png")]
    image = ann.post(files, title="ours").json()["images"][0]["id"]
    pair = {"id": image, "with": bob.id}
    ann.data(SHARE, **pair)
    assert bob.get(image).status_code == 200
    assert Visitor(run).get(image).status_code == 404
    ann.data(SET_ACCESS, id=image, access="private")
    assert bob.get(image).status_code == 404
    ann.data(SET_ACCESS, id=image, access="shared")
    assert bob.data(UNSHARE, **pair)["delete_gallery_shares_by_pk"] is None
    assert bob.get(image).status_code == 200
    assert ann.data(UNSHARE, **pair)["delete_gallery_shares_by_pk"]
    assert bob.get(image).status_code == 404


def test_anybody_sees_what_is_public(run: Running, ann: Visitor) -> None:
    word = f"w{uuid4().hex}"
    files = [(f"{name}.png", GOOD, "image/png") for name in "abc"]
    access = ["public", "private", "shared"]
    ann.post(files, title=access, description=word, access=access)
    url = f"{run.urls['front']}/graphql"
    query = {"query": FIND, "variables": {"text": word}}
    found = requests.post(url, json=query, timeout=30).json()["data"]["gallery_search_images"]
    assert [one["title"] for one in found] == ["public"]
    listed = f'{{ gallery_images(where: {{description: {{_eq: "{word}"}}}}) {{ title path }} }}'
    [image] = requests.post(url, json={"query": listed}, timeout=30).json()["data"][
        "gallery_images"
    ]
    answer = requests.get(run.urls["front"] + image["path"], timeout=30)
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")
    for column in ("owner_id", "object_key", "descriptor", "search"):
        refused = {"query": f"{{ gallery_images {{ {column} }} }}"}
        answer = requests.post(url, json=refused, timeout=30)
        assert answer.json()["errors"][0]["extensions"]["code"] == "validation-failed"


def test_a_request_may_be_larger_than_one_image(ann: Visitor) -> None:
    noise = [
        Image.frombytes("RGB", (1400, 1400), random.Random(n).randbytes(5_880_000)) for n in (1, 2)
    ]
    files = [("a.png", file(one), "image/png") for one in noise]
    assert sum(len(content) for _, content, _ in files) > 11_500_000
    answer = ann.post(files, title=["one", "two"])
    assert answer.status_code == 201, answer.text
    assert [one["width"] for one in answer.json()["images"]] == [1400, 1400]


def bomb() -> bytes:
    """A PNG of 50 000 by 50 000 pixels, in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


PAGE = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
GIF = file(scenery(3), "GIF")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (GOOD + PAGE, "image/png", 422, "broken-image"),
        (file(scenery(3), "JPEG") + PAGE, "image/jpeg", 422, "broken-image"),
        (file(scenery(3), "WEBP") + PAGE, "image/webp", 422, "broken-image"),
        (GIF.replace(b"GIF89a", b"GIF89a/*") + b"*/=1;", "image/gif", 415, "unsupported-image"),
        (bomb(), "image/png", 413, "image-too-large"),
        (GOOD, "image/jpeg", 415, "content-type-mismatch"),
        (GOOD, "text/html", 415, "content-type-mismatch"),
        (SVG, "image/svg+xml", 415, "unsupported-image"),
        (SVG, "image/png", 415, "unsupported-image"),
        (b"", "image/png", 422, "broken-image"),
        (GOOD[:100], "image/png", 422, "broken-image"),
        (bytes(8 * 1024 * 1024 + 1), "image/png", 413, "image-too-large"),
    ],
)
def test_what_is_no_picture_leaves_nothing_behind(
    run: Running, ann: Visitor, content: bytes, content_type: str, status: int, code: str
) -> None:
    objects = Objects(run)
    before = objects.stored()
    files = [("good.png", GOOD, "image/png"), ("bad.png", content, content_type)]
    answer = ann.post(files, title="x", access="public")
    assert (answer.status_code, answer.json()["extensions"]["code"]) == (status, code)
    assert ann.data(OF, owner=ann.id) == {"gallery_images": []}
    within_seconds(lambda: objects.stored() <= before)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "title: Field required"),
        ({"title": ""}, "title"),
        ({"title": "x", "access": "everybody"}, "access"),
        ({"title": ["x", "y", "z"]}, "title: give it once, or once for each of the 2 files"),
        ({"title": "x", "owner_id": "y"}, "owner_id: no such field"),
        ({"title": "x\0"}, "title"),
        ({"title": "x", "tags": "a\0"}, "tags"),
        ({"title": "x", "tags": ",".join(map(str, range(21)))}, "tags"),
        ({"title": "x", "description": "d" * 5001}, "description"),
    ],
)
def test_fields_that_are_wrong(ann: Visitor, fields: Json, told: str) -> None:
    files = [("a.png", GOOD, "image/png")] * 2
    answer = ann.post(files, **fields)
    assert (answer.status_code, answer.json()["extensions"]["code"]) == (400, "parse-failed")
    assert answer.json()["message"].startswith(told)


def test_counts_and_missing_files(ann: Visitor) -> None:
    many = ann.post([("a.png", GOOD, "image/png")] * 21, title="x")
    assert (many.status_code, many.json()["message"]) == (
        413,
        "a request may have at most 20 images",
    )
    none = requests.post(f"{ann.front}/images", json={"title": "x"}, headers=ann.bearer, timeout=30)
    assert (none.status_code, none.json()["message"]) == (400, "files: at least one file is needed")


def test_only_who_is_signed_in_adds_images(run: Running, ann: Visitor) -> None:
    url, files = f"{run.urls['front']}/images", {"files": ("a.png", GOOD, "image/png")}
    for headers in ({}, {"Authorization": "Bearer x"}, {"X-API-Key": "rgk_wrong"}):
        answer = requests.post(url, files=files, data={"title": "x"}, headers=headers, timeout=30)
        assert answer.status_code == 401, headers
    made = requests.post(
        f"{ann.front}/auth/api-keys", json={"name": "k"}, headers=ann.bearer, timeout=30
    )
    headers = {"X-API-Key": made.json()["api_key"]}
    answer = requests.post(url, files=files, data={"title": "x"}, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text


def test_another_users_image_is_left_alone(ann: Visitor, bob: Visitor) -> None:
    files = [("a.png", GOOD, "image/png")]
    image = ann.post(files, title="mine", access="public").json()["images"][0]["id"]
    change = """
    mutation ($id: uuid!, $set: gallery_images_set_input!) {
      update_gallery_images_by_pk(pk_columns: {id: $id}, _set: $set) { title tags access }
    }
    """
    new = {"title": "new", "tags": "{sea}", "access": "private"}
    assert bob.data(change, id=image, set=new)["update_gallery_images_by_pk"] is None
    assert ann.data(change, id=image, set=new)["update_gallery_images_by_pk"]["title"] == "new"
    assert bob.get(image).status_code == 404
    hidden = ann.ask(change, id=image, set={"object_key": "x"})
    assert hidden["errors"][0]["extensions"]["code"] == "validation-failed"
    wrong = ann.ask(change, id=image, set={"access": "everybody"})
    assert wrong["errors"][0]["extensions"]["code"] == "permission-error"
