"""The object store: S3 by boto3, called in threads, its failures turned into one refusal."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from actions.picture import Picture
from actions.settings import StorageSettings
from service.failures import busy
from service.logs import say

_T = TypeVar("_T")
_GONE = {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}
_PIECE = 64 * 1024


class MissingError(Exception):
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class Form:
    """A presigned form: `fields` to post to `url` as multipart, the file last, named `file`."""

    url: str
    fields: dict[str, str]


class Storage:
    """One bucket. Every method raises `Refusal` 503 where the store does not do as asked."""

    def __init__(self, settings: StorageSettings) -> None:
        self.bucket = settings.bucket
        self._client = _client(settings, settings.endpoint)
        self._public = _client(settings, settings.public_endpoint)

    async def prepare(self) -> None:
        """Make the bucket where there is none."""
        await _called(self._prepare)

    async def put(self, key: str, picture: Picture) -> None:
        """Store a picture, whole or not at all; a bucket that is gone is made again."""
        try:
            await _called(lambda: self._put(key, picture))
        except MissingError:
            await self.prepare()
            await _called(lambda: self._put(key, picture))

    async def read(self, key: str, most_bytes: int) -> bytes:
        """At most `most_bytes` + 1 bytes of an object. Raises `MissingError`."""
        return await _called(lambda: self._body(key).read(most_bytes + 1))

    async def pieces(self, key: str) -> AsyncIterator[bytes]:
        """The bytes of an object as they come, 64 KiB at a time. Raises `MissingError` at once,
        before the iterator is handed out."""
        return _pieces(await _called(lambda: self._body(key)))

    async def delete(self, key: str) -> None:
        """Delete an object; no error where there is none."""
        await _called(lambda: self._client.delete_object(Bucket=self.bucket, Key=key))

    async def form(self, key: str, most_bytes: int, seconds: int) -> Form:
        """A form that lets its bearer post one object of at most `most_bytes` to `key`."""
        made = await _called(
            lambda: self._public.generate_presigned_post(
                self.bucket,
                key,
                Conditions=[["content-length-range", 1, most_bytes]],
                ExpiresIn=seconds,
            )
        )
        return Form(made["url"], dict(made["fields"]))

    async def answers(self) -> bool:
        """Whether the bucket is there."""
        try:
            await asyncio.to_thread(self._client.head_bucket, Bucket=self.bucket)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _put(self, key: str, picture: Picture) -> None:
        content, content_type = picture.content, picture.content_type
        self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    def _body(self, key: str) -> Any:
        return self._client.get_object(Bucket=self.bucket, Key=key)["Body"]

    def _prepare(self) -> None:
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            self._client.create_bucket(Bucket=self.bucket)


def _client(settings: StorageSettings, endpoint: str) -> Any:
    config = Config(
        signature_version="s3v4",
        connect_timeout=3,
        read_timeout=10,
        retries={"max_attempts": 2},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name=settings.region,
        config=config,
    )


async def _called(work: Callable[[], _T]) -> _T:
    try:
        return await asyncio.to_thread(work)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            raise MissingError from error
        say("storage", "refused", logging.ERROR, code=code)
        raise busy("storage-unavailable", "pictures cannot be stored right now") from error
    except BotoCoreError as error:
        say("storage", "not available", logging.ERROR, reason=type(error).__name__)
        raise busy("storage-unavailable", "pictures cannot be stored right now") from error


async def _pieces(body: Any) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(body.read, _PIECE):
            yield piece
    finally:
        body.close()
