"""The web console's built files: read once at the start, served from memory by their exact names.

A path is looked up among the names found, never turned into a path of the file system.
"""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from rowgate.http.exchange import RawHeaders

FOLDER = Path(__file__).parent / "console_static"
PREFIX = "/console"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY: RawHeaders = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
_NEVER = (b"cache-control", b"no-cache")


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served: its bytes and all its headers, plain and compressed."""

    content: bytes
    headers: RawHeaders
    packed: bytes
    packed_headers: RawHeaders


def read_files(folder: Path = FOLDER) -> dict[str, File]:
    """The console's files by request path; `/console` and what is no asset is the page itself.

    Empty where the console has not been built.
    """
    files: dict[str, File] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files[f"{PREFIX}/{name}"] = _file(name, path.read_bytes())
    return files


def find(files: dict[str, File], path: str) -> File | None:
    """The file for a request path; the page for every path without a dot, as its router wants."""
    found = files.get(path)
    if found is None and "." not in path and "\\" not in path:
        return files.get(f"{PREFIX}/index.html")
    return found


def _file(name: str, content: bytes) -> File:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        kind += "; charset=utf-8"
    age = _FOR_EVER if name.startswith("assets/") else _NEVER
    headers = [(b"content-type", kind.encode()), (b"vary", b"Accept-Encoding"), age, *_SECURITY]
    packed = gzip.compress(content, 5, mtime=0)
    return File(
        content,
        [*headers, _length(content)],
        packed,
        [*headers, (b"content-encoding", b"gzip"), _length(packed)],
    )


def _length(content: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(content))
