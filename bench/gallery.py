"""Searches in the gallery over many images: what they take, the index that answers, and recall.

`python -m bench.gallery` migrates an empty database, fills it with 100,000 images of which one user
may see one in a hundred, and asks the engine as that user and as the admin.
"""

import json
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.servers import Server, engine_environment, post, start_engine
from rowgate.metadata.directory import load
from rowgate.postgres import EmbeddedPostgres
from rowgate.postgres.ports import free_port

_ROOT = Path(__file__).parents[1]
_IMAGES, _SEEN_IN, _WANTED, _ASKED = 100_000, 100, 10, 50
_SPREAD = (400, 160, 160, 90, 80, 90, 60, 50, 50, 60, 110, 40, 40, 110, 40, 40)
"""Standard deviations of a descriptor's numbers: low frequencies vary most."""
_WORDS = [f"word{number}" for number in range(2000)]
_SEER, _CROWD = UUID(int=1), UUID(int=2)
_ALIKE = "query ($id: uuid!) { gallery_images_by_pk(id: $id) { similar(limit: 10) { id } } }"
_TEXT = "query ($text: String!) { gallery_search_images(args: {query: $text}, limit: 10) { id } }"
_USERS = (
    "insert into identity.users (id, username, email) values (%s, 'seer', ''), (%s, 'crowd', '')"
)
_COPY = """
copy gallery.images (
  id, owner_id, object_key, title, access, content_type, width, height, bytes, descriptor
) from stdin
"""
Json = Any


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the data set."""

    id: UUID
    is_seen: bool
    title: str
    descriptor: list[float]


def main() -> int:
    """Measure and print all; 1 where recall is below 0.95 or an index is not used."""
    images = _images()
    with tempfile.TemporaryDirectory(prefix="rowgate-gallery-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            url = _filled(postgres, images)
            server = start_engine(url, folder / "engine.log", declared=_declared(url))
            try:
                rows = [
                    *_measured(
                        server, _as_user(server), images, [one for one in images if one.is_seen]
                    ),
                    *_measured(server, server.headers, images, images),
                ]
            finally:
                server.stop()
    print(
        "| search | visible | recall | median | slowest of 50 | index |\n|---|---|---|---|---|---|"
    )
    for line, _ in rows:
        print(line)
    return 0 if all(is_good for _, is_good in rows) else 1


def _images() -> list[Image]:
    made = random.Random(20)
    return [
        Image(
            UUID(int=made.getrandbits(128), version=4),
            number % _SEEN_IN == 0,
            " ".join(made.choices(_WORDS, k=3)),
            [round(made.gauss(0, spread), 3) for spread in _SPREAD],
        )
        for number in range(_IMAGES)
    ]


def _filled(postgres: EmbeddedPostgres, images: Sequence[Image]) -> str:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create database gallery")
    url = postgres.url_of("gallery")
    migrate = [sys.executable, "-m", "rowgate", "migrate", "up"]
    environment = {**engine_environment(url, free_port()), "DATABASE_URL": url}
    subprocess.run(migrate, cwd=_ROOT, env=environment, capture_output=True, check=True)
    with psycopg.connect(url) as connection:
        connection.execute(_USERS, (_SEER, _CROWD))
        with connection.cursor().copy(_COPY) as copy:
            for image in images:
                owner = _SEER if image.is_seen else _CROWD
                stored = (image.id, owner, str(image.id), image.title, "private")
                copy.write_row((*stored, "image/png", 1, 1, 1, image.descriptor))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze gallery.images")
    return url


def _declared(url: str) -> Json:
    document = load(_ROOT / "metadata")
    for source in document["sources"]:
        source["configuration"]["connection_info"]["database_url"] = url
    return document


def _as_user(server: Server) -> dict[str, str]:
    user = {"x-hasura-role": "user", "x-hasura-user-id": str(_SEER)}
    return {**server.headers, **user}


def _measured(
    server: Server, headers: Mapping[str, str], images: Sequence[Image], visible: Sequence[Image]
) -> list[tuple[str, bool]]:
    share = f"{len(visible) / len(images):.0%}"
    asked = random.Random(7).sample(list(visible), _ASKED)

    def alike(image: Image) -> list[str]:
        found = _data(server, headers, _ALIKE, {"id": str(image.id)})
        return [one["id"] for one in found["gallery_images_by_pk"]["similar"]]

    def matching(image: Image) -> list[str]:
        found = _data(server, headers, _TEXT, {"text": image.title.split()[0]})
        return [one["id"] for one in found["gallery_search_images"]]

    found, seconds = _timed(alike, asked)
    recall = sum(
        len(set(ids) & _nearest(image, visible)) for ids, image in zip(found, asked, strict=True)
    ) / (_WANTED * _ASKED)
    index = "images_descriptor_idx"
    is_used = index in _plan(server, headers, _ALIKE, {"id": str(asked[0].id)})
    lines = [_line("likeness", share, f"{recall:.3f}", seconds, index if is_used else "none")]
    good = [recall >= 0.95 and is_used]
    _, seconds = _timed(matching, asked)
    index = "images_search_idx"
    is_used = index in _plan(server, headers, _TEXT, {"text": asked[0].title.split()[0]})
    lines.append(_line("text", share, "", seconds, index if is_used else "none"))
    return list(zip(lines, [*good, is_used], strict=True))


def _line(what: str, share: str, recall: str, seconds: Sequence[float], index: str) -> str:
    middle, worst = sorted(seconds)[len(seconds) // 2], max(seconds)
    times = f"{middle * 1000:.1f} ms | {worst * 1000:.1f} ms"
    return f"| {what} | {share} | {recall} | {times} | {index} |"


def _timed(
    search: Callable[[Image], list[str]], asked: Sequence[Image]
) -> tuple[list[list[str]], list[float]]:
    found, seconds = [], []
    search(asked[0])
    for image in asked:
        began = time.perf_counter()
        found.append(search(image))
        seconds.append(time.perf_counter() - began)
    return found, seconds


def _nearest(image: Image, visible: Sequence[Image]) -> set[str]:
    others = (one for one in visible if one.id != image.id)
    near = sorted(others, key=lambda one: math.dist(one.descriptor, image.descriptor))
    return {str(one.id) for one in near[:_WANTED]}


def _data(server: Server, headers: Mapping[str, str], query: str, variables: Json) -> Json:
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = post(server.url, body, headers)
    if "errors" in answer:
        raise RuntimeError(str(answer))
    return answer["data"]


def _plan(server: Server, headers: Mapping[str, str], query: str, variables: Json) -> str:
    user = {name: value for name, value in headers.items() if name.startswith("x-hasura-")}
    user.pop("x-hasura-admin-secret")
    args = {"query": {"query": query, "variables": variables}, "user": user}
    answer = post(server.url + "/explain", json.dumps(args).encode(), server.headers)
    return "\n".join("\n".join(field["plan"]) for field in answer)


if __name__ == "__main__":
    sys.exit(main())
