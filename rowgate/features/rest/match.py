"""From a call's method and path to the one endpoint it means."""

from collections.abc import Iterable

from rowgate.base.errors import ApiError, NotFound, Unexpected
from rowgate.features.rest.types import Matched, RestCall
from rowgate.snapshot.types import StoredEndpoint


def match(endpoints: Iterable[StoredEndpoint], call: RestCall) -> Matched:
    """The endpoint that `call` means. Raises `NotFound` where no path fits, `ApiError`
    `method-not-allowed` (405) where only other methods do, and `Unexpected` where several fit."""
    fitting = [one for one in endpoints if _fits(one.segments, call.segments)]
    if not fitting:
        raise NotFound("Endpoint not found")
    meant = [one for one in fitting if _takes(one, call.method)]
    if not meant:
        methods = ", ".join(dict.fromkeys(name for one in fitting for name in one.methods))
        text = f"Allowed methods: {methods}"
        raise ApiError(text, code="method-not-allowed", status=405)
    if len(meant) > 1:
        raise Unexpected("Multiple endpoints match request")
    return Matched(meant[0], _values(meant[0].segments, call.segments))


def _takes(endpoint: StoredEndpoint, method: str) -> bool:
    """HEAD is GET without the body, so that it must not change anything."""
    if method == "HEAD":
        return "GET" in endpoint.methods and not endpoint.mutates
    return method in endpoint.methods


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return len(pattern) == len(segments) and all(
        given != "" if wanted.startswith(":") else wanted == given
        for wanted, given in zip(pattern, segments, strict=True)
    )


def _values(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str]:
    return {
        wanted[1:]: given
        for wanted, given in zip(pattern, segments, strict=True)
        if wanted.startswith(":")
    }
