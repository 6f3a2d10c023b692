"""One measurement: a system under load for some seconds, its rate, latencies, CPU and memory."""

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.install import wrk
from bench.operations import Operation
from bench.servers import Server

_TICK = os.sysconf("SC_CLK_TCK")
_BODIES = 200
_WRK_SCRIPT = """
local bodies = {{ {bodies} }}
local number = 0
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["accept"] = "application/json"
{headers}
local ready = {{}}
init = function(_)
  for at, body in ipairs(bodies) do ready[at] = wrk.format(nil, nil, nil, body) end
end
request = function()
  number = number % #ready + 1
  return ready[number]
end
done = function(summary, latency, _)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
  io.write(string.format('RESULT {{"requests":%d,"micros":%d,"failed":%d,"p50":%f,"p99":%f}}',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measurement gave: requests a second, latencies in milliseconds, CPU in microseconds
    a request, memory in megabytes (0 for the limit, which has no server)."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float
    memory: float


def cpu_seconds(root: int) -> float:
    """CPU time of a process and all below it, ended children included."""
    return sum(_cpu(one) for one in family(root))


def memory(root: int) -> float:
    """Resident megabytes of a process and all below it."""
    return sum(_resident(one) for one in family(root))


def family(root: int) -> list[int]:
    """A process and all below it."""
    found = [root]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _cpu(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(one) for one in fields[11:15]) / _TICK


def _resident(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """How hard and how long: connections, seconds, the postmaster's process, a scratch folder."""

    connections: int
    seconds: float
    postmaster: int
    folder: Path


def load_server(server: Server, operation: Operation, load: Load) -> Sample:
    """A server under wrk, after a short warming; a rate of 0 where it gave no answer in ten times
    the time. Raises `RuntimeError` where requests failed."""
    script = load.folder / "wrk.lua"
    script.write_text(_script(server, operation))
    _wrk(script, server.url, load.connections, 0.3)
    found, spent = _watched(server, script, load, load.seconds)
    if not found["requests"]:  # slower than one answer in that time
        found, spent = _watched(server, script, load, 10 * load.seconds)
    requests = found["requests"]
    if found["failed"]:
        raise RuntimeError(f"{server.name}: {operation.name}: {found}")
    if not requests:
        return Sample(0, 0, 0, 0, 0, memory(server.process.pid))
    return Sample(
        requests / (found["micros"] / 1e6),
        found["p50"] / 1000,
        found["p99"] / 1000,
        spent[0] * 1e6 / requests,
        spent[1] * 1e6 / requests,
        memory(server.process.pid),
    )


def _watched(
    server: Server, script: Path, load: Load, seconds: float
) -> tuple[Mapping[str, float], tuple[float, float]]:
    """What wrk told, and the CPU seconds of server and Postgres meanwhile."""
    before = cpu_seconds(server.process.pid), cpu_seconds(load.postmaster)
    found = _wrk(script, server.url, load.connections, seconds)
    after = cpu_seconds(server.process.pid), cpu_seconds(load.postmaster)
    return found, (after[0] - before[0], after[1] - before[1])


def _script(server: Server, operation: Operation) -> str:
    text = server.text(operation)
    bodies = ", ".join(
        json.dumps(json.dumps({"query": text, "variables": operation.variables(number)}))
        for number in range(_BODIES if operation.names else 1)
    )
    headers = "\n".join(f'wrk.headers["{key}"] = "{one}"' for key, one in server.headers.items())
    return _WRK_SCRIPT.format(bodies=bodies, headers=headers)


def _wrk(script: Path, url: str, connections: int, seconds: float) -> Mapping[str, float]:
    """wrk counts whole seconds, so that it is told to end by SIGINT."""
    command, environment = wrk()
    command += ["-t1", f"-c{connections}", "-d600s", "-s", str(script), url]
    with subprocess.Popen(
        ["timeout", "-s", "INT", f"{seconds}s", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
    ) as process:
        output = process.communicate()[0].decode()
    found = re.search(r"RESULT (\{.*\})", output)
    if not found:
        raise RuntimeError(f"wrk said: {output}")
    answer: Mapping[str, float] = json.loads(found[1])
    return answer


def load_limit(url: str, operation: Operation, load: Load, *, filtered: bool) -> Sample:
    """The ideal statement under pgbench, prepared; raises `RuntimeError` where it failed."""
    script = load.folder / "pgbench.sql"
    script.write_text(_draws(operation) + operation.sql(filtered=filtered) + ";\n")
    for old in load.folder.glob("latency.*"):
        old.unlink()
    before = cpu_seconds(load.postmaster)
    command = ["pgbench", "-n", "-M", "prepared", "-c", str(load.connections), "-j", "1"]
    command += ["-T", str(max(1, round(load.seconds))), "-f", str(script)]
    command += ["-l", "--sampling-rate=0.1", f"--log-prefix={load.folder}/latency", url]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", ran.stdout)
    counted = re.search(r"actually processed: (\d+)", ran.stdout)
    if ran.returncode or not found or not counted:
        raise RuntimeError(f"pgbench: {operation.name}: {ran.stderr}")
    time.sleep(0.3)  # until the postmaster has counted the sessions that ended
    spent = cpu_seconds(load.postmaster) - before
    latencies = sorted(
        int(line.split()[2]) / 1000
        for one in load.folder.glob("latency.*")
        for line in one.read_text().splitlines()
    ) or [0.0]
    return Sample(
        float(found[1]),
        latencies[len(latencies) // 2],
        latencies[len(latencies) * 99 // 100],
        0.0,
        spent * 1e6 / int(counted[1]),
        0.0,
    )


def _draws(operation: Operation) -> str:
    """pgbench's own draw of each variable, over the range that the operation's first ones span."""
    drawn = [operation.variables(number) for number in range(_BODIES)]
    lines = []
    for name in operation.names:
        values = [one[name] for one in drawn]
        if isinstance(values[0], str):
            lines.append(f"\\set {name} random(10000000, 99999999)\n")
        else:
            lines.append(f"\\set {name} random({min(values)}, {max(values)})\n")
    return "".join(lines)
