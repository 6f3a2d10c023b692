"""What was measured as a table of ratios and a plot; apart because it measures nothing."""

import json
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.measure import Sample

LIMIT = "pgbench"
LIMIT_FILTERED = "pgbench, role's filters"
Key = tuple[str, int, str]
"""Operation, connections, system."""


def middle(samples: Sequence[Sample]) -> Sample:
    """The medians of several measurements of one thing."""
    rows = [asdict(one) for one in samples]
    return Sample(**{name: statistics.median(row[name] for row in rows) for name in rows[0]})


def machine() -> str:
    """What the figures came from, in a line."""
    text = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")),
        platform.machine(),
    )
    cores = text.count("processor\t")
    postgres = subprocess.run(["pgbench", "--version"], capture_output=True, text=True, check=True)
    return (
        f"{cores} virtual cores ({model}), Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, Postgres {postgres.stdout.split()[2]}"
    )


def table(results: Mapping[Key, Sample], connections: int, systems: Sequence[str]) -> str:
    """Requests a second at one number of connections; in brackets the share of the limit (for the
    role: of the limit with the role's filters) and the multiple of PostGraphile."""
    lines = [
        "| operation | " + " | ".join(systems) + " |",
        "|---" * (len(systems) + 1) + "|",
    ]
    for operation in _operations(results):
        cells = [_rate(results, (operation, connections, system)) for system in systems]
        lines.append(f"| {operation} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _rate(results: Mapping[Key, Sample], key: Key) -> str:
    operation, connections, system = key
    sample = results.get(key)
    if sample is None or not sample.rate:
        return "–"
    if system in (LIMIT, LIMIT_FILTERED):
        return f"{sample.rate:,.0f}"
    ratios = []
    limit = results.get((operation, connections, LIMIT_FILTERED if "role" in system else LIMIT))
    if limit is not None:
        ratios.append(f"{sample.rate / limit.rate:.2f}")
    peer = results.get((operation, connections, "PostGraphile"))
    if peer is not None and system != "PostGraphile":
        ratios.append(f"{sample.rate / peer.rate:.1f}×")
    return f"{sample.rate:,.0f} ({', '.join(ratios)})" if ratios else f"{sample.rate:,.0f}"


def details(results: Mapping[Key, Sample], connections: int, systems: Sequence[str]) -> str:
    """Latency p50 / p99 in milliseconds, and microseconds of CPU a request of server + Postgres."""
    lines = [
        "| operation | " + " | ".join(systems) + " |",
        "|---" * (len(systems) + 1) + "|",
    ]
    for operation in _operations(results):
        cells = []
        for system in systems:
            one = results.get((operation, connections, system))
            cells.append(
                "–"
                if one is None
                else f"{one.p50:.2f} / {one.p99:.2f} ms, {one.server_cpu:.0f} + "
                f"{one.postgres_cpu:.0f} µs"
            )
        lines.append(f"| {operation} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def memory(results: Mapping[Key, Sample], systems: Iterable[str]) -> str:
    """The largest resident memory that each server had."""
    lines = ["| system | resident, at most |", "|---|---|"]
    for system in systems:
        found = [one.memory for (_, _, name), one in results.items() if name == system]
        if any(found):
            lines.append(f"| {system} | {max(found):.0f} MB |")
    return "\n".join(lines)


def _operations(results: Mapping[Key, Sample]) -> list[str]:
    return list(dict.fromkeys(operation for operation, _, _ in results))


_COLOURS = ("#9aa5b1", "#cbd2d9", "#1f6feb", "#54aeff", "#d9822b", "#8e7cc3", "#6aa84f")
_BAR, _GAP, _LEFT, _WIDE = 12, 14, 210, 640


def plot(results: Mapping[Key, Sample], connections: int, systems: Sequence[str]) -> str:
    """An SVG of bars: each system's requests a second as a share of the limit's."""
    shown = [one for one in systems if one not in (LIMIT, LIMIT_FILTERED)]
    operations = _operations(results)
    block = _BAR * len(shown) + _GAP
    height = block * len(operations) + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDE + 60}" '
        f'height="{height}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="16" font-size="13">Share of pgbench with the ideal SQL, '
        f"{connections} connections</text>",
    ]
    for at, system in enumerate(shown):
        x = 8 + at * 150
        parts.append(f'<rect x="{x}" y="26" width="10" height="10" fill="{_COLOURS[at + 2]}"/>')
        parts.append(f'<text x="{x + 14}" y="35">{system}</text>')
    for row, operation in enumerate(operations):
        top = 50 + row * block
        parts.append(f'<text x="8" y="{top + block / 2}">{operation}</text>')
        for at, system in enumerate(shown):
            parts += _bar(results, (operation, connections, system), top + at * _BAR, at)
    return "\n".join([*parts, "</svg>\n"])


def _bar(results: Mapping[Key, Sample], key: Key, top: int, colour: int) -> list[str]:
    operation, connections, system = key
    limit = LIMIT_FILTERED if "role" in system else LIMIT
    sample, ideal = results.get(key), results.get((operation, connections, limit))
    if sample is None or ideal is None:
        return []
    share = sample.rate / ideal.rate
    wide = min(share, 1.2) / 1.2 * _WIDE
    return [
        f'<rect x="{_LEFT}" y="{top}" width="{wide:.1f}" height="{_BAR - 2}" '
        f'fill="{_COLOURS[colour + 2]}"/>',
        f'<text x="{_LEFT + wide + 4:.1f}" y="{top + 9}">{share:.2f}</text>',
    ]


def write(folder: Path, results: Mapping[Key, Sample], systems: Sequence[str]) -> Path:
    """The whole report, its plot and the figures themselves in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = sorted({connections for _, connections, _ in results})
    sections = [f"# Requests a second\n\n{machine()}\n"]
    for connections in counts:
        sections.append(f"## {connections} connections\n\n{table(results, connections, systems)}\n")
        sections.append(details(results, connections, systems) + "\n")
        drawn = plot(results, connections, systems)
        (folder / f"share-{connections}.svg").write_text(drawn)
    sections.append(memory(results, systems) + "\n")
    report = folder / "report.md"
    report.write_text("\n".join(sections))
    figures = [
        {"operation": operation, "connections": count, "system": system, **asdict(sample)}
        for (operation, count, system), sample in results.items()
    ]
    (folder / "figures.json").write_text(json.dumps(figures, indent=1))
    return report
