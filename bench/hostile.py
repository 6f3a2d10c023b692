"""Clients that mean ill beside one that does not: `python -m bench.hostile [name …]`.

For each attack: the latency of another client's small reads while it lasts, and the engine's
memory. The attack and its client are processes of their own, on loopback, bounded in number.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from graphql import get_introspection_query

from bench.__main__ import fill
from bench.measure import memory
from bench.servers import Server, start_engine, with_role
from rowgate.postgres import EmbeddedPostgres

_SECONDS = 6.0
_REST = 4.0
"""Seconds between attacks, in which the engine ends what is left of the last one."""
_MOST_MS = {"all at once": 250.0}
_USUAL_MS = 100.0
_MOST_MB = 300.0
_QUIET = "query ($id: Int!) { track_by_pk(id: $id) { id name } }"
_WHOLE = get_introspection_query(descriptions=False)


def _request(server: Server, body: bytes) -> bytes:
    address = urlsplit(server.url)
    lines = [f"POST {address.path} HTTP/1.1", f"host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in server.headers.items()]
    lines += ["content-type: application/json", f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def _connected(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(server.url)
    return await asyncio.open_connection(address.hostname, address.port)


async def _answered(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    return await reader.readexactly(length)


async def _ask(server: Server, *bodies: object) -> None:
    """Ask for all, one after the other, on one connection."""
    try:
        reader, writer = await _connected(server)
        for body in bodies:
            writer.write(_request(server, json.dumps(body).encode()))
            await _answered(reader)
        writer.close()
    except (OSError, EOFError):
        return


# --- attacks


async def half_open(server: Server) -> None:
    """A thousand connections that send half a head and wait."""

    async def one() -> None:
        try:
            reader, writer = await _connected(server)
            writer.write(b"POST /v1/graphql HTTP/1.1\r\nhost: a\r\nx: ")
            await reader.read()
            writer.close()
        except OSError:
            return

    await asyncio.gather(*(one() for _ in range(1_000)))


def _wide(number: int) -> object:
    fields = " ".join(f"f{number}_{n}: name" for n in range(990))
    return {"query": f"{{ track(limit: 1) {{ {fields} }} }}"}


async def wide(server: Server) -> None:
    """A hundred requests at once for nearly as many fields as there may be, each another."""
    await asyncio.gather(*(_ask(server, _wide(number)) for number in range(100)))


def _batch(number: int) -> object:
    inner = _WHOLE[_WHOLE.index("{") + 1 : _WHOLE.index("fragment")].rstrip().removesuffix("}")
    rest = _WHOLE[_WHOLE.index("fragment") :]
    whole = [
        " ".join(f"a{number}_{at}_{n}: {inner}" for n in range(2)) + "} " + rest
        for at in range(100)
    ]
    return [{"query": "{ " + one} for one in whole]


async def introspection(server: Server) -> None:
    """Twenty batches at once of a hundred operations that each ask for the whole schema twice."""
    await asyncio.gather(*(_ask(server, _batch(number)) for number in range(20)))


async def conditions(server: Server) -> None:
    """Variables that hold more conditions, and more values, than may be."""
    where = "query ($w: track_bool_exp!) { track(where: $w, limit: 1) { id } }"
    many = [
        {"query": where, "variables": {"w": {"_or": [{"id": {"_eq": 1}}] * 300_000}}},
        {"query": where, "variables": {"w": {"_or": [{}] * 300_000}}},
        {"query": where, "variables": {"w": {"id": {"_in": [1] * 500_000}}}},
    ]
    await asyncio.gather(*(_ask(server, *many) for _ in range(4)))


async def heads(server: Server) -> None:
    """Heads of eighty megabytes."""

    async def one() -> None:
        try:
            reader, writer = await _connected(server)
            writer.write(b"POST /v1/graphql HTTP/1.1\r\nhost: a\r\nx: ")
            for _ in range(80):
                writer.write(b"a" * 1_000_000)
                await writer.drain()
            await reader.read()
        except OSError:
            return

    await asyncio.gather(*(one() for _ in range(10)))


async def unread(server: Server) -> None:
    """Sixty clients that ask for megabytes and read nothing."""
    opened = [await _connected(server) for _ in range(60)]
    body = {"query": "{ track { id name composer milliseconds bytes unit_price } }"}
    for reader, writer in opened:
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001
        writer.write(_request(server, json.dumps(body).encode()))
    await asyncio.sleep(_SECONDS)
    for _, writer in opened:
        writer.transport.abort()


async def everything(server: Server) -> None:
    """Half-open connections, wide requests and introspection at once."""
    await asyncio.gather(half_open(server), wide(server), introspection(server))


ATTACKS: dict[str, Callable[[Server], Awaitable[None]]] = {
    "half-open": half_open,
    "wide": wide,
    "introspection": introspection,
    "conditions": conditions,
    "heads": heads,
    "unread": unread,
    "all at once": everything,
}


# --- the other client


async def _quiet(server: Server, seconds: float) -> list[float]:
    """Milliseconds of each of the other client's reads, on five connections, in order of length."""
    taken: list[float] = []

    async def one() -> None:
        reader, writer = await _connected(server)
        ends = time.monotonic() + seconds
        number = 0
        while time.monotonic() < ends:
            number += 1
            body = {"query": _QUIET, "variables": {"id": 1 + number % 100}}
            begun = time.perf_counter()
            writer.write(_request(server, json.dumps(body).encode()))
            answer = await _answered(reader)
            taken.append((time.perf_counter() - begun) * 1000)
            assert b'"data"' in answer, answer
            await asyncio.sleep(0.02)
        writer.close()

    await asyncio.gather(*(one() for _ in range(5)))
    return sorted(taken)


def _against(engine: Server, name: str) -> bool:
    """Run one attack; whether the other client and the memory stay within bounds."""
    asked = with_role(engine)
    told = json.dumps([asked.url, dict(asked.headers)])
    time.sleep(_REST)
    attack = subprocess.Popen([sys.executable, "-m", "bench.hostile", "--attack", name, told])
    try:
        time.sleep(0.3)
        taken = asyncio.run(_quiet(asked, _SECONDS))
        used = memory(engine.process.pid)
    finally:
        attack.kill()
        attack.wait()
    at = {share: taken[int(len(taken) * share)] for share in (0.5, 0.99)}
    most = _MOST_MS.get(name, _USUAL_MS)
    print(
        f"{name:14} {len(taken):5} reads, p50 {at[0.5]:6.1f} ms, p99 {at[0.99]:6.1f} ms "
        f"(at most {most:.0f}), longest {taken[-1]:6.1f} ms, {used:5.0f} MB",
        flush=True,
    )
    return at[0.99] < most and used < _MOST_MB


def main(arguments: Sequence[str]) -> int:
    """Print the figures; 1 where one is beyond its bound."""
    if arguments[:1] == ["--attack"]:
        url, headers = json.loads(arguments[2])
        server = Server("", None, url, headers)  # type: ignore[arg-type]
        asyncio.run(ATTACKS[arguments[1]](server))  # type: ignore[arg-type]
        return 0
    good = True
    with tempfile.TemporaryDirectory(prefix="rowgate-hostile-") as scratch:
        folder = Path(scratch)
        with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
            fill(postgres.url)
            engine = start_engine(postgres.url, folder / "engine.log")
            try:
                asyncio.run(_quiet(with_role(engine), 1.0))
                for name in arguments or ATTACKS:
                    good = _against(engine, name) and good
            finally:
                engine.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
